"""What a client says over HTTP/2 reaches an HTTP/1 application as one request, byte for byte as it should be, or not."""

import socket
import threading

import pytest

from besieged import Proxy
from frames import PROTOCOL_ERROR, Peer, block, data, headers, request

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
GOOD = b"GET /after HTTP/1.1\r\nhost: app\r\nx-forwarded-proto: http\r\n\r\n"


class Recorder:
    """An HTTP/1 application that keeps every byte, connection by connection, and answers each head."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.received = []
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.received.append(bytearray())
            threading.Thread(target=self.serve, args=(connection, self.received[-1]), daemon=True).start()

    @staticmethod
    def serve(connection, received):
        answered = 0
        with connection:
            try:
                while piece := connection.recv(65536):
                    received += piece
                    while answered < received.count(b"\r\n\r\n"):
                        connection.sendall(ANSWER)
                        answered += 1
            except OSError:
                pass

    def heads(self):
        return [bytes(one) for one in self.received if one]

    def close(self):
        """A thread that still waits in accept would go on with whatever has the descriptor's number next."""
        self.listening.shutdown(socket.SHUT_RDWR)
        self.accepting.join()
        self.listening.close()


@pytest.fixture
def recorder():
    one = Recorder()
    yield one
    one.close()


@pytest.fixture
def proxy(recorder, tmp_path):
    with Proxy(tmp_path, recorder.port, "generate_request_id: false") as one:
        yield one


def with_field(name, value):
    return request(more=[(name, value)])


