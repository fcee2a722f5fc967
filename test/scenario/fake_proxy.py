#!/usr/bin/python3
"""Stands in for ripstop-proxy where only the capture is tested.

Answers every captured TCP connection with one line, `original FAMILY ADDRESS PORT`, and then, for inbound sockets,
relays to the application through the broker. Answers DNS queries with 192.0.2.7 and 2001:db8::7.
"""

import argparse
import array
import ipaddress
import os
import selectors
import signal
import socket
import struct
import sys
import threading

from fake_destination import original_destination

CAPTURE_PORT = 15001


class Broker:
    def __init__(self, fd):
        main = socket.socket(fileno=fd)
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        socket.send_fds(main, [b"C"], [theirs.fileno()])
        theirs.close()

    def connect(self, port):
        self.channel.send(b"4")
        _, descriptors, _, _ = socket.recv_fds(self.channel, 1, 1)
        inside = socket.socket(fileno=descriptors[0])
        inside.setblocking(True)
        inside.connect(("127.0.0.1", port))
        return inside


def pump(source, sink):
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve_outbound(connection):
    family = 4 if connection.family == socket.AF_INET else 6
    address, port = original_destination(connection)
    connection.sendall(f"original {family} {ipaddress.ip_address(address)} {port}\n".encode())
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass
    connection.close()


def serve_inbound(connection, broker, port):
    inside = broker.connect(port)
    threading.Thread(target=pump, args=(connection, inside), daemon=True).start()
    pump(inside, connection)


def dns_answer(query):
    question_end = 12 + query[12:].index(b"\0") + 5
    kind = struct.unpack("!H", query[question_end - 4:question_end - 2])[0]
    address = {1: socket.inet_aton("192.0.2.7"), 28: socket.inet_pton(socket.AF_INET6, "2001:db8::7")}.get(kind)
    head = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if address else b"\0\0") + b"\0\0\0\0"
    answer = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(address)) + address if address else b""
    return head + query[12:question_end] + answer


def serve_dns_connection(connection):
    size = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
    answer = dns_answer(connection.recv(size, socket.MSG_WAITALL))
    connection.sendall(struct.pack("!H", len(answer)) + answer)
    connection.close()


def accept_dns(server):
    connection, _ = server.accept()
    threading.Thread(target=serve_dns_connection, args=(connection,), daemon=True).start()


def answer_dns(server):
    query, peer = server.recvfrom(4096)
    server.sendto(dns_answer(query), peer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen-fd", type=int, action="append", default=[])
    parser.add_argument("--dns-fd", type=int, action="append", default=[])
    parser.add_argument("--broker-fd", type=int)
    parser.add_argument("--ready-fd", type=int)
    options, _ = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if os.environ.get("FAKE_PROXY_FAILS"):
        print("the fake proxy was told to fail", flush=True)
        sys.exit(3)
    broker = Broker(options.broker_fd)
    ports = array.array("i", [int(port) for port in os.environ.get("FAKE_PROXY_PORTS", "").split()])
    events = selectors.DefaultSelector()
    inbound = 0
    for fd in options.listen_fd:
        server = socket.socket(fileno=fd)
        server.setblocking(True)
        if server.getsockname()[1] == CAPTURE_PORT:
            events.register(server, selectors.EVENT_READ, lambda s: start(serve_outbound, s))
        elif inbound < len(ports):
            events.register(server, selectors.EVENT_READ,
                            lambda s, port=ports[inbound]: start(serve_inbound, s, broker, port))
            inbound += 1
    for fd in options.dns_fd:
        server = socket.socket(fileno=fd)
        server.setblocking(True)
        events.register(server, selectors.EVENT_READ, accept_dns if server.type == socket.SOCK_STREAM else answer_dns)
    os.write(options.ready_fd, b"R")
    os.close(options.ready_fd)
    while True:
        for key, _ in events.select():
            key.data(key.fileobj)


def start(serve, server, *arguments):
    connection, _ = server.accept()
    connection.setblocking(True)
    threading.Thread(target=serve, args=(connection, *arguments), daemon=True).start()


main()
