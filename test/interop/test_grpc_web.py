"""gRPC-Web and active health checks in front of a gRPC server that nobody here wrote, through real programs."""

import base64
import http.client
import struct
import urllib.request

import pytest

from interop_programs import interop_server, needs_programs
from mesh import PATIENCE, wait_until
from proxy_pair import Proxy, proxy_pair

pytestmark = needs_programs
FILTER = ("grpc_web", "filters.http.grpc_web.v3.GrpcWeb")
SERVICE = "/grpc.testing.TestService/"


def frame(message, flags=0):
    return struct.pack("!BI", flags, len(message)) + message


def frames_of(content):
    frames = []
    while content:
        flags, size = struct.unpack("!BI", content[:5])
        assert len(content) >= 5 + size, "the frame is whole"
        frames.append((flags, content[5:5 + size]))
        content = content[5 + size:]
    return frames


def text_of(content):
    """Base64 of several segments, each with padding of its own."""
    return b"".join(base64.b64decode(content[at:at + 4], validate=True) for at in range(0, len(content), 4))


def call(port, method, content, content_type, **fields):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", SERVICE + method, content, {"content-type": content_type, **fields})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.fixture(name="port", scope="module")
def start_proxies(tmp_path_factory):
    with interop_server() as server, proxy_pair(tmp_path_factory.mktemp("web"), server, [FILTER]) as near:
        yield near.port


# One message each of the types grpc.testing.SimpleRequest and StreamingOutputCallRequest, by hand.
SIMPLE = b"\x10\x03\x1a\x05\x12\x03abc"  # response_size: 3, payload.body: "abc"
STREAMED = b"\x12\x02\x08\x01\x12\x02\x08\x02"  # two response_parameters of sizes 1 and 2


def test_a_unary_call_in_binary(port):
    answer, content = call(port, "UnaryCall", frame(SIMPLE), "application/grpc-web+proto")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/grpc-web+proto")
    [(flags, message), (last, trailers)] = frames_of(content)
    assert (flags, last) == (0, 0x80)
    assert message.endswith(b"\0\0\0"), "a payload of the size asked for"
    assert b"grpc-status:0\r\n" in trailers


def test_a_stream_of_messages_in_text(port):
    asked = base64.b64encode(frame(STREAMED))
    answer, content = call(port, "StreamingOutputCall", asked, "application/grpc-web-text",
                           accept="application/grpc-web-text")
    assert answer.headers["content-type"] == "application/grpc-web-text+proto"
    first, second, (last, trailers) = frames_of(text_of(content))
    assert (first[1].count(b"\0"), second[1].count(b"\0")) == (1, 2)
    assert last == 0x80 and b"grpc-status:0\r\n" in trailers


def test_a_call_that_the_server_refuses(port):
    answer, content = call(port, "UnimplementedCall", frame(b""), "application/grpc-web")
    assert answer.status == 200
    trailers = b"".join(f"{name}:{value}\r\n".lower().encode() for name, value in answer.headers.items())
    assert b"grpc-status:12\r\n" in trailers + b"".join(text for _, text in frames_of(content))


def check(**probe):
    return [{"timeout": "5s", "interval": "0.05s", "unhealthy_threshold": 1, "healthy_threshold": 1, **probe}]


def page(proxy, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{proxy.admin_port}{path}", timeout=PATIENCE) as reply:
        return reply.read().decode()


@pytest.mark.parametrize("probe,flags", [
    ({"tcp_health_check": {}}, "healthy"),
    # The server has no health service, so it says UNIMPLEMENTED.
    ({"grpc_health_check": {"service_name": "grpc.testing.TestService"}}, "/failed_active_hc"),
    ({"http_health_check": {"path": "/", "codec_client_type": "HTTP2"}}, "/failed_active_hc"),
])
def test_a_proxy_checks_its_hosts_and_says_what_it_found(tmp_path, probe, flags):
    with interop_server() as server:
        panic = {"healthy_panic_threshold": {"value": 0}}
        with Proxy(tmp_path, "near", server, health_checks=check(**probe), common_lb_config=panic) as proxy:
            assert f"::health_flags::{flags}\n" in page(proxy, "/clusters"), "known before the proxy is ready"
            figures = dict(line.split(": ") for line in page(proxy, "/stats").splitlines() if "health_check" in line)
            name = "cluster.next.health_check."
            assert int(figures[name + "attempt"]) >= 1
            assert figures[name + "healthy"] == ("1" if flags == "healthy" else "0")
            assert int(figures[name + ("success" if flags == "healthy" else "failure")]) >= 1
            connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE)
            connection.request("POST", SERVICE + "EmptyCall", frame(b""), {"content-type": "application/grpc"})
            answer = connection.getresponse()
            answer.read()
            connection.close()
            unavailable = answer.headers.get("grpc-status") == "14"
            assert unavailable == (flags != "healthy"), "requests go where checks allow"
            before = int(figures[name + "attempt"])

            def attempts():
                text = page(proxy, "/stats")
                return int(text.split(name + "attempt: ")[1].split("\n")[0])

            wait_until(lambda: attempts() > before, "checks go on")
