"""Peers that speak HTTP/2 to do harm: the proxy ends them with the right code, stays small, and serves others."""

import struct
import time

import pytest

from mesh import wait_until

from besieged import Application, Proxy, Watch
from frames import (
    ACK, CONTINUATION, DATA, END_HEADERS, ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE,
    INTERNAL_ERROR, METHOD_GET, NEWEST, PADDED, PING, PRIORITY, PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS,
    STREAM_CLOSED, WINDOW_UPDATE, Peer, block, data, frame, headers, indexed_field, request, reset, settings,
    window_update,
)

MIB = 1 << 20
STREAMS = 100  # that the proxy allows at once
SHORT = "stream_idle_timeout: 2s\n          request_headers_timeout: 2s"


@pytest.fixture(scope="module")
def application():
    with Application() as one:
        yield one


@pytest.fixture
def proxy(application, tmp_path):
    with Proxy(tmp_path, application.port) as one:
        yield one


@pytest.fixture
def short_proxy(application, tmp_path):
    """Its time-outs are two seconds."""
    with Proxy(tmp_path, application.port, SHORT) as one:
        yield one


def odd(number):
    return 2 * number + 1


def check_counted(proxy, count, *names):
    """Counted just after the connection's end, so perhaps not yet."""
    names = names or ("http2.flooded",)
    wait_until(lambda: sum(proxy.figure(name) for name in names) == count, f"{count} counted as {names}")


# --- HPACK ---


@pytest.mark.parametrize("name", ["x", "cookie", "host"])
def test_an_hpack_bomb_is_stopped_whatever_its_field_is_called(proxy, name):
    # One entry of 4000 bytes, then a byte for each time that it comes again: 40 MB in a block of 14 KB.
    bomb = block(request()) + indexed_field(name, "v" * 4000) + NEWEST * 10_000
    with Watch(proxy) as watch:
        for _ in range(20):
            with Peer(proxy.port) as peer:
                peer.send(headers(1, bomb))
                assert peer.hear_the_end()
                assert peer.goaway() == ENHANCE_YOUR_CALM
    watch.check(growth=2 * MIB)
    check_counted(proxy, 20)


def test_heads_that_stay_below_the_budget_cannot_add_up(proxy):
    # Fourteen references to one entry of 4000 bytes: 57 KB of fields for 30 bytes, a hundred times on each connection.
    entry = indexed_field("cookie", "v" * 4000)
    with Watch(proxy) as watch:
        peers = [Peer(proxy.port) for _ in range(20)]
        for peer in peers:
            for i in range(2 * STREAMS):
                first = entry if i == 0 else b""
                peer.send(headers(odd(i), block(request("/hold")) + first + NEWEST * 13, ends=False))
        for peer in peers:
            assert peer.hear_until(lambda p=peer: len(p.resets()) >= STREAMS), "the rest is refused"
            assert set(peer.resets().values()) == {REFUSED_STREAM}
            peer.socket.close()
    # Each MiB of heads is there a few times: as it came, joined, and on its way to the application.
    watch.check(growth=20 * 5 * MIB)


def test_cookie_crumbs_behind_a_closed_window_do_not_pile_up(short_proxy):
    proxy = short_proxy
    crumb = indexed_field("cookie", "a=" + "b" * 500)
    with Watch(proxy) as watch:
        peers = [Peer(proxy.port, settings((INITIAL_WINDOW_SIZE, 0))) for _ in range(10)]
        for peer in peers:
            for i in range(STREAMS):
                peer.send(headers(odd(i), block(request("/big")) + (crumb if i == 0 else b"") + NEWEST * 80))
        for peer in peers:
            everything = lambda p=peer: p.is_closed or all(p.has_ended(odd(i)) for i in range(STREAMS))  # noqa: E731
            assert peer.hear_until(everything), "streams whose window stays closed are ended"
            assert set(peer.resets().values()) <= {ENHANCE_YOUR_CALM, REFUSED_STREAM, INTERNAL_ERROR}, peer.resets()
            peer.socket.close()
    watch.check(growth=10 * 8 * MIB)


