"""Tracing contexts and request ids on their way through two sidecars."""

import json
import pathlib
import re
import subprocess
import sys

from mesh import Mesh, wait_until

HERE = pathlib.Path(__file__).resolve().parent
PORT = 8000
CONTEXTS = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
    "baggage": "userId=alice;note=%20x,serverNode=DF%2028",
    "x-b3-traceid": "80f198ee56343ba864fe8b2a57d3eff7",
    "x-b3-spanid": "e457b5a2e4d86bd1",
    "x-b3-parentspanid": "05e3ac9a4f6e3b90",
    "x-b3-sampled": "1",
    "x-b3-flags": "0",
    "b3": "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90",
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_contexts_pass_unchanged_and_a_request_id_is_the_same_on_every_hop():
    with Mesh("--access-log", "json", as_user=True) as mesh:
        mesh.run("echo", sys.executable, HERE / "echo_server.py", PORT, mesh.folder, ports=[PORT])
        mesh.wait_ready(echo=1)
        # The same request with and without an id of its own; the member stays, so that its access log does too.
        fields = [f"-H '{name}: {value}'" for name, value in CONTEXTS.items()]
        url = f"http://echo:{PORT}/"
        script = (f"until curl -sf -o /dev/null {url}; do :; done; curl -sf {' '.join(fields)} {url}; echo;"
                  f"curl -sf -H 'x-request-id: my-own-id' {url}; echo; exec sleep infinity")
        client = mesh.run("client", "sh", "-c", script, output=subprocess.PIPE)
        seen = json.loads(client.stdout.readline())
        for name, value in CONTEXTS.items():
            assert seen.get(name) == value, name
        assert UUID.fullmatch(seen["x-request-id"]), "made by the first sidecar"
        assert json.loads(client.stdout.readline())["x-request-id"] == "my-own-id"

        def hops(request_id):
            lines = [json.loads(line) for line in mesh.logs().splitlines() if line.startswith("{")]
            return sorted(line["upstream_cluster"].split("|")[0] for line in lines if line["request_id"] == request_id)

        for request_id in (seen["x-request-id"], "my-own-id"):
            wait_until(lambda i=request_id: hops(i) == ["inbound", "outbound"], f"both hops have logged {request_id}")
