"""What travels between two sidecars, and whom they refuse: seen from outside, with tcpdump and openssl."""

import contextlib
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys

import pytest

from capture import APPLICATION_DATA, CLIENT_HELLO, HANDSHAKE, TLS13, Capture, Namespace, negotiated_version
from capture import records_of, streams_of, text_of
from certificates import make_cacerts, make_leaf
from mesh import PATIENCE, Mesh, figure, wait_until

HERE = pathlib.Path(__file__).resolve().parent
STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default}
spec: {mtls: {mode: STRICT}}
"""
PLAIN = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: echo}
spec:
  host: echo
  trafficPolicy: {tls: {mode: DISABLE}}
"""
PORT = 8000


def echo(mesh, **options):
    mesh.run("echo", sys.executable, HERE / "echo_server.py", PORT, mesh.folder, ports=[PORT], **options)
    wait_until(pathlib.Path(mesh.folder, "listening").exists, "the application listens")
    mesh.wait_ready(echo=1)


def inbound_port(mesh):
    [member] = mesh.ready("echo")
    return int(member["ports"][0]["address"].rpartition(":")[2])


@pytest.fixture(name="namespace")
def make_namespace():
    with Namespace() as namespace:
        if not namespace.is_up:
            pytest.skip("a network namespace of its own is not allowed here")
        yield namespace


@pytest.mark.skipif(not shutil.which("tcpdump"), reason="tcpdump is not installed")
def test_between_two_sidecars_there_is_tls_13_and_nothing_else(namespace):
    with Mesh(inside=namespace.prefix) as mesh:
        echo(mesh)
        port = inbound_port(mesh)
        ask = ["curl", "-sf", "-H", "x-secret: open-sesame", f"http://echo:{PORT}/"]
        with Capture(namespace) as capture:
            assert "open-sesame" in mesh.call(*ask).stdout
            packets = capture.packets("end of the first part")
        assert b"open-sesame" not in text_of(packets), "nothing of the request is readable"
        streams = streams_of(packets)
        asked = [way for way in streams if way[1][1] == port]
        assert asked, "the sidecars spoke to each other"
        for source, destination in asked:
            for way, first in (((source, destination), CLIENT_HELLO), ((destination, source), None)):
                records = list(records_of(streams[way]))
                handshake = [content for kind, content in records if kind == HANDSHAKE]
                assert len(handshake) == 1, "all of a handshake of TLS 1.3 but the hellos is encrypted"
                assert APPLICATION_DATA in [kind for kind, _ in records]
                if first is not None:
                    assert handshake[0][0] == first
                else:
                    assert negotiated_version(handshake[0]) == TLS13

        # The same eyes do see a secret that is not kept.
        mesh.apply(PLAIN)
        with Capture(namespace) as capture:
            wait_until(lambda: "open-sesame" in mesh.call(*ask, check=False).stdout, "an answer to plain text")
            assert b"open-sesame" in text_of(capture.packets("end of the second part"))


def test_both_ends_carry_their_spiffe_ids(tmp_path):
    cacerts = make_cacerts(tmp_path / "cacerts")
    with Mesh("--ca-dir", cacerts) as mesh:
        echo(mesh, service_account="echoes")
        fields = mesh.call("curl", "-sf", f"http://echo:{PORT}/").stdout
        assert "By=spiffe://cluster.local/ns/default/sa/echoes" in fields
        assert "URI=spiffe://cluster.local/ns/default/sa/default" in fields

        # Another implementation of TLS sees the same.
        own = make_leaf(cacerts, "own", "spiffe://cluster.local/ns/default/sa/tester")
        words = ["-connect", f"127.0.0.1:{inbound_port(mesh)}", "-cert", own, "-key", own, "-cert_chain", own,
                 "-CAfile", cacerts / "root-cert.pem", "-alpn", "istio-http/1.1"]

        def client(*more):
            return subprocess.run(["openssl", "s_client", *words, *more], input="", capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)

        shown = client()
        assert "Verification: OK" in shown.stdout and "New, TLSv1.3" in shown.stdout, shown.stdout + shown.stderr
        names = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], input=shown.stdout,
                               capture_output=True, text=True, check=True).stdout
        assert names.split()[-1] == "URI:spiffe://cluster.local/ns/default/sa/echoes", names
        older = client("-tls1_2")
        assert older.returncode != 0 and "Cipher is (NONE)" in older.stdout, "nothing older than TLS 1.3 is spoken"


def ask_directly(port, context=None):
    """What an outsider who knows the inbound port gets for a request: bytes, none when it is refused."""
    request = b"GET / HTTP/1.1\r\nhost: echo\r\nconnection: close\r\n\r\n"
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
            connection = context.wrap_socket(plain) if context else plain
            connection.sendall(request)
            return connection.recv(65536)
    return b""