def test_a_repeated_large_entry_costs_little_time(proxy):
    bomb = block(request()) + indexed_field("x", "v" * 4000) + NEWEST * 10_000
    with Watch(proxy) as watch:
        begin = time.monotonic()
        for _ in range(100):
            with Peer(proxy.port) as peer:
                peer.send(headers(1, bomb))
                assert peer.hear_the_end()
        assert time.monotonic() - begin < 20
    watch.check(growth=2 * MIB)


# --- resets ---


def test_rapid_reset_ends_the_connection_before_it_costs_the_application(proxy, application):
    before, _ = application.seen()
    with Watch(proxy) as watch:
        for _ in range(10):
            with Peer(proxy.port) as peer:
                assert peer.flood(lambda i: headers(odd(i), request("/hold")) + reset(odd(i)), 5000)
                assert peer.goaway() == ENHANCE_YOUR_CALM
    watch.check(growth=20 * MIB)
    check_counted(proxy, 10)
    after, most = application.seen()
    assert after - before - watch.answers <= 10 * 201
    assert most <= 2 * STREAMS + 1


# Each frame makes a server reset the stream in front of it (CVE-2025-8671), or end the connection.
RESET_ME = {
    "a window that overflows": lambda i: window_update(i, 0x7FFFFFFF),
    "a window that grows by nothing": lambda i: window_update(i, 0),
    "content behind the length": lambda i: data(i, b"more than that"),
    "content that ends early": lambda i: data(i, b"a", ends=True),
    "trailers without an end": lambda i: headers(i, [("x-sum", "1")], ends=False),
    "trailers that are malformed": lambda i: headers(i, [("Upper", "1")]),
    "trailers with pseudo-fields": lambda i: headers(i, [(":path", "/")]),
    "trailers of the connection": lambda i: headers(i, [("connection", "close")]),
    "too many trailers": lambda i: headers(i, [(f"x-{n}", "1") for n in range(40)]),
    "a window frame that is too short": lambda i: frame(WINDOW_UPDATE, 0, i, b"\0\0\0"),
    "a reset that is too long": lambda i: frame(RST_STREAM, 0, i, b"\0\0\0\0\0"),
    "padding beyond the frame": lambda i: frame(DATA, PADDED, i, b"\xff"),
    "a priority that is too short": lambda i: frame(PRIORITY, 0, i, b"\0\0\0\0"),
    "a stream that depends on itself": lambda i: frame(PRIORITY, 0, i, struct.pack(">IB", i, 1)),
}


@pytest.mark.parametrize("way", RESET_ME)
def test_resets_that_the_proxy_is_made_to_send_end_the_connection(proxy, application, way):
    before, _ = application.seen()
    opening = [*request("/hold", "POST"), ("content-length", "5")]
    with Watch(proxy) as watch, Peer(proxy.port) as peer:
        over = peer.flood(lambda i: headers(odd(i), opening, ends=False) + RESET_ME[way](odd(i)), 3000)
        assert over, "the connection goes on"
        assert peer.goaway() in (ENHANCE_YOUR_CALM, PROTOCOL_ERROR, FRAME_SIZE_ERROR)
    watch.check(growth=20 * MIB)
    after, most = application.seen()
    assert after - before - watch.answers <= 420
    assert most <= 2 * STREAMS + 1


# What nghttp2 lets through and the proxy's own rules do not: these are counted as well.
REFUSED_HEADS = {
    "a space in the path": request("/a b"),
    "another host": request(more=[("host", "elsewhere")]),
    "a scheme that is none of HTTP's": request(scheme="ftp"),
}


