"""HTTP/2 frames and header blocks made by hand, so that they can be wrong in every way; and what a peer says back."""

import socket
import struct
import time
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
INITIAL_WINDOW_SIZE = 4
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR = 0, 1, 2, 5, 6
REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 7, 8, 11
PATIENCE = 20.0


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def hpack_number(value, prefix_bits, first=0):
    """RFC 7541 section 5.1."""
    most = (1 << prefix_bits) - 1
    if value < most:
        return bytes([first | value])
    out = [first | most]
    value -= most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def hpack_text(text):
    raw = text if isinstance(text, bytes) else text.encode("latin-1")
    return hpack_number(len(raw), 7) + raw


def field(name, value):
    """A literal that is not put into the dynamic table."""
    return b"\x00" + hpack_text(name) + hpack_text(value)


def indexed_field(name, value):
    """A literal that becomes the newest entry of the dynamic table."""
    return b"\x40" + hpack_text(name) + hpack_text(value)


METHOD_GET = b"\x82"  # of the static table
NEWEST = b"\xbe"  # one byte that stands for the newest entry of the dynamic table


def block(fields):
    return b"".join(field(name, value) for name, value in fields)


def request(path="/", method="GET", authority="app", scheme="http", more=()):
    """The fields of a request; a pseudo-field that is None is left out."""
    pseudo = [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]
    return [*((name, value) for name, value in pseudo if value is not None), *more]


def headers(stream, fields, ends=True, complete=True):
    encoded = fields if isinstance(fields, bytes) else block(fields)
    flags = (END_STREAM if ends else 0) | (END_HEADERS if complete else 0)
    return frame(HEADERS, flags, stream, encoded)


def data(stream, payload, ends=False):
    return frame(DATA, END_STREAM if ends else 0, stream, payload)


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", name, value) for name, value in pairs))


@dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self):
        """The error code of RST_STREAM and GOAWAY."""
        at = 4 if self.kind == GOAWAY else 0
        return struct.unpack(">I", self.payload[at : at + 4])[0]

    @property
    def ends_stream(self):
        return self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM)


class Peer:
    """A client that has sent the preface. What it hears is in `frames`; `is_closed` once the proxy has ended it."""

    def __init__(self, port, first=None, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.frames = []
        self.is_closed = False
        self.unparsed = b""
        self.send(PREFACE + (settings() if first is None else first))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, raw):
        """False once the proxy takes nothing more."""
        try:
            self.socket.sendall(raw)
        except OSError:
            self.is_closed = True
            self.drain()
        return not self.is_closed

    def receive(self, patience=PATIENCE):
        """Whatever comes next; false when nothing does in time, or nothing will."""
        if self.is_closed:
            return False
        self.socket.settimeout(max(patience, 0.001))
        try:
            piece = self.socket.recv(1 << 16)
        except TimeoutError:
            return False
        except OSError:
            piece = b""
        finally:
            self.socket.settimeout(PATIENCE)
        self.is_closed = not piece
        self.take(piece)
        return bool(piece)

    def drain(self):
        """What had come before the connection broke."""
        try:
            while piece := self.socket.recv(1 << 16):
                self.take(piece)
        except OSError:
            pass

    def take(self, piece):
        self.unparsed += piece
        while len(self.unparsed) >= 9:
            size = int.from_bytes(self.unparsed[:3], "big")
            if len(self.unparsed) < 9 + size:
                return
            kind, flags = self.unparsed[3], self.unparsed[4]
            stream = int.from_bytes(self.unparsed[5:9], "big") & 0x7FFFFFFF
            self.frames.append(Frame(kind, flags, stream, self.unparsed[9 : 9 + size]))
            self.unparsed = self.unparsed[9 + size :]

    def hear_until(self, condition, patience=PATIENCE):
        """Receives until the condition holds; whether it does."""
        end = time.monotonic() + patience
        while not condition():
            left = end - time.monotonic()
            if left <= 0 or not self.receive(left):
                break
        return condition()

    def hear_the_end(self, patience=PATIENCE):
        return self.hear_until(lambda: self.is_closed, patience)

    def flood(self, make, rounds, each=50):
        """Sends make(i), many at once, listening meanwhile, until the proxy has had enough; whether it has."""
        for begin in range(0, rounds, each):
            if not self.send(b"".join(make(i) for i in range(begin, begin + each))):
                break
            while self.receive(0):
                pass
            if self.is_closed:
                break
        return self.hear_the_end(2.0 if not self.is_closed else 0.1)

    def of(self, kind, stream=None):
        return [one for one in self.frames if one.kind == kind and stream in (None, one.stream)]

    def goaway(self):
        """The code of the last GOAWAY; None without one."""
        said = self.of(GOAWAY)
        return said[-1].code if said else None

    def resets(self):
        """{stream: code}"""
        return {one.stream: one.code for one in self.of(RST_STREAM)}

    def has_ended(self, stream):
        return any(one.ends_stream for one in self.frames if one.stream == stream) or bool(self.of(RST_STREAM, stream))

    def body(self, stream):
        return b"".join(one.payload for one in self.of(DATA, stream))

    def heard_status(self, stream):
        """The status of an answer; 0 when there is none. Ours are indexed or literals that can be told by their digits."""
        blocks = self.of(HEADERS, stream)
        return status_of(blocks[0].payload) if blocks else 0


# RFC 7541 appendix A.
STATIC_STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
HUFFMAN_DIGITS = {"00000": "0", "00001": "1", "00010": "2"} | {
    f"{0x19 + i:06b}": str(3 + i) for i in range(7)
}


def huffman_digits(raw):
    """Digits only, which is all that a status is made of."""
    bits = "".join(f"{byte:08b}" for byte in raw)
    out = ""
    while len(out) < 3:
        code = next((c for c in HUFFMAN_DIGITS if bits.startswith(c)), None)
        if code is None:
            return out
        out += HUFFMAN_DIGITS[code]
        bits = bits[len(code) :]
    return out


def status_of(encoded):
    """The :status that a header block begins with. A peer that the dynamic table has entries of is beyond it."""
    while encoded and encoded[0] & 0xE0 == 0x20:  # a change of the table's size
        encoded = encoded[1:]
    if encoded[0] & 0x80:
        return STATIC_STATUS.get(encoded[0] & 0x7F, 0)
    size = encoded[1] & 0x7F
    raw = encoded[2 : 2 + size]
    return int((huffman_digits(raw) if encoded[1] & 0x80 else raw.decode()) or 0)