def client_context(leaf=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["istio-http/1.1"])
    if leaf:
        context.load_cert_chain(leaf)
    return context


def test_a_strict_service_refuses_whoever_is_not_of_the_mesh_and_says_why(tmp_path):
    cacerts = make_cacerts(tmp_path / "cacerts")
    strangers = make_cacerts(tmp_path / "strangers")
    member = "spiffe://cluster.local/ns/default/sa/tester"
    plain, certificate = "no_filter_chain_match", "ssl.certificate_refused"
    refused = [
        (None, plain, "no filter chain is for plain text"),
        (client_context(), certificate, "the peer shows no certificate"),
        (client_context(make_leaf(strangers, "stranger", member)), certificate, "the peer's certificate is refused"),
        (client_context(make_leaf(cacerts, "old", member, days=-1)), certificate, "certificate has expired"),
        (client_context(make_leaf(cacerts, "foreign", "spiffe://elsewhere.example/ns/default/sa/tester")), certificate,
         "spiffe://elsewhere.example/ns/default/sa/tester"),
    ]
    with Mesh("--ca-dir", cacerts) as mesh:
        mesh.apply(STRICT)
        echo(mesh)
        port = inbound_port(mesh)
        [echoes] = mesh.ready("echo")
        wait_until(lambda: mesh.call("curl", "-sf", f"http://echo:{PORT}/", check=False).stdout, "the member's answer")
        for context, name, reason in refused:
            before = figure(echoes, name)
            assert ask_directly(port, context) == b"", reason
            wait_until(lambda n=name, b=before: figure(echoes, n) == b + 1, f"{name} counts: {reason}")
            assert reason in mesh.logs()
        allowed = make_leaf(cacerts, "allowed", member)
        assert ask_directly(port, client_context(allowed)).startswith(b"HTTP/1.1 200"), "only they were the reason"


BANK = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}}}
spec:
  hosts: [{name}.example.com]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  endpoints: [{{address: 127.0.0.1, ports: {{http: {port}}}, serviceAccount: bank}}]
"""


@contextlib.contextmanager
def rogue_server(leaf, roots):
    """openssl as a server that speaks HTTP over mutual TLS with the certificate it was given."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", leaf, "-key", leaf, "-cert_chain", leaf,
         "-CAfile", roots, "-Verify", "2", "-alpn", "istio-http/1.1", "-www"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        for line in server.stdout:
            if line.startswith("ACCEPT"):
                break
        yield port
    finally:
        server.kill()
        server.communicate()


def test_a_server_with_another_identity_than_the_destinations_is_refused(tmp_path):
    cacerts = make_cacerts(tmp_path / "cacerts")
    strangers = make_cacerts(tmp_path / "strangers")
    bank = "spiffe://cluster.local/ns/default/sa/bank"
    rogue = "spiffe://cluster.local/ns/default/sa/rogue"
    servers = {
        "honest": (make_leaf(cacerts, "honest", bank), None),
        "rogue": (make_leaf(cacerts, "rogue", rogue), rogue),
        "stranger": (make_leaf(strangers, "stranger", bank), "the peer's certificate is refused"),
        "old": (make_leaf(cacerts, "old", bank, days=-1), "certificate has expired"),
    }
    with contextlib.ExitStack() as stack:
        mesh = stack.enter_context(Mesh("--ca-dir", cacerts, "--access-log", "text"))
        echo(mesh, service_account="echoes")
        reasons = {"sidecar": "spiffe://cluster.local/ns/default/sa/echoes"}
        mesh.apply(BANK.format(name="sidecar", port=inbound_port(mesh)))
        for name, (leaf, reason) in servers.items():
            reasons[name] = reason
            port = stack.enter_context(rogue_server(leaf, cacerts / "root-cert.pem"))
            mesh.apply(BANK.format(name=name, port=port))
        asks = "".join(f"curl -s -o /dev/null -w '{name} %{{http_code}}\\n' http://{name}.example.com/\n" for name in reasons)
        client = mesh.run("client", "sh", "-c", asks + "exec sleep infinity", output=subprocess.PIPE)
        answers = dict(client.stdout.readline().split() for _ in reasons)
        assert answers.pop("honest") == "200", "the way there is right"
        assert answers == {name: "503" for name in reasons if name != "honest"}

        def log_line(name):
            return next((line for line in mesh.logs().splitlines() if f'"{name}.example.com"' in line), None)

        for name in answers:
            line = wait_until(lambda n=name: log_line(n), f"the access log tells of {name}")
            assert re.search(r" 503 \S*UF upstream_reset_before_response_started\{TLS_error\}", line), line
            assert reasons[name] in line, line
