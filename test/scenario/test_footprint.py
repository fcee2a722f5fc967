"""What a proxy weighs, as the kernel counts it."""

import os
import pathlib
import signal
import socket
import subprocess

import pytest

from mesh import BIN, IS_SANITIZED, wait_until

# Of a build that is optimised a little; a release build stays well below.
IDLE_PROXY = 16 << 20
IDLE_CONNECTIONS = 400
FIRST_CONNECTIONS = 100  # pools grow with these
# With what the C library's allocator and the pages' ends add to 352 bytes.
PER_IDLE_CONNECTION = 512

BOOTSTRAP = """
static_resources:
  listeners:
  - name: web
    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: web
          route_config:
            name: web
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {{prefix: "/"}}
                direct_response: {{status: 200, body: {{inline_string: "here"}}}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
"""


def private_bytes(pid):
    """What would come back if the process ended: its own pages, without the program text that others share."""
    fields = dict(
        line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    )
    return sum(int(fields[name].split()[0]) for name in ("Private_Clean", "Private_Dirty")) * 1024


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def proxy(tmp_path):
    port = free_port()
    (tmp_path / "proxy.yaml").write_text(BOOTSTRAP.format(port=port))
    readable, writable = os.pipe()
    process = subprocess.Popen(
        [BIN / "ripstop-proxy", "-c", tmp_path / "proxy.yaml", "--concurrency", "1", "--ready-fd", str(writable)],
        pass_fds=[writable],
        stderr=subprocess.PIPE,
    )
    os.close(writable)
    try:
        assert os.read(readable, 1) == b"R", process.stderr.read().decode()
        yield process.pid, port
    finally:
        os.close(readable)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        process.stderr.close()


def ask(client):
    client.sendall(b"GET / HTTP/1.1\r\nhost: web\r\n\r\n")
    answer = b""
    while not answer.endswith(b"here"):
        piece = client.recv(4096)
        assert piece, answer
        answer += piece
    assert answer.startswith(b"HTTP/1.1 200 "), answer


@pytest.mark.skipif(IS_SANITIZED, reason="sanitizers keep memory of their own")
def test_a_proxy_and_its_idle_connections_stay_small(proxy):
    pid, port = proxy
    with socket.create_connection(("127.0.0.1", port)) as first:
        ask(first)
    at_rest = private_bytes(pid)
    assert at_rest < IDLE_PROXY, f"{at_rest >> 10} KiB"

    clients = []

    def open_connections(number):
        for _ in range(number):
            clients.append(socket.create_connection(("127.0.0.1", port)))
            ask(clients[-1])
        return private_bytes(pid)

    try:
        with_some = open_connections(FIRST_CONNECTIONS)
        per_connection = (open_connections(IDLE_CONNECTIONS) - with_some) / IDLE_CONNECTIONS
        assert per_connection < PER_IDLE_CONNECTION, f"{per_connection:.0f} bytes"
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        assert descriptors >= FIRST_CONNECTIONS + IDLE_CONNECTIONS
    finally:
        for client in clients:
            client.close()
    left = descriptors - FIRST_CONNECTIONS - IDLE_CONNECTIONS
    wait_until(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= left, "the connections' descriptors closed")
