"""Clients that hold connections for nothing: slow, silent, or simply many."""

import resource
import shutil
import socket
import subprocess
import time

import pytest
from mesh import wait_until

import certificates
from besieged import Application, Proxy, Watch

MIB = 1 << 20
KIB = 1 << 10
SHORT = "stream_idle_timeout: 2s\n          request_headers_timeout: 2s\n          common_http_protocol_options: {idle_timeout: 2s}"
ATTACKERS = 300


@pytest.fixture(scope="module")
def application():
    with Application() as one:
        yield one


@pytest.fixture(scope="module", autouse=True)
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# slowhttptest's options, and what each attacker may cost.
SLOW = {
    "heads": (["-H", "-i", "1", "-x", "24"], 12 * KIB),
    "content": (["-B", "-i", "1", "-s", "8192", "-x", "10"], 12 * KIB),
    "ranges": (["-R", "-a", "10", "-b", "3000"], 40 * KIB),
    "reading": (["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32"], 80 * KIB),
}


@pytest.mark.skipif(shutil.which("slowhttptest") is None, reason="slowhttptest is not installed")
@pytest.mark.parametrize("what", SLOW)
def test_slow_clients_are_dropped_and_harm_nobody(application, tmp_path, what):
    options, each = SLOW[what]
    with Proxy(tmp_path, application.port, SHORT) as proxy:
        at_rest = proxy.descriptors()
        with Watch(proxy) as watch:
            url = f"http://127.0.0.1:{proxy.port}/{'big' if what in ('reading', 'ranges') else 'x'}"
            subprocess.run(["slowhttptest", *options, "-c", str(ATTACKERS), "-r", "200", "-l", "6", "-p", "3", "-u", url],
                           cwd=tmp_path, check=True, capture_output=True, timeout=60)
        watch.check(growth=ATTACKERS * each + 2 * MIB)
        # The bystander's and its upstream's may stay.
        wait_until(lambda: proxy.descriptors() <= at_rest + 8, "all connections are closed")


def drip(connections, pieces, until, pause=0.2):
    """Sends a byte to each now and then; when each was closed, in seconds."""
    begin = time.monotonic()
    closed = {}
    for index in range(10_000):
        for one in connections:
            if one in closed:
                continue
            try:
                one.settimeout(0)
                one.send(pieces[index % len(pieces) :][:1])
                if one.recv(4096) == b"":
                    closed[one] = time.monotonic() - begin
            except BlockingIOError:
                continue
            except OSError:
                closed[one] = time.monotonic() - begin
        if len(closed) == len(connections) or time.monotonic() - begin > until:
            return list(closed.values())
        time.sleep(pause)
    return list(closed.values())


TLS_LISTENER = """
  - name: secure
    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - transport_socket:
        name: tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            tls_certificates:
            - certificate_chain: {{filename: {folder}/ca/server.crt}}
              private_key: {{filename: {folder}/ca/server.key}}
      filters:
      - name: envoy.filters.network.tcp_proxy
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
          stat_prefix: secure
          cluster: app
"""


def test_handshakes_that_drip_are_over_after_ten_seconds(application, tmp_path):
    certificates.make_leaf(certificates.make_cacerts(tmp_path / "ca"), "server", "spiffe://test/server")
    with Proxy(tmp_path, application.port, more=TLS_LISTENER) as proxy, Watch(proxy) as watch:
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
        attackers = [socket.create_connection(("127.0.0.1", proxy.other_port)) for _ in range(100)]
        times = drip(attackers, hello, until=15)
        assert len(times) == len(attackers)
        assert 8 < min(times) and max(times) < 13, (min(times), max(times))
    watch.check(growth=100 * 64 * KIB)


def test_connections_that_say_nothing_give_way_to_others(application, tmp_path):
    most = 200
    with Proxy(tmp_path, application.port, options=("--max-connections", str(most))) as proxy:
        with Watch(proxy) as watch:
            silent = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(10 * most)]
            wait_until(lambda: proxy.figure("downstream_cx_gave_way") > 8 * most, "the oldest have given way")
            assert proxy.figure("downstream_cx_active") <= most
            # A newcomer is served at once.
            with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as newcomer:
                newcomer.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                assert newcomer.recv(100).startswith(b"HTTP/1.1 200 ")
            for one in silent:
                one.close()
    watch.check(growth=most * 8 * KIB + 2 * MIB)


def test_connections_beyond_the_limit_are_refused_while_all_are_busy(application, tmp_path):
    most = 50
    with Proxy(tmp_path, application.port, SHORT, options=("--max-connections", str(most))) as proxy:
        busy = []
        for _ in range(4 * most):
            one = socket.create_connection(("127.0.0.1", proxy.port))
            one.sendall(b"GET / HTTP/1.1\r\nslow: ")
            busy.append(one)
        wait_until(lambda: proxy.figure("downstream_cx_over_limit") >= 2 * most, "the rest is refused")
        assert proxy.figure("downstream_cx_active") <= most
        # Heads that do not end are given up in time, and then there is room again.
        wait_until(lambda: proxy.figure("downstream_cx_active") == 0, "all are gone")
        with Watch(proxy) as watch:
            wait_until(lambda: watch.answers > 10, "others are served")
        for one in busy:
            one.close()
    watch.check(growth=most * 12 * KIB + 2 * MIB)


def test_a_flood_of_connections_costs_little_each(application, tmp_path):
    count = 2000
    with Proxy(tmp_path, application.port) as proxy:
        with Watch(proxy) as watch:
            silent = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(count)]
            wait_until(lambda: proxy.figure("downstream_cx_active") > count, "all were accepted")
            for one in silent:
                one.close()
            wait_until(lambda: proxy.figure("downstream_cx_active") < 10, "all were let go")
        watch.check(growth=count * 4 * KIB + 2 * MIB)
