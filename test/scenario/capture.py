"""What tcpdump saw: pcap files, TCP streams put together again, TLS records."""

import contextlib
import dataclasses
import os
import signal
import socket
import struct
import subprocess
import tempfile

from mesh import wait_until

TCP, UDP = 6, 17
HANDSHAKE, APPLICATION_DATA = 22, 23
CLIENT_HELLO, SERVER_HELLO = 1, 2
SUPPORTED_VERSIONS = 43
TLS13 = 0x0304


@dataclasses.dataclass
class Packet:
    protocol: int
    source: tuple
    destination: tuple
    sequence: int
    payload: bytes


def packets_of(pcap):
    """IPv4 packets of TCP and UDP in a capture of an Ethernet-like interface, as far as the file is whole."""
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}[pcap[:4]]
    assert struct.unpack(order + "I", pcap[20:24])[0] == 1, "the link type is Ethernet, as of lo"
    at = 24
    while at + 16 <= len(pcap):
        captured, original = struct.unpack(order + "II", pcap[at + 8:at + 16])
        frame = pcap[at + 16:at + 16 + captured]
        if len(frame) < captured:
            return
        assert captured == original, "nothing was cut off"
        at += 16 + captured
        if packet := read_frame(frame):
            yield packet


def read_frame(frame):
    if frame[12:14] != b"\x08\x00":
        return None
    ip = frame[14:14 + struct.unpack("!H", frame[16:18])[0]]
    segment = ip[(ip[0] & 15) * 4:]
    if ip[9] not in (TCP, UDP):
        return None
    ports = struct.unpack("!HH", segment[:4])
    head = (segment[12] >> 4) * 4 if ip[9] == TCP else 8
    sequence = struct.unpack("!I", segment[4:8])[0] if ip[9] == TCP else 0
    return Packet(ip[9], (socket.inet_ntoa(ip[12:16]), ports[0]), (socket.inet_ntoa(ip[16:20]), ports[1]), sequence,
                  segment[head:])


def streams_of(packets):
    """(source, destination) -> the bytes that went that way, each once and in order."""
    pieces = {}
    for packet in packets:
        if packet.protocol == TCP and packet.payload:
            pieces.setdefault((packet.source, packet.destination), {})[packet.sequence] = packet.payload
    streams = {}
    for way, by_sequence in pieces.items():
        first = min(by_sequence)
        assert max(by_sequence) - first < 1 << 30, "sequence numbers did not wrap around"
        whole = bytearray()
        for sequence in sorted(by_sequence):
            begin = sequence - first
            assert begin <= len(whole), "no segment is missing"
            whole[begin:begin + len(by_sequence[sequence])] = by_sequence[sequence]
        streams[way] = bytes(whole)
    return streams


def records_of(stream):
    """(type, content) of each TLS record that is there whole."""
    at = 0
    while at + 5 <= len(stream):
        kind, _, size = struct.unpack("!BHH", stream[at:at + 5])
        assert 20 <= kind <= 23, "these are TLS records"
        if at + 5 + size > len(stream):
            return
        yield kind, stream[at + 5:at + 5 + size]
        at += 5 + size


def negotiated_version(server_hello):
    """Of a ServerHello, handshake header included: what its supported_versions says (RFC 8446, section 4.2.1)."""
    assert server_hello[0] == SERVER_HELLO
    at = 4 + 2 + 32
    at += 1 + server_hello[at]  # the session id
    at += 2 + 1  # cipher suite and compression
    end = at + 2 + struct.unpack("!H", server_hello[at:at + 2])[0]
    at += 2
    while at < end:
        kind, size = struct.unpack("!HH", server_hello[at:at + 4])
        if kind == SUPPORTED_VERSIONS:
            return struct.unpack("!H", server_hello[at + 4:at + 6])[0]
        at += 4 + size
    return struct.unpack("!H", server_hello[4:6])[0]


class Namespace:
    """A network namespace of the test's own, whose loopback nobody else uses; as root or as an ordinary user."""

    def __init__(self):
        # An ordinary user stays who it is: tcpdump would drop the privileges of a root that cannot.
        unshare = ["-n"] if os.getuid() == 0 else ["-Un", "--map-current-user", "--keep-caps"]
        self.shell = subprocess.Popen(["unshare", *unshare, "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True)
        self.is_up = self.do("ip link set lo up && echo up || echo down") == "up"
        enter = ["-n"] if os.getuid() == 0 else ["-U", "-n", "--preserve-credentials"]
        self.prefix = ["nsenter", "-t", str(self.shell.pid), *enter]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.shell.stdin.close()
        self.shell.wait()

    def do(self, command):
        """Has the shell inside, which may do anything to the namespace, run it; the line it prints, none if it cannot."""
        with contextlib.suppress(BrokenPipeError):
            self.shell.stdin.write(command + "\n")
            self.shell.stdin.flush()
        return self.shell.stdout.readline().strip()


SENTINEL = """
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(sys.argv[1].encode(), ("127.0.0.1", 9))
"""


class Capture:
    """Everything on lo of a namespace, from `with` on."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.folder = tempfile.TemporaryDirectory(prefix="ripstop-capture-")
        self.path = os.path.join(self.folder.name, "lo.pcap")
        self.words = os.path.join(self.folder.name, "words")
        self.process = None

    def __enter__(self):
        user = "-Z root" if os.getuid() == 0 else ""
        dump = f"tcpdump -i lo -s 0 -U --immediate-mode -B 16384 {user} -w {self.path} 2>{self.words}"
        self.process = int(self.namespace.do(f"{dump} & echo $!"))
        wait_until(lambda: "listening on lo" in self.said(), "tcpdump listens", 10)
        return self

    def __exit__(self, *_):
        os.kill(self.process, signal.SIGTERM)
        self.folder.cleanup()

    def said(self):
        try:
            with open(self.words, encoding="ascii") as words:
                return words.read()
        except FileNotFoundError:
            return ""

    def packets(self, sentinel):
        """All that was sent before this call: a datagram sent now is the last one waited for."""
        subprocess.run([*self.namespace.prefix, "python3", "-c", SENTINEL, sentinel], check=True)

        def read():
            with open(self.path, "rb") as file:
                pcap = file.read()
            packets = list(packets_of(pcap)) if len(pcap) >= 24 else []
            return packets if any(p.protocol == UDP and p.payload == sentinel.encode() for p in packets) else None

        return wait_until(read, "the capture has seen the last packet")


def text_of(packets):
    return b"\0".join(packet.payload for packet in packets)
