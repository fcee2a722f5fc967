"""A WebSocket's handshake and short messages (RFC 6455) over asyncio streams."""

import base64
import hashlib
import os

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def new_key():
    return base64.b64encode(os.urandom(16))


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


def message(payload, mask=b""):
    """A binary message of less than 126 bytes; a client's is masked."""
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if mask else payload
    return bytes([0x82, len(payload) | (0x80 if mask else 0)]) + mask + masked


async def receive(reader):
    """The next message's payload."""
    _, size = await reader.readexactly(2)
    mask = await reader.readexactly(4) if size & 0x80 else b""
    payload = await reader.readexactly(size & 0x7F)
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if mask else payload
