"""As much of HTTP/2 as echoing needs, over asyncio streams: frames by hand, header fields never compressed."""

import asyncio
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "attack"))

from frames import (  # noqa: E402: the path above comes first
    ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE, block,
    frame, status_of, window_update,
)

FIRST_WINDOW = 65535


class Broken(Exception):
    """The peer did what it should not, or is gone."""


class Unprocessed(Broken):
    """The peer has said that it did not begin on the stream: ask again elsewhere."""


class Stream:
    def __init__(self, number):
        self.number = number
        self.head = None
        self.has_trailers = False
        self.has_ended = False
        self.failure = None
        self.received = bytearray()
        self.changed = asyncio.Event()

    async def until(self, condition):
        while not condition():
            if self.failure:
                raise self.failure
            self.changed.clear()
            await self.changed.wait()


class Link:
    """One connection. `on_request` is called with each stream that the peer opens; None for clients."""

    def __init__(self, reader, writer, on_request=None):
        self.reader, self.writer, self.on_request = reader, writer, on_request
        self.streams = {}
        self.last = -1
        self.window = FIRST_WINDOW
        self.may_send = asyncio.Event()
        self.is_going = False
        self.tasks = set()
        self.is_over = asyncio.Event()

    def begin(self):
        self.writer.write(frame(SETTINGS, 0, 0) + window_update(0, 1 << 20))
        self.start(self.run())

    def start(self, work):
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def run(self):
        try:
            while True:
                head = await self.reader.readexactly(9)
                payload = await self.reader.readexactly(int.from_bytes(head[:3], "big"))
                self.take(head[3], head[4], struct.unpack(">I", head[5:])[0] & 0x7FFFFFFF, payload)
                await self.writer.drain()
        except (OSError, asyncio.IncompleteReadError) as error:
            for stream in list(self.streams.values()):
                self.fail(stream, Broken(f"the connection ended: {error!r}"))
        finally:
            self.is_going = True
            self.is_over.set()
            self.may_send.set()
            self.writer.close()

    def fail(self, stream, why):
        stream.failure = why
        stream.changed.set()

    def take(self, kind, flags, number, payload):
        if kind == SETTINGS and not flags & ACK:
            self.writer.write(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.writer.write(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.take_goodbye(*struct.unpack(">II", payload[:8]))
        elif kind == WINDOW_UPDATE and number == 0:
            self.window += struct.unpack(">I", payload)[0]
            self.may_send.set()
        elif kind == RST_STREAM and number in self.streams:
            code = struct.unpack(">I", payload)[0]
            refused = code == 7
            self.fail(self.streams[number], (Unprocessed if refused else Broken)(f"reset with {code}"))
        elif kind == HEADERS:
            self.take_head(flags, number, payload)
        elif kind == DATA:
            self.take_data(flags, number, payload)

    def take_goodbye(self, last, code):
        self.is_going = True
        for stream in list(self.streams.values()):
            if code != 0:
                self.fail(stream, Broken(f"the connection was ended with {code}"))
            elif self.on_request is None and stream.number > last:
                self.fail(stream, Unprocessed("the connection takes no more"))

    def take_head(self, flags, number, payload):
        assert flags & END_HEADERS, "heads are short here"
        stream = self.streams.get(number)
        if stream is None:
            if self.on_request is None:
                return
            stream = self.streams[number] = Stream(number)
            self.start(self.on_request(self, stream))
        if stream.head is None:
            stream.head = payload
        elif self.on_request is None and status_of(stream.head) // 100 == 1:
            stream.head = payload
        else:
            stream.has_trailers = True
        stream.has_ended = stream.has_ended or bool(flags & END_STREAM)
        stream.changed.set()

    def take_data(self, flags, number, payload):
        if payload:
            self.writer.write(window_update(0, len(payload)))
        stream = self.streams.get(number)
        if stream is None:
            return
        if payload and not flags & END_STREAM:
            self.writer.write(window_update(number, len(payload)))
        stream.received += payload
        stream.has_ended = bool(flags & END_STREAM)
        stream.changed.set()

    async def send(self, stream, payload, ends=False):
        while self.window < len(payload):
            if self.is_over.is_set():
                raise Broken("the connection ended")
            self.may_send.clear()
            await self.may_send.wait()
        self.window -= len(payload)
        self.writer.write(frame(DATA, END_STREAM if ends else 0, stream.number, payload))

    def send_head(self, stream, fields, ends=False):
        flags = END_HEADERS | (END_STREAM if ends else 0)
        self.writer.write(frame(HEADERS, flags, stream.number, block(fields)))

    def open(self, fields):
        if self.is_going:
            raise Unprocessed("the connection takes no more")
        self.last += 2
        stream = self.streams[self.last] = Stream(self.last)
        self.send_head(stream, fields)
        return stream

    def forget(self, stream):
        self.streams.pop(stream.number, None)