@pytest.mark.parametrize("way", REFUSED_HEADS)
def test_malformed_heads_without_end_end_the_connection(proxy, application, way):
    before, _ = application.seen()
    with Watch(proxy) as watch, Peer(proxy.port) as peer:
        assert peer.flood(lambda i: headers(odd(i), REFUSED_HEADS[way]), 5000)
        assert peer.goaway() == ENHANCE_YOUR_CALM
    watch.check(growth=4 * MIB)
    assert application.seen()[0] - before == watch.answers, "none of it reached the application"


# --- frames that cost the sender nothing ---

FLOODS = {
    "SETTINGS": lambda _: settings(),
    "acknowledged SETTINGS": lambda _: frame(SETTINGS, ACK, 0),
    "PING": lambda _: frame(PING, 0, 0, b"12345678"),
    "PING answers": lambda _: frame(PING, ACK, 0, b"12345678"),
    "PRIORITY": lambda _: frame(PRIORITY, 0, 3, struct.pack(">IB", 0, 1)),
    "PRIORITY of ever new streams": lambda i: frame(PRIORITY, 0, odd(i) + 2, struct.pack(">IB", 0, 1)),
    "empty DATA": lambda _: data(1, b""),
    "DATA of padding alone": lambda _: frame(DATA, PADDED, 1, b"\x03\0\0\0"),
    "WINDOW_UPDATE": lambda _: window_update(0, 1),
    "unknown frames": lambda _: frame(0x77, 0, 0, b"x"),
    "GOAWAY": lambda _: frame(GOAWAY, 0, 0, bytes(8)),
    "empty header blocks in pieces": lambda i: headers(odd(i) + 2, block(request())[:4], complete=False)
    + frame(CONTINUATION, 0, odd(i) + 2) * 3
    + frame(CONTINUATION, END_HEADERS, odd(i) + 2, block(request())[4:])
    + reset(odd(i) + 2),
}

EXPECTED = {"acknowledged SETTINGS": PROTOCOL_ERROR}  # for the first one already


@pytest.mark.parametrize("kind", FLOODS)
def test_floods_of_frames_end_the_connection(proxy, kind):
    with Watch(proxy) as watch:
        for _ in range(3):
            with Peer(proxy.port) as peer:
                peer.send(headers(1, request("/hold", "POST"), ends=False))
                assert peer.flood(FLOODS[kind], 20_000), "the connection goes on"
                assert peer.goaway() == EXPECTED.get(kind, ENHANCE_YOUR_CALM)
    watch.check(growth=8 * MIB)
    check_counted(proxy, 3, "http2.flooded", "http2.protocol_error")


def test_heads_on_streams_that_were_reset_cannot_go_on_for_ever(proxy):
    # nghttp2 decodes and forgets them; each may refer to a large entry many times.
    with Watch(proxy) as watch, Peer(proxy.port) as peer:
        peer.send(headers(1, [*request(), ("Upper", "case")], ends=False))
        assert peer.hear_until(lambda: 1 in peer.resets())
        assert peer.flood(lambda _: headers(1, METHOD_GET * 4000), 20_000), "the connection goes on"
        assert peer.goaway() in (ENHANCE_YOUR_CALM, STREAM_CLOSED)
    watch.check(growth=4 * MIB)


@pytest.mark.parametrize("piece", [b"", b"\x00\x01x\x01y"])
def test_continuation_floods_end_the_connection(proxy, piece):
    with Watch(proxy) as watch:
        for _ in range(20):
            with Peer(proxy.port) as peer:
                peer.send(headers(1, request(), complete=False))
                assert peer.flood(lambda _: frame(CONTINUATION, 0, 1, piece), 100_000)
                assert peer.goaway() == ENHANCE_YOUR_CALM
    watch.check(growth=2 * MIB)
    check_counted(proxy, 20)


def test_a_peer_that_asks_and_never_reads_is_bounded_and_dropped(short_proxy):
    with Watch(short_proxy) as watch:
        peers = [Peer(short_proxy.port, receive_buffer=4096) for _ in range(10)]
        for peer in peers:
            peer.socket.settimeout(0.2)
            for i in range(100_000):
                if not peer.send(frame(PING, 0, 0, b"12345678") * 50 + headers(odd(i), request("/big"))):
                    break
        for peer in peers:
            peer.socket.close()
    watch.check(growth=10 * 8 * MIB)


