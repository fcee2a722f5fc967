"""Where a redirected connection meant to go, for the stand-ins of the proxy."""

import socket
import struct

ORIGINAL_DST = 80  # SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST


def original_destination(connection):
    if connection.family == socket.AF_INET:
        raw = connection.getsockopt(socket.SOL_IP, ORIGINAL_DST, 16)
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack("!H", raw[2:4])[0]
    raw = connection.getsockopt(socket.IPPROTO_IPV6, ORIGINAL_DST, 28)
    return socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack("!H", raw[2:4])[0]
