"""The programs of gRPC's own interoperability tests, as scripts/setup --peers builds them."""

import contextlib
import os
import pathlib
import re
import subprocess

import pytest

from mesh import ROOT

PROGRAMS = pathlib.Path(os.environ.get("RIPSTOP_PEERS_DIR", ROOT / "build/peers")) / "bin"
CLIENT, SERVER = PROGRAMS / "grpc-interop-client", PROGRAMS / "grpc-interop-server"
LOUD = {"GRPC_GO_LOG_SEVERITY_LEVEL": "info", "GRPC_GO_LOG_VERBOSITY_LEVEL": "0"}
needs_programs = pytest.mark.skipif(
    not (CLIENT.exists() and SERVER.exists()), reason="gRPC's interop programs are not there: scripts/setup --peers")


@contextlib.contextmanager
def interop_server():
    """Gives the port it listens on."""
    server = subprocess.Popen([SERVER, "-port=0"], env={**os.environ, **LOUD}, stderr=subprocess.PIPE, text=True)
    try:
        port = None
        for line in server.stderr:
            if heard := re.search(r"listening on .*:(\d+)$", line.strip()):
                port = int(heard[1])
                break
        assert port, "the server says where it listens"
        yield port
    finally:
        server.kill()
        server.communicate()
