"""What is measured. One scenario, one entry; bench/README.md says why each is as it is."""

import difflib
from dataclasses import dataclass, field

MIB = 1024 * 1024
ALL = ("ripstop", "haproxy", "nginx", "nghttpx", "envoy")


@dataclass(frozen=True)
class Scenario:
    """`roles` names the proxies on the path, the client's first, by the template that configures each."""

    name: str
    title: str
    kind: str  # load, idle or start: which module of the harness runs it
    roles: tuple = ("http",)
    service: str = "http1"  # what the upstream serves
    drive: tuple = ()  # arguments of the load program
    content_bytes: int = 1024
    proxies: tuple = ALL
    reference: str = "haproxy"
    ours: tuple = ("ripstop",)  # who is held against the targets: the first that was measured
    primary: str = "cpu_us"  # the figure that is compared
    per: str = "request"
    client_tls: bool = False
    targets: dict = field(default_factory=dict)  # {figure: (most, "ratio" or "value")}


def ratio(most):
    return {"cpu_us": (most, "ratio")}


PAIR = ("outbound", "inbound")
S2_PROXIES = ("ripstop", "ripstop-h2", "haproxy", "haproxy-h2", "nginx", "envoy", "envoy-h2")
HOP = ("ripstop-h2", "ripstop")  # between sidecars of a mesh requests share HTTP/2 connections
S3_PROXIES = ("ripstop", "haproxy", "nghttpx", "envoy")
TCP_PROXIES = ("ripstop", "haproxy", "nginx", "envoy")
BULK_PROXIES = ("ripstop", "haproxy", "haproxy-splice", "nginx", "envoy")
CLOSED = ("--connections", "64")
OPEN = (*CLOSED, "--rate", "5000")
STREAMS = ("--traffic", "http2", "--connections", "4", "--streams", "100")
FEW = ("--connections", "4")
FRESH = ("--connections", "32", "--fresh")

SCENARIOS = {
    one.name: one
    for one in (
        Scenario("S1c", "HTTP/1.1 keep-alive, plain, 1 KiB, 64 connections, saturated", "load", drive=CLOSED,
                 targets=ratio(0.85)),
        Scenario("S1o", "the same at 5,000 requests/s", "load", drive=OPEN,
                 targets={**ratio(0.80), "syscalls": (7, "value")}),
        Scenario("S2c", "client, proxy A, mutual TLS 1.3, proxy B, application; both counted; saturated", "load",
                 roles=PAIR, drive=CLOSED, proxies=S2_PROXIES, ours=HOP, targets=ratio(0.50)),
        Scenario("S2o", "the same at 5,000 requests/s", "load", roles=PAIR, drive=OPEN, proxies=S2_PROXIES, ours=HOP,
                 targets={**ratio(0.65), "syscalls": (14, "value")}),
        Scenario("S3c", "HTTP/2 both sides, gRPC-like unary, 4 connections x 100 streams, saturated", "load",
                 roles=("http2",), service="http2", drive=STREAMS, proxies=S3_PROXIES, targets=ratio(0.35)),
        Scenario("S3o", "the same at 5,000 calls/s", "load", roles=("http2",), service="http2",
                 drive=(*STREAMS, "--rate", "5000"), proxies=S3_PROXIES, targets=ratio(0.50)),
        Scenario("S4e", "opaque TCP, 1 KiB echo, 64 connections", "load", roles=("tcp",), service="echo",
                 drive=("--traffic", "echo", *CLOSED), proxies=TCP_PROXIES, targets=ratio(0.95)),
        Scenario("S4b", "opaque TCP, bulk to the client, 4 connections", "load", roles=("tcp",), service="source",
                 drive=("--traffic", "download", *FEW), proxies=BULK_PROXIES, per="MiB", targets=ratio(0.40)),
        Scenario("S5", "memory: the process, per idle connection, per idle mutual TLS connection", "idle",
                 primary="process_kib", per="process",
                 targets={"process_kib": (6 * 1024, "value"), "idle_bytes": (400, "value"),
                          "idle_tls_bytes": (10_000, "value")}),
        Scenario("S6p", "a new connection for every request, plain", "load", drive=FRESH, targets=ratio(0.85)),
        Scenario("S6f", "a new connection for every request, full mutual TLS handshake", "load", roles=("inbound",),
                 drive=FRESH, client_tls=True, targets=ratio(0.30)),
        Scenario("S6r", "a new connection for every request, resumed mutual TLS", "load", roles=("inbound",),
                 drive=(*FRESH, "--resume"), client_tls=True, targets=ratio(0.25)),
        Scenario("S7", "10 MiB bodies over HTTP/1.1, 4 connections", "load", drive=FEW, content_bytes=10 * MIB,
                 proxies=("ripstop", "haproxy", "haproxy-splice", "nginx", "nghttpx", "envoy"), per="MiB",
                 targets=ratio(0.55)),
        Scenario("S8", "the S2 path with metrics, access log, trace context, 200 routes, retries and outlier detection,"
                 " against our own bare S2", "load", roles=PAIR, drive=(*CLOSED, "--path", "/service/199/item"),
                 proxies=("ripstop", "ripstop-full"), reference="ripstop", ours=("ripstop-full",), targets=ratio(1.15)),
        Scenario("S9", "start to the first answer, with one service and with 1,000", "start", primary="start_ms",
                 per="start",
                 targets={"start_ms": (50, "value"), "services_ms": (200, "value"), "services_kib": (15 * 1024, "value")}),
    )
}


def nearest(word, known):
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else ""


def choose(text):
    """The scenarios that a comma-separated list names: `S1` means S1c and S1o, `all` every one. Raises ValueError."""
    chosen = []
    for word in filter(None, text.split(",")):
        names = [name for name in SCENARIOS if word in (name, "all") or name[:-1] == word]
        if not names:
            raise ValueError(f"unknown scenario {word}{nearest(word, list(SCENARIOS))} (known: {', '.join(SCENARIOS)})")
        chosen += [name for name in names if name not in chosen]
    return [SCENARIOS[name] for name in chosen]
