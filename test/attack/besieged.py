"""A real proxy in front of a real application, watched while somebody attacks it."""

import contextlib
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

from mesh import BIN, IS_SANITIZED

HERE = pathlib.Path(__file__).resolve().parent

# One worker, so that attacker and bystander share all there is.
BOOTSTRAP = """
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {admin}}}}}}}
static_resources:
  listeners:
  - name: web
    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: web
          {http}
          upgrade_configs: [{{upgrade_type: websocket}}]
          route_config:
            name: web
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - {{match: {{prefix: "/"}}, route: {{cluster: app, timeout: 0s}}}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
{more}  clusters:
  - name: app
    type: STATIC
    connect_timeout: 5s
    circuit_breakers:
      thresholds: [{{max_connections: 10000, max_pending_requests: 10000, max_requests: 10000}}]
    load_assignment:
      cluster_name: app
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {app}}}}}}}
"""


def free_ports(count):
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Application:
    """The process behind; see application.py."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "application.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def seen(self):
        """(requests that came, most at once)"""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen", timeout=20) as reply:
            return tuple(int(word) for word in reply.read().split())


class Proxy:
    """`http` are further lines of its connection manager, `more` another listener with places for {port} and {folder}."""

    def __init__(self, folder, app_port, http="", more="", options=()):
        self.port, self.admin_port, self.other_port = free_ports(3)
        self.file = folder / "proxy.yaml"
        self.file.write_text(BOOTSTRAP.format(
            port=self.port, admin=self.admin_port, app=app_port, http=http,
            more=more.format(port=self.other_port, folder=folder),
        ))
        self.log = folder / "proxy.log"
        self.options = options

    def __enter__(self):
        readable, writable = os.pipe()
        words = [BIN / "ripstop-proxy", "-c", self.file, "--concurrency", "1", "--ready-fd", str(writable)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen([*words, *self.options], pass_fds=[writable], stdout=log, stderr=log)
        os.close(writable)
        with os.fdopen(readable, "rb") as ready:
            assert ready.read(1) == b"R", self.log.read_text()
        self.at_rest = self.weight()
        return self

    def __exit__(self, kind, *_):
        is_alive = self.process.poll() is None
        self.process.send_signal(signal.SIGTERM) if is_alive else None
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if kind is None:
            assert is_alive and code == 0, f"the proxy ended with {code}: {self.log.read_text()}"

    def weight(self):
        """Memory that is its own and no page of a file, in bytes."""
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Anonymous:")) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def figure(self, name):
        """One line of the proxy's own figures."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/stats", timeout=20) as reply:
            lines = dict(line.split(": ", 1) for line in reply.read().decode().splitlines())
        return int(lines[name])


class Watch:
    """While it lasts a well-behaved client asks again and again, and the proxy's weight is looked at."""

    LONGEST_ANSWER = 10.0

    def __init__(self, proxy):
        self.proxy = proxy
        self.answers = 0
        self.failures = []
        self.slowest = 0.0
        self.heaviest = 0
        self.is_over = threading.Event()
        self.asked = threading.Event()
        self.threads = [threading.Thread(target=self.ask), threading.Thread(target=self.weigh)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        before = self.answers + len(self.failures)
        # One more answer shows that the proxy serves after all that.
        while kind is None and self.answers + len(self.failures) < before + 3 and self.threads[0].is_alive():
            self.asked.wait(timeout=1)
            self.asked.clear()
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=20)
        while not self.is_over.is_set():
            begin = time.monotonic()
            try:
                connection.request("GET", f"/bystander/{self.answers}")
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200 or text != b"GET /bystander/%d 0" % self.answers:
                    self.failures.append(f"{answer.status} {text!r}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            self.slowest = max(self.slowest, time.monotonic() - begin)
            self.answers += 1
            self.asked.set()
        connection.close()

    def weigh(self):
        while True:
            self.heaviest = max(self.heaviest, self.proxy.weight())
            if self.is_over.wait(0.02):
                return

    def check(self, growth):
        """Nobody was harmed, and the proxy never weighed more than `growth` bytes above what it does at rest."""
        assert not self.failures, self.failures[:3]
        assert self.answers > 2
        assert self.slowest < self.LONGEST_ANSWER, f"{self.slowest:.1f} s"
        if not IS_SANITIZED:
            grown = self.heaviest - self.proxy.at_rest
            print(f"{grown >> 10} KiB more than at rest; {self.answers} answers, the slowest in {self.slowest:.3f} s")
            assert grown < growth, f"{grown >> 10} KiB more than at rest"
