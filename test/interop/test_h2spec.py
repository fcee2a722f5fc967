"""The conformance tests of RFC 9113 and RFC 7541 that nobody here wrote, against our proxy as the server."""

import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "attack"))

from besieged import Application, Proxy  # noqa: E402: the path above comes first
from interop_programs import PROGRAMS  # noqa: E402

H2SPEC = PROGRAMS / "h2spec"


@pytest.mark.skipif(not H2SPEC.exists(), reason="h2spec is not there: scripts/setup --peers")
@pytest.mark.parametrize(("options", "least"), [((), 145), (("--strict",), 146)])
def test_every_case_of_h2spec_passes(tmp_path, options, least):
    with Application() as application, Proxy(tmp_path, application.port, "codec_type: HTTP2") as proxy:
        done = subprocess.run([H2SPEC, "--port", str(proxy.port), "--timeout", "10", *options],
                              capture_output=True, text=True, timeout=300, check=False)
    count = re.search(r"^(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", done.stdout, re.M)
    assert count, done.stdout + done.stderr
    tests, passed, _, _ = (int(number) for number in count.groups())
    assert passed == tests >= least, done.stdout
    assert done.returncode == 0
