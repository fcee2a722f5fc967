"""What a mesh survives: the death of its control plane, of an instance, of a sidecar; certificates that last seconds."""

import json
import os
import signal
import time

from mesh import Mesh, admin, sidecar_of, wait_until

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


def serial_numbers(members):
    """Of the certificates that the members' proxies show at present."""
    pages = [json.loads(admin(member, "/certs"))["certificates"] for member in members]
    return [one["serial_number"] for page in pages for one in page if one["name"] == "default"]


def test_certificates_go_on_rotating_after_the_control_plane_was_killed():
    lifetime = ("--certificate-lifetime", "8s")
    with Mesh(*lifetime) as mesh:
        mesh.bookinfo("reviews", "v1")
        mesh.wait_ready(reviews=1)
        load = mesh.start_load(50_000_000)
        mesh.wait_ready(load=1)
        os.kill(mesh.control_pid(), signal.SIGKILL)
        mesh.ripstop("up", *lifetime)
        members = mesh.workloads()
        assert len(members) == 2
        for _ in range(2):
            before = set(serial_numbers(members))
            wait_until(lambda b=before: not b & set(serial_numbers(members)), "everybody has another certificate")
        load.send_signal(signal.SIGINT)
        tally = mesh.finish_load(load)
        assert tally["failures"] == 0 and tally["requests"] > 1000, tally


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


# Every connection soon gives way to a new one, made with the certificates of that moment.
SHORT_CONNECTIONS = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  trafficPolicy:
    connectionPool: {http: {maxRequestsPerConnection: 20}}
"""


def test_a_thousand_rotations_of_certificates_under_load_cost_no_request():
    instances = 32
    with Mesh("--certificate-lifetime", "3s") as mesh:
        mesh.apply(SHORT_CONNECTIONS)
        mesh.bookinfo("ratings")
        for number in range(instances):
            mesh.bookinfo("reviews", f"v{number}")
        mesh.wait_ready(reviews=instances, ratings=1)
        load = mesh.start_load(50_000_000)
        mesh.wait_ready(load=1)
        members = mesh.workloads()
        serials = {member["id"]: set() for member in members}

        def have_rotated():
            for member in members:
                serials[member["id"]].update(serial_numbers([member]))
            return sum(len(seen) - 1 for seen in serials.values()) >= 1000

        wait_until(have_rotated, "a thousand rotations", patience=120)
        assert all(len(seen) > 10 for seen in serials.values()), "everybody's certificate was changed many times"
        load.send_signal(signal.SIGINT)
        tally = mesh.finish_load(load)
        assert tally["failures"] == 0 and tally["requests"] > 1000, tally
        assert len(tally["versions"]) == instances, "every instance was asked"
