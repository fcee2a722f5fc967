#!/usr/bin/python3
"""The application behind a proxy under attack, as a process of its own.

usage: application.py  -- writes its port to standard output, serves HTTP/1.1 until standard input ends.

GET /big answers with 4 MiB, GET /hold never, anything else with its method, path and the bytes of its content.
GET /seen says how many requests have come and how many were under way at most since it was
asked last; it is not counted itself.
"""

import asyncio
import sys

BIG = 4 << 20
PIECE = bytes(64 << 10)


class Application:
    def __init__(self):
        self.seen = self.under_way = self.most = 0

    async def serve(self, reader, writer):
        try:
            while await self.exchange(reader, writer):
                pass
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def exchange(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n", 1)[0].split(b" ", 2)
        fields = dict(line.lower().split(b": ", 1) for line in head[:-4].split(b"\r\n")[1:])
        if path == b"/seen":
            most, self.most = self.most, self.under_way
            return await answer(writer, b"%d %d" % (self.seen, most))
        self.seen += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            body = await content(reader, fields)
            if path == b"/hold":
                await reader.read(1)
                return False
            if path == b"/big":
                return await self.pour(writer, has_content=method != b"HEAD")
            return await answer(writer, b"%s %s %d" % (method, path, body))
        finally:
            self.under_way -= 1

    @staticmethod
    async def pour(writer, has_content):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % BIG)
        for _ in range(BIG // len(PIECE) if has_content else 0):
            writer.write(PIECE)
            await writer.drain()
        return True


async def content(reader, fields):
    """Reads it; how many bytes it has."""
    if b"content-length" in fields:
        return len(await reader.readexactly(int(fields[b"content-length"])))
    total = 0
    if b"transfer-encoding" not in fields:
        return total
    while size := int(await reader.readline(), 16):
        total += len(await reader.readexactly(size + 2)) - 2
    while await reader.readline() != b"\r\n":
        pass
    return total


async def answer(writer, body):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
    await writer.drain()
    return True


async def main():
    application = Application()
    server = await asyncio.start_server(application.serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
