"""How a workload leaves the mesh: its sidecar killed, its sidecar asked to end, the member asked to end; under load."""

import errno
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from mesh import Mesh, admin, can_run_unprivileged, sidecar_of, wait_until

HERE = pathlib.Path(__file__).resolve().parent
PORT = 8000
A_SECOND = 1.0
BOUND = 10.0  # of an orderly end, whatever is under way
NO_RETRIES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: echo}
spec:
  hosts: [echo]
  http: [{route: [{destination: {host: echo}}], retries: {attempts: 0}}]
"""

each_user = pytest.mark.parametrize("as_user", [
    pytest.param(False, id="as this user"),
    pytest.param(True, id="without root", marks=pytest.mark.skipif(
        os.getuid() != 0 or not can_run_unprivileged(), reason="this user is an ordinary one, or none can be had")),
])


@each_user
def test_a_killed_sidecars_workload_leaves_the_endpoints_within_a_second_and_comes_back(as_user):
    with Mesh(as_user=as_user) as mesh:
        member = mesh.bookinfo("reviews", "v1")
        mesh.bookinfo("reviews", "v2")
        mesh.bookinfo("ratings")
        mesh.wait_ready(ratings=1)
        wait_until(lambda: mesh.endpoints("reviews") == 2, "both are endpoints")
        os.kill(member.pid, signal.SIGSTOP)  # the supervisor: no successor can be there before we have looked
        try:
            begin = time.monotonic()
            os.kill(sidecar_of(member), signal.SIGKILL)
            wait_until(lambda: mesh.endpoints("reviews") == 1, "it is no endpoint any more")
            assert time.monotonic() - begin < A_SECOND
            assert "v1" not in mesh.load(200)["versions"], "nobody is sent there"
        finally:
            os.kill(member.pid, signal.SIGCONT)
        wait_until(lambda: mesh.endpoints("reviews") == 2, "it is an endpoint again")
        assert mesh.load(200)["versions"].get("v1"), "it is asked again"


def end_sidecar(member):
    os.kill(sidecar_of(member), signal.SIGTERM)


def end_member(member):
    member.send_signal(signal.SIGTERM)


each_end = pytest.mark.parametrize("end", [end_sidecar, end_member])


def wait_for_load(mesh):
    """Until another thousand requests have been asked of the mesh."""
    [load] = mesh.ready("load")

    def asked():
        lines = admin(load, "/stats/prometheus").splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("istio_requests_total{"))

    enough = asked() + 1000
    wait_until(lambda: asked() >= enough, "a thousand requests more")


@each_end
def test_an_orderly_end_under_load_costs_no_request(end):
    with Mesh() as mesh:
        member = mesh.bookinfo("reviews", "v1")
        mesh.bookinfo("reviews", "v2")
        mesh.bookinfo("ratings")
        mesh.wait_ready(ratings=1)
        wait_until(lambda: mesh.endpoints("reviews") == 2, "both are endpoints")
        load = mesh.start_load(5_000_000)
        mesh.wait_ready(load=1)
        wait_for_load(mesh)
        before = sidecar_of(member)
        begin = time.monotonic()
        end(member)
        if end is end_member:
            assert member.wait(BOUND) in (0, 128 + signal.SIGTERM)
            wait_until(lambda: mesh.endpoints("reviews") == 1, "it is no endpoint any more")
        else:
            wait_until(lambda: sidecar_of(member) not in (None, before), "its successor")
            assert time.monotonic() - begin < BOUND
            wait_until(lambda: mesh.endpoints("reviews") == 2, "it is an endpoint again")
        wait_for_load(mesh)
        load.send_signal(signal.SIGINT)
        tally = mesh.finish_load(load)
        assert tally["failures"] == 0 and tally["requests"] >= 2000, tally


def start_echo(mesh):
    os.mkfifo(f"{mesh.folder}/release")
    os.chmod(f"{mesh.folder}/release", 0o666)
    member = mesh.run("echo", sys.executable, HERE / "echo_server.py", PORT, mesh.folder, ports=[PORT])
    wait_until(lambda: mesh.endpoints("echo") == 1, "it is an endpoint")
    mesh.apply(NO_RETRIES)
    return member


def hold(mesh):
    """A client whose request is under way in the application."""
    url = f"http://echo:{PORT}"
    script = f"until curl -sf -o /dev/null {url}/; do :; done; exec curl -s -o /dev/null -w '%{{http_code}}' {url}/hold"
    client = mesh.run("client", "sh", "-c", script, output=subprocess.PIPE)
    wait_until(pathlib.Path(mesh.folder, "held").exists, "the request is under way")
    return client


def release(mesh):
    def opened():
        try:
            os.close(os.open(f"{mesh.folder}/release", os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            assert error.errno == errno.ENXIO, error
            return False
        return True

    wait_until(opened, "the application waits to be released")


@each_end
@each_user
def test_what_is_under_way_finishes_after_the_workload_has_left(end, as_user):
    with Mesh(as_user=as_user) as mesh:
        member = start_echo(mesh)
        client = hold(mesh)
        end(member)
        wait_until(lambda: mesh.endpoints("echo") == 0, "nobody else is sent there")
        release(mesh)
        assert client.communicate(timeout=BOUND)[0] == "200"


@each_end
def test_what_never_finishes_holds_up_an_end_for_seconds_only(end):
    with Mesh() as mesh:
        member = start_echo(mesh)
        client = hold(mesh)
        before = sidecar_of(member)
        begin = time.monotonic()
        end(member)
        wait_until(lambda: sidecar_of(member) != before, "the sidecar is gone", BOUND)
        assert client.communicate(timeout=BOUND)[0] in ("503", "000"), "it was cut off"
        assert time.monotonic() - begin < BOUND
