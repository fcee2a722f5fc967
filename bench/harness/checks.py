"""What must hold before anything is measured: the right answer comes, byte for byte, and the hop is guarded."""

import http.client
import socket
import ssl
import struct
import subprocess

HOST = "bench.test"
TIMEOUT = 10


class CheckError(Exception):
    """A proxy that answers something else than it was asked to; says what."""


def content(size, position=0):
    """The upstream's bytes, as bench/load/content.h has them."""
    period = bytes(range(ord("!"), ord("!") + 89))
    begin = position % 89
    return (period * (size // 89 + 2))[begin : begin + size]


def compare(got, wanted):
    if got != wanted:
        raise CheckError(f"{len(got)} bytes came that differ from the {len(wanted)} that were sent")


def client_context(certificates, with_certificate=True):
    context = ssl.create_default_context(cafile=f"{certificates}/roots.pem")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if with_certificate:
        context.load_cert_chain(f"{certificates}/leaf.pem", f"{certificates}/leaf.key")
    return context


def http1(port, size, path="/bench/item", host=HOST, tls=None):
    """One exchange; `tls` is an ssl context for a server that shows the bench's certificate."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        if tls is not None:
            connection.sock = tls.wrap_socket(socket.create_connection(("127.0.0.1", port), TIMEOUT), server_hostname=HOST)
        connection.request("GET", path, headers={"Host": host})
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise CheckError(f"no answer: {error!r}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise CheckError(f"status {response.status} instead of 200: {body[:80]!r}")
    compare(body, content(size))


def http2(port, size):
    """One gRPC-like call with a client that nobody here wrote."""
    message = b"\0" + struct.pack(">I", 64) + content(64)
    command = ["curl", "-sS", "--max-time", str(TIMEOUT), "--http2-prior-knowledge", "-X", "POST", "-H", "te: trailers",
               "-H", "content-type: application/grpc", "--data-binary", "@-", "-w", "%{stderr}%{http_version} %{http_code}",
               f"http://127.0.0.1:{port}/bench.Echo/Unary"]
    done = subprocess.run(command, input=message, capture_output=True, check=False)
    said = " ".join(done.stderr.decode(errors="replace").split())
    if done.returncode != 0 or said != "2 200":
        raise CheckError(f"no HTTP/2 answer with status 200: {said}")
    compare(done.stdout, b"\0" + struct.pack(">I", size) + content(size))


def http2_over_tls(port, size, certificates):
    """The listening side of a hop speaks HTTP/2 to who shows the bench's certificate."""
    command = ["curl", "-sS", "--max-time", str(TIMEOUT), "--http2", "--resolve", f"{HOST}:{port}:127.0.0.1", "--cacert",
               f"{certificates}/roots.pem", "--cert", f"{certificates}/leaf.pem", "--key", f"{certificates}/leaf.key",
               "-w", "%{stderr}%{http_version} %{http_code}", f"https://{HOST}:{port}/bench/item"]
    done = subprocess.run(command, capture_output=True, check=False)
    said = " ".join(done.stderr.decode(errors="replace").split())
    if done.returncode != 0 or said != "2 200":
        raise CheckError(f"the hop is not HTTP/2: version and status are {said}")
    compare(done.stdout, content(size))


def receive(connection, size):
    got = b""
    while len(got) < size:
        piece = connection.recv(size - len(got))
        if not piece:
            break
        got += piece
    return got


def tcp(port, sends, receives):
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
            connection.sendall(sends)
            compare(receive(connection, len(receives)), receives)
    except OSError as error:
        raise CheckError(f"no answer: {error!r}") from error


def refuses_strangers(port, certificates):
    """A client without a certificate must get no answer from the side of the hop that listens."""
    try:
        stranger = client_context(certificates, with_certificate=False)
        with stranger.wrap_socket(socket.create_connection(("127.0.0.1", port), TIMEOUT), server_hostname=HOST) as one:
            one.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            answer = one.recv(100)
    except OSError:
        return
    if answer.startswith(b"HTTP/1.1 200"):
        raise CheckError("a client without a certificate was served")
