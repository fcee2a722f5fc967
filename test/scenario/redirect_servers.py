"""Servers for the redirection scenario: `report PORT` says where a connection meant to go, `direct PORT` says direct,
`dns PORT` answers any datagram with `dns`. IPv4 and IPv6. Prints one line when all of them listen."""

import selectors
import socket
import sys

from fake_destination import original_destination


def listener(port, family, kind):
    server = socket.socket(family, kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    # A datagram's answer must come from the address that was asked, which a socket bound to all of them does not see to.
    loopback = "127.0.0.1" if family == socket.AF_INET else "::1"
    server.bind((loopback if kind == socket.SOCK_DGRAM else "", port))
    if kind == socket.SOCK_STREAM:
        server.listen()
    return server


def report(server):
    connection, _ = server.accept()
    address, port = original_destination(connection)
    connection.sendall(f"{server.getsockname()[1]} took {address} {port}\n".encode())
    connection.close()


def direct(server):
    connection, _ = server.accept()
    connection.sendall(b"direct\n")
    connection.close()


def dns(server):
    _, peer = server.recvfrom(512)
    server.sendto(b"dns", peer)


def main():
    events = selectors.DefaultSelector()
    serve = {"report": report, "direct": direct, "dns": dns}
    for what, port in zip(sys.argv[1::2], sys.argv[2::2]):
        kind = socket.SOCK_DGRAM if what == "dns" else socket.SOCK_STREAM
        for family in (socket.AF_INET, socket.AF_INET6):
            events.register(listener(int(port), family, kind), selectors.EVENT_READ, serve[what])
    print("listening", flush=True)
    while True:
        for key, _ in events.select():
            key.data(key.fileobj)


main()
