#!/usr/bin/python3
"""Load of every kind against one echoing service, each answer compared with what was sent.

usage: mixed_load.py HOST WEB_PORT TCP_PORT

Goes on until SIGINT or SIGTERM, then lets what is under way finish and writes {"requests": {KIND: N}, "failures": [...]}
to standard output as JSON.
"""

import asyncio
import json
import os
import random
import signal
import sys

from http2_link import PREFACE, Broken, Link, Unprocessed, status_of
from websocket_link import accept_of, message, new_key, receive

HOST, WEB, TCP = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
PATIENCE = 10
MOST_FAILURES_TOLD = 20
PAUSE = 0.02  # the load is to be mixed rather than high
EXCHANGES = 15  # of one session of a WebSocket or a plain connection


class Load:
    def __init__(self):
        self.is_over = False
        self.requests = {}
        self.failures = []
        self.failed = 0

    async def repeat(self, kind, exchange, *arguments):
        while not self.is_over:
            try:
                async with asyncio.timeout(PATIENCE):
                    await exchange(*arguments)
                self.requests[kind] = self.requests.get(kind, 0) + 1
            except (OSError, EOFError, TimeoutError, Broken, AssertionError, ValueError) as error:
                self.failed += 1
                if len(self.failures) < MOST_FAILURES_TOLD:
                    self.failures.append(f"{kind}: {error!r}")
            await asyncio.sleep(PAUSE)


def some_bytes(most):
    return os.urandom(random.randrange(1, most))


class KeptConnection:
    """HTTP/1, one request after the other until the server says that it was the last."""

    def __init__(self):
        self.reader = self.writer = None

    async def exchange(self):
        try:
            await self.post(some_bytes(8192))
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None

    async def post(self, body):
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection(HOST, WEB)
        self.writer.write(b"POST /echo HTTP/1.1\r\nhost: %s\r\ncontent-length: %d\r\n\r\n" % (HOST.encode(), len(body)) + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200 "), head
        size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        assert await self.reader.readexactly(size) == body
        if b"connection: close" in head:
            self.close()


class SharedLink:
    """HTTP/2; another connection once the one at hand takes no more requests."""

    def __init__(self):
        self.link = None
        self.connecting = asyncio.Lock()

    async def stream(self, fields):
        for _ in range(5):
            async with self.connecting:
                if self.link is None or self.link.is_going:
                    reader, writer = await asyncio.open_connection(HOST, WEB)
                    writer.write(PREFACE)
                    self.link = Link(reader, writer)
                    self.link.begin()
                link = self.link
            try:
                return link, link.open(fields)
            except Unprocessed:
                continue
        raise Broken("no connection takes requests")

    async def call(self, messages):
        """A call that sends each message when the one before it has come back."""
        fields = [(":method", "POST"), (":scheme", "http"), (":authority", HOST), (":path", "/soak.Echo/Call"),
                  ("content-type", "application/grpc"), ("te", "trailers")]
        while True:
            link, stream = await self.stream(fields)
            try:
                return await self.converse(link, stream, messages)
            except Unprocessed:
                continue
            finally:
                link.forget(stream)

    @staticmethod
    async def converse(link, stream, messages):
        expected = 0
        for index, one in enumerate(messages):
            await link.send(stream, one, ends=index == len(messages) - 1)
            expected += len(one)
            await stream.until(lambda e=expected: len(stream.received) >= e or stream.has_ended)
        await stream.until(lambda: stream.has_ended)
        assert status_of(stream.head) == 200, stream.head
        assert stream.received == b"".join(messages)
        assert stream.has_trailers

    async def unary(self):
        await self.call([some_bytes(4096)])

    async def streaming(self):
        await self.call([some_bytes(1024) for _ in range(10)])


async def websocket():
    reader, writer = await asyncio.open_connection(HOST, WEB)
    try:
        key = new_key()
        writer.write(
            b"GET /ws HTTP/1.1\r\nhost: %s\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: %s\r\n\r\n" % (HOST.encode(), key)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert accept_of(key) in head
        for _ in range(EXCHANGES):
            payload = some_bytes(100)
            writer.write(message(payload, os.urandom(4)))
            assert await receive(reader) == payload
    finally:
        writer.close()


async def plain():
    reader, writer = await asyncio.open_connection(HOST, TCP)
    try:
        for _ in range(EXCHANGES):
            payload = b"\0" + some_bytes(1000)
            writer.write(payload)
            assert await reader.readexactly(len(payload)) == payload
        writer.write_eof()
        assert await reader.read() == b""
    finally:
        writer.close()


async def main():
    load = Load()
    loop = asyncio.get_running_loop()
    for end in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(end, lambda: setattr(load, "is_over", True))
    shared = [SharedLink() for _ in range(2)]
    work = [load.repeat("http1", KeptConnection().exchange) for _ in range(6)]
    work += [load.repeat("http2", link.unary) for link in shared for _ in range(4)]
    work += [load.repeat("grpc_stream", link.streaming) for link in shared for _ in range(3)]
    work += [load.repeat("websocket", websocket) for _ in range(3)]
    work += [load.repeat("tcp", plain) for _ in range(3)]
    await asyncio.gather(*work)
    print(json.dumps({"requests": load.requests, "failed": load.failed, "failures": load.failures}), flush=True)


asyncio.run(main())
