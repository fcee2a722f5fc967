"""What a mesh survives: the death of its control plane, of an instance, of a sidecar; certificates that last seconds."""

import os
import signal
import time

from mesh import Mesh, sidecar_of, wait_until

RETRY = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
  - route:
    - destination:
        host: reviews
    retries:
      attempts: 3
      retryOn: 5xx,connect-failure,reset
"""


def test_a_killed_control_plane_costs_no_request_and_comes_back_with_its_state():
    with Mesh() as mesh:
        mesh.bookinfo("reviews", "v1")
        mesh.bookinfo("ratings")
        mesh.wait_ready(reviews=1, ratings=1)
        mesh.apply(RETRY)
        load = mesh.start_load(20000)
        mesh.wait_ready(load=1)
        os.kill(mesh.control_pid(), signal.SIGKILL)
        tally = mesh.finish_load(load)
        assert tally["failures"] == 0, tally
        mesh.ripstop("up")
        mesh.wait_ready(reviews=1, ratings=1)
        kept = mesh.ripstop("get", "virtualservice", "--output", "json").stdout
        assert '"reviews"' in kept
        assert mesh.load(200)["failures"] == 0


def test_a_killed_instance_is_hidden_by_a_retry_policy():
    with Mesh() as mesh:
        doomed = mesh.bookinfo("reviews", "v1")
        mesh.bookinfo("reviews", "v2")
        mesh.bookinfo("ratings")
        mesh.wait_ready(reviews=2, ratings=1)
        mesh.apply(RETRY)
        load = mesh.start_load(6000)
        mesh.wait_ready(load=1)
        doomed.send_signal(signal.SIGKILL)
        tally = mesh.finish_load(load)
        assert tally["failures"] == 0, tally


def test_a_killed_sidecar_leaves_the_mesh_at_once_and_comes_back():
    with Mesh() as mesh:
        member = mesh.bookinfo("reviews", "v1")
        mesh.wait_ready(reviews=1)
        before = sidecar_of(member)
        os.kill(before, signal.SIGSTOP)  # so that its successor cannot be there already when we look
        os.kill(before, signal.SIGKILL)
        begin = time.monotonic()
        wait_until(lambda: sidecar_of(member) not in (None, before), "a new sidecar")
        mesh.wait_ready(reviews=1)
        assert time.monotonic() - begin < 10
        assert mesh.load(50)["failures"] == 0


def test_certificates_of_seconds_are_renewed_without_a_failed_request():
    with Mesh("--certificate-lifetime", "4s") as mesh:
        mesh.bookinfo("reviews", "v1")
        mesh.wait_ready(reviews=1)
        end = time.monotonic() + 12  # several lives of a certificate
        while time.monotonic() < end:
            tally = mesh.load(500)
            assert tally["failures"] == 0, tally
