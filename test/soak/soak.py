#!/usr/bin/python3
"""A mesh under mixed load while everything about it changes: whether a request fails, memory grows, descriptors leak.

usage: soak.py [--seconds N] [--output table|json]

Load: HTTP/1, HTTP/2, gRPC-like streams, WebSocket and plain TCP through pairs of sidecars. Meanwhile instances come and
go in order, routes are applied again and again, and certificates live for seconds. After a first part, in which pools
and caches fill, proxies are weighed, and at the end again. Exit code: 0 passed, 1 failed, 2 wrong usage.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))

from mesh import IS_SANITIZED, Mesh, sidecar_of, wait_until  # noqa: E402: the path above comes first

WEB, TCP = 8000, 8001
SETTLED_AFTER = 60.0  # seconds; a third of a shorter run
CERTIFICATE_LIFETIME = "8s"
STEP = 2.0  # between two changes
# What a proxy may weigh more at the end than when it had settled: allocators keep what was free once.
MOST_GROWTH = 2 << 20
MOST_MORE_DESCRIPTORS = 12
ROUTES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: echo}}
spec:
  hosts: [echo]
  http:
  - match: [{{uri: {{prefix: /soak.Echo}}}}]
    timeout: {seconds}s
    route: [{{destination: {{host: echo}}}}]
  - match: [{{headers: {{x-turn: {{exact: "{turn}"}}}}}}]
    route: [{{destination: {{host: echo}}}}]
  - route: [{{destination: {{host: echo}}}}]
"""


class Figures:
    """Of one process at one time; memory that is its own and no page of a file."""

    def __init__(self, pid):
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        self.memory = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Anonymous:")) * 1024
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))


class Churn:
    """One change after the other; `done` counts them by kind."""

    def __init__(self, mesh):
        self.mesh = mesh
        self.turn = 0
        self.instance = None
        self.done = {"started": 0, "stopped": 0, "routes": 0}

    def step(self):
        self.turn += 1
        self.mesh.apply(ROUTES.format(seconds=15 + self.turn % 2, turn=self.turn))
        self.done["routes"] += 1
        if self.turn % 3 == 1 and self.instance is None:
            self.instance = run_echo(self.mesh, "extra")
            self.done["started"] += 1
        elif self.turn % 3 == 0 and self.instance is not None and self.instance_is_ready():
            self.instance.send_signal(signal.SIGTERM)
            self.instance.wait(30)
            self.mesh.members.remove(self.instance)
            self.instance = None
            self.done["stopped"] += 1

    def instance_is_ready(self):
        return len(self.mesh.ready("echo")) == 3


def run_echo(mesh, version):
    return mesh.run("echo", sys.executable, HERE / "echo_application.py", WEB, TCP, ports=[WEB, TCP],
                    labels=[f"version={version}"])


def weigh(mesh, watched):
    """{name: Figures} of the control plane and of the sidecars of members that stay."""
    found = {name: Figures(sidecar_of(member)) for name, member in watched.items()}
    return found | {"control plane": Figures(mesh.control_pid())}


def soak(seconds):
    """What happened, as a dictionary."""
    with Mesh("--certificate-lifetime", CERTIFICATE_LIFETIME) as mesh:
        watched = {f"echo v{i}": run_echo(mesh, f"v{i}") for i in (1, 2)}
        mesh.wait_ready(echo=2)
        wait_until(lambda: mesh.endpoints("echo") == 2, "two endpoints")
        load = mesh.run("load", sys.executable, HERE / "mixed_load.py", "echo", WEB, TCP, output=subprocess.PIPE)
        mesh.wait_ready(load=1)
        watched["load"] = load
        begin = time.monotonic()
        settled_at = begin + min(SETTLED_AFTER, seconds / 3)
        churn, settled = Churn(mesh), None
        while time.monotonic() < begin + seconds:
            next_step = time.monotonic() + STEP
            churn.step()
            if settled is None and time.monotonic() >= settled_at:
                settled = weigh(mesh, watched)
            time.sleep(max(0.0, next_step - time.monotonic()))
        at_end = weigh(mesh, watched)
        load.send_signal(signal.SIGINT)
        tally = json.loads(load.communicate(timeout=60)[0])
        logs = mesh.logs() if tally["failed"] else ""
    return judge(seconds, tally, churn.done, settled or at_end, at_end) | ({"log": logs[-20000:]} if logs else {})


def judge(seconds, tally, changes, settled, at_end):
    processes = {
        name: {
            "memory_settled": settled[name].memory, "memory_end": now.memory,
            "descriptors_settled": settled[name].descriptors, "descriptors_end": now.descriptors,
        }
        for name, now in at_end.items()
    }
    complaints = [f"{tally['failed']} requests failed"] if tally["failed"] else []
    complaints += [f"nothing came over {kind}" for kind in ("http1", "http2", "grpc_stream", "websocket", "tcp")
                   if not tally["requests"].get(kind)]
    for name, one in processes.items():
        # The control plane keeps a history of what was applied, and a sanitizer keeps what was freed: shown, not judged.
        if not IS_SANITIZED and name != "control plane" and one["memory_end"] - one["memory_settled"] > MOST_GROWTH:
            complaints.append(f"{name} grew by {(one['memory_end'] - one['memory_settled']) >> 10} KiB")
        if one["descriptors_end"] - one["descriptors_settled"] > MOST_MORE_DESCRIPTORS:
            complaints.append(f"{name} holds {one['descriptors_end'] - one['descriptors_settled']} descriptors more")
    return {"seconds": seconds, "requests": tally["requests"], "failed": tally["failed"],
            "failures": tally["failures"], "changes": changes, "processes": processes, "complaints": complaints}


def table(result):
    lines = [f"{'kind':<16}{'requests':>10}"]
    lines += [f"{kind:<16}{count:>10}" for kind, count in sorted(result["requests"].items())]
    lines += ["", f"{'process':<16}{'settled':>14}{'end':>12}{'fds settled':>14}{'fds end':>10}"]
    lines += [
        f"{name:<16}{one['memory_settled'] >> 10:>10} KiB{one['memory_end'] >> 10:>8} KiB"
        f"{one['descriptors_settled']:>14}{one['descriptors_end']:>10}"
        for name, one in result["processes"].items()
    ]
    changes = ", ".join(f"{count} {kind}" for kind, count in result["changes"].items())
    lines += ["", f"changes in {result['seconds']} s: {changes}; certificates live {CERTIFICATE_LIFETIME}"]
    lines += [f"failure: {one}" for one in result["failures"]]
    return "\n".join([*lines, *(result["complaints"] or ["passed: no failed request, memory and descriptors flat"])])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=600, metavar="N", help="how long (default 600)")
    parser.add_argument("--output", choices=["table", "json"], default="table")
    options = parser.parse_args()
    result = soak(options.seconds)
    print(json.dumps(result, indent=2) if options.output == "json" else table(result))
    return 1 if result["complaints"] else 0


if __name__ == "__main__":
    sys.exit(main())