# --- states ---


def test_what_follows_the_last_goaway_harms_nobody(proxy):
    # CVE-2026-27135: a malformed frame behind the end of a session.
    tail = [frame(SETTINGS, 0, 1), frame(PING, 0, 0, b"short"), frame(HEADERS, 4, 0, b"\xff" * 20),
            frame(CONTINUATION, 0, 1, b"x"), frame(WINDOW_UPDATE, 0, 0, bytes(4)), frame(0xFF, 0xFF, 0, b"?")]
    with Watch(proxy) as watch:
        for first in tail:
            with Peer(proxy.port) as peer:
                peer.send(first + b"".join(tail) * 20)
                assert peer.hear_the_end()
                assert peer.goaway() not in (None, 0)
    watch.check(growth=2 * MIB)


def test_trailers_without_an_end_reset_their_stream_alone(proxy):
    with Peer(proxy.port) as peer:
        peer.send(headers(1, request("/hold", "POST"), ends=False) + data(1, b"abc"))
        peer.send(headers(1, [("x-sum", "1")], ends=False))
        assert peer.hear_until(lambda: peer.has_ended(1))
        assert peer.resets() == {1: PROTOCOL_ERROR}
        peer.send(headers(3, request("/after")))
        assert peer.hear_until(lambda: peer.has_ended(3))
        assert peer.body(3) == b"GET /after 0"


def test_content_behind_a_reset_is_nobodys(proxy):
    with Peer(proxy.port) as peer:
        peer.send(headers(1, [*request("/a", "POST"), ("content-length", "3")], ends=False) + data(1, b"abcdef"))
        assert peer.hear_until(lambda: 1 in peer.resets())
        # On their way when the reset was: no error, and nobody's content.
        peer.send(data(1, b"late") + headers(1, [("x-late", "1")]) + headers(3, request("/after")))
        assert peer.hear_until(lambda: peer.has_ended(3))
        assert peer.body(3) == b"GET /after 0"
        peer.send(headers(5, request("/hold", "POST"), ends=False) + reset(5) + data(5, b"x"))
        assert peer.hear_the_end()
        assert peer.goaway() == STREAM_CLOSED


# --- time ---


def test_streams_whose_window_stays_closed_end_in_time(short_proxy):
    with Watch(short_proxy) as watch:
        peers = [Peer(short_proxy.port, settings((INITIAL_WINDOW_SIZE, 0))) for _ in range(10)]
        for peer in peers:
            peer.send(b"".join(headers(odd(i), request("/big")) for i in range(STREAMS)))
        for peer in peers:
            assert peer.hear_until(lambda p=peer: all(p.has_ended(odd(i)) for i in range(STREAMS)))
            assert not peer.is_closed, "the connection itself has done nothing wrong"
            peer.socket.close()
    watch.check(growth=10 * 8 * MIB)


def test_uploads_that_stall_are_told_so(short_proxy):
    with Watch(short_proxy) as watch, Peer(short_proxy.port) as peer:
        peer.send(b"".join(headers(odd(i), request("/hold", "POST"), ends=False) for i in range(STREAMS)))
        assert peer.hear_until(lambda: all(peer.has_ended(odd(i)) for i in range(STREAMS)))
        assert not peer.is_closed
    watch.check(growth=8 * MIB)


def test_a_head_that_does_not_end_ends_the_connection(short_proxy):
    with Peer(short_proxy.port) as peer:
        peer.send(headers(1, request(), complete=False))
        assert peer.hear_the_end(10)
    check_counted(short_proxy, 1, "http2.timed_out")


def test_a_preface_without_settings_ends_the_connection_by_default(proxy):
    with Peer(proxy.port, first=b"") as peer:
        assert peer.hear_the_end(15)
    check_counted(proxy, 1, "http2.timed_out")