REFUSED = {
    "a line feed in the path": request("/a\nb"),
    "a carriage return in the path": request("/a\r\nx: y"),
    "NUL in the path": request("/a\0b"),
    "a space in the path": request("/a b"),
    "a request line in the path": request("/ HTTP/1.1\r\nhost: app\r\n\r\nGET /smuggled"),
    "a path without a slash": request("a"),
    "an empty path": request(""),
    "no path": request(None),
    "a fragment": request("/a#b"),
    "a line feed in the method": request(method="GET\n"),
    "a space in the method": request(method="GET /x"),
    "no method": request(method=None),
    "a line feed in the authority": request(authority="app\r\nx: y"),
    "a space in the authority": request(authority="app x"),
    "a user in the authority": request(authority="user@app"),
    "another host": with_field("host", "elsewhere"),
    "two hosts": request(more=[("host", "app"), ("host", "app")]),
    "a scheme that is none of HTTP's": request(scheme="gopher"),
    "a line feed in a scheme": request(scheme="http\n"),
    "no scheme": request(scheme=None),
    "a line feed in a value": with_field("x", "a\nb"),
    "a carriage return in a value": with_field("x", "a\rb"),
    "a header injected by a value": with_field("x", "a\r\ntransfer-encoding: chunked"),
    "NUL in a value": with_field("x", "a\0b"),
    "space around a value": with_field("x", " a "),
    "a capital in a name": with_field("X-Big", "a"),
    "a space in a name": with_field("x y", "a"),
    "a colon in a name": with_field("x:y", "a"),
    "a line feed in a name": with_field("x\ny", "a"),
    "an empty name": with_field("", "a"),
    "transfer-encoding": with_field("transfer-encoding", "chunked"),
    "connection": with_field("connection", "x"),
    "keep-alive": with_field("keep-alive", "1"),
    "proxy-connection": with_field("proxy-connection", "close"),
    "upgrade": with_field("upgrade", "websocket"),
    "te of another coding": with_field("te", "gzip"),
    "two lengths": request(more=[("content-length", "0"), ("content-length", "0")]),
    "a length with a sign": with_field("content-length", "+0"),
    "a length in a list": with_field("content-length", "0, 0"),
    "a length without content": with_field("content-length", "3"),
    "an unknown pseudo-field": [(":smuggled", "x"), *request()],
    "a response's pseudo-field": [*request(), (":status", "200")][::-1],
    "a pseudo-field twice": [(":path", "/x"), *request()],
    "a pseudo-field behind a field": [("x", "y"), *request()],
    "content behind the end of TRACE": request(method="TRACE", more=[("content-length", "1")]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_nothing_malformed_reaches_the_application(proxy, recorder, what):
    with Peer(proxy.port) as peer:
        peer.send(headers(1, block(REFUSED[what])) + headers(3, request("/after")))
        assert peer.hear_until(lambda: peer.has_ended(1) and peer.has_ended(3))
        is_answered = 400 <= peer.heard_status(1) < 500
        assert is_answered or peer.resets().get(1) == PROTOCOL_ERROR
        assert peer.body(3) == b"ok", "the connection goes on"
    assert recorder.heads() == [GOOD]


PASSED = {
    "crumbs of a cookie": (request("/", more=[("cookie", "a=b"), ("cookie", "c=d")]),
                           b"GET / HTTP/1.1\r\nhost: app\r\ncookie: a=b; c=d\r\nx-forwarded-proto: http\r\n\r\n"),
    "a host that agrees": (request(authority="app:80", more=[("host", "app")]),
                           b"GET / HTTP/1.1\r\nhost: app:80\r\nx-forwarded-proto: http\r\n\r\n"),
    "a host alone": (request(authority=None, more=[("host", "app")]),
                     b"GET / HTTP/1.1\r\nhost: app\r\nx-forwarded-proto: http\r\n\r\n"),
    "capitals in the authority": (request(authority="APP"),
                                  b"GET / HTTP/1.1\r\nhost: app\r\nx-forwarded-proto: http\r\n\r\n"),
    "te of trailers": (request(more=[("te", "trailers")]), b"GET / HTTP/1.1\r\nhost: app\r\nx-forwarded-proto: http\r\n"
                                                           b"te: trailers\r\nconnection: te\r\n\r\n"),
    "what a path may hold": (request("/a%20b/;c?d=//"),
                             b"GET /a%20b/;c?d=// HTTP/1.1\r\nhost: app\r\nx-forwarded-proto: http\r\n\r\n"),
}


@pytest.mark.parametrize("what", PASSED)
def test_what_is_allowed_goes_on_in_one_form(proxy, recorder, what):
    fields, expected = PASSED[what]
    with Peer(proxy.port) as peer:
        peer.send(headers(1, fields))
        assert peer.hear_until(lambda: peer.has_ended(1))
        assert peer.body(1) == b"ok"
    assert recorder.heads() == [expected]


# (what follows the head, the status or reset it gets)
LENGTHS = {
    "more content than announced": data(1, b"abcdef", ends=True),
    "less content than announced": data(1, b"ab", ends=True),
    "less content and trailers": data(1, b"ab") + headers(1, [("x", "y")]),
    "more content later": data(1, b"abc") + data(1, b"GET /smuggled HTTP/1.1\r\nhost: app\r\n\r\n", ends=True),
}


@pytest.mark.parametrize("what", LENGTHS)
def test_content_that_differs_from_its_length_poisons_no_connection(proxy, recorder, what):
    with Peer(proxy.port) as peer:
        opening = headers(1, request("/upload", "POST", more=[("content-length", "3")]), ends=False)
        peer.send(opening + LENGTHS[what])
        assert peer.hear_until(lambda: peer.has_ended(1))
        assert peer.resets().get(1) == PROTOCOL_ERROR or peer.heard_status(1) == 400
        peer.send(headers(3, request("/after")))
        assert peer.hear_until(lambda: peer.has_ended(3))
        assert peer.body(3) == b"ok"
    upload, after = [one for one in recorder.heads() if b"/upload" in one], [one for one in recorder.heads() if b"/after" in one]
    assert after == [GOOD], "it has a connection that the upload has not been on"
    assert all(one.count(b"HTTP/1.1") == 1 for one in upload)


def test_content_of_unknown_length_is_chunked_and_ends(proxy, recorder):
    with Peer(proxy.port) as peer:
        peer.send(headers(1, request("/", "POST"), ends=False) + data(1, b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n", ends=True))
        assert peer.hear_until(lambda: peer.has_ended(1))
    [received] = recorder.heads()
    head, _, content = received.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head and b"content-length" not in head
    assert content == b"18\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n\r\n0\r\n\r\n"


def test_bytes_for_a_tunnel_that_is_refused_are_nobodys(proxy, recorder):
    with Peer(proxy.port) as peer:
        ask = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":authority", "app"), (":path", "/ws")]
        peer.send(headers(1, ask, ends=False) + data(1, b"GET /smuggled HTTP/1.1\r\nhost: app\r\n\r\n"))
        assert peer.hear_until(lambda: peer.heard_status(1) == 200), "the recorder answers 200, which is no switch"
        peer.send(headers(3, request("/after")))
        assert peer.hear_until(lambda: peer.has_ended(3))
    assert not any(b"smuggled" in one for one in recorder.heads())
    assert GOOD in recorder.heads(), "it has a connection of its own"
