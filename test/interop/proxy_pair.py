"""Two proxies with static bootstraps and mutual TLS between them: client -> near -mTLS-> far -> server."""

import contextlib
import json
import os
import signal
import socket
import subprocess

from certificates import make_cacerts, make_leaf
from mesh import BIN, PATIENCE

TYPE = "type.googleapis.com/envoy.extensions."
IDENTITY = "spiffe://cluster.local/ns/default/sa/interop"
HTTP2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": TYPE + "upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
}


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def tls(kind, leaf, roots, **more):
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{TYPE}transport_sockets.tls.v3.{kind}",
            "common_tls_context": {
                "alpn_protocols": ["h2"],
                "tls_certificates": [{"certificate_chain": {"filename": str(leaf)}, "private_key": {"filename": str(leaf)}}],
                "validation_context": {
                    "trusted_ca": {"filename": str(roots)},
                    "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": IDENTITY}}],
                },
            },
            **more,
        },
    }


def listener(port, filters, security=None):
    connections = {
        "@type": TYPE + "filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "interop",
        "route_config": {
            "name": "all",
            "virtual_hosts": [{
                "name": "all", "domains": ["*"],
                "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "next", "timeout": "0s"}}],
            }],
        },
        "http_filters": [
            *({"name": f"envoy.filters.http.{name}", "typed_config": {"@type": TYPE + kind}} for name, kind in filters),
            {"name": "envoy.filters.http.router", "typed_config": {"@type": TYPE + "filters.http.router.v3.Router"}},
        ],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": connections}]}
    if security:
        chain["transport_socket"] = security
    return {"name": "in", "address": address(port), "filter_chains": [chain]}


def cluster(port, security=None, **more):
    made = {
        "name": "next", "type": "STATIC", "connect_timeout": "5s", "typed_extension_protocol_options": HTTP2,
        "load_assignment": {
            "cluster_name": "next",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}],
        },
        **more,
    }
    if security:
        made["transport_socket"] = security
    return made


class Proxy:
    """One proxy in front of what listens on port `to`; it is ready once it is entered."""

    def __init__(self, folder, name, to, filters=(), accepts=None, connects=None, **of_cluster):
        self.path = folder / f"{name}.json"
        self.sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.port, self.admin_port = (one.getsockname()[1] for one in self.sockets)
        self.path.write_text(json.dumps({
            "node": {"id": name, "cluster": "interop"},
            "admin": {"address": address(self.admin_port)},
            "static_resources": {
                "listeners": [listener(self.port, filters, accepts)],
                "clusters": [cluster(to, connects, **of_cluster)],
            },
        }))
        self.log = folder / f"{name}.log"
        self.process = None

    def __enter__(self):
        ready, told = os.pipe()
        handed = [told, *(one.fileno() for one in self.sockets)]
        listens = [word for fd in handed[1:] for word in ("--listen-fd", str(fd))]
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [BIN / "ripstop-proxy", "-c", self.path, "--concurrency", "2", "--ready-fd", str(told), *listens],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=handed)
        os.close(told)
        for one in self.sockets:
            one.close()
        with os.fdopen(ready, "rb") as reader:
            assert reader.read(1) == b"R", f"the proxy did not start: {self.log.read_text()}"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(PATIENCE) == 0, self.log.read_text()
        finally:
            self.process.kill()


@contextlib.contextmanager
def proxy_pair(folder, to, filters=()):
    """The near one of a pair in front of port `to`; filters (name, type after "extensions.") are the near one's."""
    cacerts = make_cacerts(folder / "cacerts")
    leaf, roots = make_leaf(cacerts, "interop", IDENTITY), cacerts / "root-cert.pem"
    accepts = tls("DownstreamTlsContext", leaf, roots, require_client_certificate=True)
    connects = tls("UpstreamTlsContext", leaf, roots)
    with Proxy(folder, "far", to, accepts=accepts) as far:
        with Proxy(folder, "near", far.port, filters, connects=connects) as near:
            yield near
