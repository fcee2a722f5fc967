#!/usr/bin/python3
"""An application that gives back what it gets, whatever it is spoken to in.

usage: echo_application.py WEB_PORT TCP_PORT

On WEB_PORT: HTTP/1 with keep-alive, WebSocket, and HTTP/2 by prior knowledge, streams message by message. On TCP_PORT:
bytes. After SIGTERM it goes on with what it has for a moment, as a good application does.
"""

import asyncio
import os
import signal
import sys

from http2_link import Broken, Link
from websocket_link import accept_of, message, receive

PREFACE_REST = 24 - len(b"PRI * HTTP/2.0\r\n\r\n")
LAST_MOMENT = 1.0


async def serve_web(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"PRI * HTTP/2.0"):
                await reader.readexactly(PREFACE_REST)
                link = Link(reader, writer, echo_stream)
                link.begin()
                await link.is_over.wait()
                return
            fields = dict(line.lower().split(b": ", 1) for line in head[:-4].split(b"\r\n")[1:])
            if b"upgrade" in fields:
                key = next(line[19:] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: "))
                return await echo_websocket(reader, writer, key)
            body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def echo_websocket(reader, writer, key):
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-accept: " + accept_of(key) + b"\r\n\r\n"
    )
    while True:
        writer.write(message(await receive(reader)))
        await writer.drain()


async def echo_stream(link, stream):
    try:
        link.send_head(stream, [(":status", "200"), ("content-type", "application/grpc")])
        while True:
            await stream.until(lambda: stream.received or stream.has_ended)
            piece, stream.received = bytes(stream.received), bytearray()
            if piece:
                await link.send(stream, piece)
            elif stream.has_ended:
                break
        link.send_head(stream, [("grpc-status", "0")], ends=True)
    except Broken:
        pass
    finally:
        link.forget(stream)


async def serve_tcp(reader, writer):
    try:
        while piece := await reader.read(4096):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main():
    servers = [
        await asyncio.start_server(serve_web, "", int(sys.argv[1]), backlog=256),
        await asyncio.start_server(serve_tcp, "", int(sys.argv[2]), backlog=256),
    ]
    asked_to_end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked_to_end.set)
    await asked_to_end.wait()
    await asyncio.sleep(LAST_MOMENT)
    for server in servers:
        server.close()
    os._exit(0)  # whatever connections are left end with the process, without a word about it


asyncio.run(main())
