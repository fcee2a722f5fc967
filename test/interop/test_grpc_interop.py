"""gRPC's own interoperability cases (grpc-go's client and server) through two proxies with mutual TLS between them."""

import json
import os
import re
import subprocess

import pytest

from interop_programs import CLIENT, LOUD, SERVER, interop_server, needs_programs
from mesh import PATIENCE, Mesh
from proxy_pair import proxy_pair

pytestmark = needs_programs
CASES = [
    "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
    "timeout_on_sleeping_server", "cancel_after_begin", "cancel_after_first_response", "status_code_and_message",
    "special_status_message", "custom_metadata", "unimplemented_method", "unimplemented_service", "rpc_soak",
    "channel_soak", "orca_per_rpc", "orca_oob",
]
NEED_A_CLOUD = {
    "compute_engine_creds", "service_account_creds", "jwt_token_creds", "per_rpc_creds", "oauth2_auth_token",
    "google_default_credentials", "compute_engine_channel_credentials",
}
# grpc-go's own server gives no server id, which this case compares.
NOT_OF_THIS_SERVER = {"pick_first_unary"}
# Left out of the client's own list.
UNLISTED = {"rpc_soak", "channel_soak"}


def arguments(case, host, port):
    words = [f"-server_host={host}", f"-server_port={port}", f"-test_case={case}", "-soak_iterations=50",
             "-soak_num_threads=5", "-soak_overall_timeout_seconds=30"]
    if case.startswith("orca"):
        words.append("-service_config_json=" + json.dumps({"loadBalancingConfig": [{"test_backend_metrics_load_balancer": {}}]}))
    return words


def check_passed(done, case):
    assert done.returncode == 0, f"{case}: {done.stderr}{done.stdout}"
    words = case.replace("_", "") + ("call" if case in ("empty_unary", "large_unary") else "")
    assert re.search(rf"\b{words} done\b", done.stderr, re.IGNORECASE), f"{case} said nothing of its end: {done.stderr}"


@pytest.fixture(name="near", scope="module")
def start_proxies(tmp_path_factory):
    with interop_server() as port, proxy_pair(tmp_path_factory.mktemp("interop"), port) as near:
        yield near


def test_every_case_of_the_client_is_run_or_cannot_be():
    said = subprocess.run([CLIENT, "-help"], capture_output=True, text=True, check=False).stderr
    listed = set(re.findall(r"^\s+(\w+)\s?: ", said, re.MULTILINE))
    assert listed == (set(CASES) - UNLISTED) | NEED_A_CLOUD | NOT_OF_THIS_SERVER


@pytest.mark.parametrize("case", CASES)
def test_passes_through_two_proxies(near, case):
    done = subprocess.run([CLIENT, *arguments(case, "127.0.0.1", near.port)], env={**os.environ, **LOUD},
                          capture_output=True, text=True, timeout=2 * PATIENCE, check=False)
    check_passed(done, case)


@pytest.fixture(name="mesh", scope="module")
def start_mesh():
    with Mesh() as mesh:
        mesh.env.update(LOUD)
        mesh.run("interop", SERVER, "-port=10000", ports=[10000])
        mesh.wait_ready(interop=1)
        yield mesh


@pytest.mark.parametrize("case", CASES)
def test_passes_between_members_of_a_mesh(mesh, case):
    done = mesh.call(CLIENT, *arguments(case, "interop", 10000), check=False)
    check_passed(done, case)
