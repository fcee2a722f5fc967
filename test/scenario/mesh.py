"""A mesh of real programs for scenarios: a home of its own, members in namespaces of their own, all gone at the end."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RIPSTOP_BUILD", ROOT / "build/dev")) / "bin"
# Sanitizers keep memory of their own, so what is held says nothing.
IS_SANITIZED = BIN.parent.name in ("asan", "tsan")
PATIENCE = 30.0


def wait_until(condition, what, patience=PATIENCE):
    """Asks again and again; the answer as soon as it is true."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {patience} s")


NOBODY = 65534


def unprivileged():
    """What goes in front of a command to run it as an ordinary user; nothing when we are one."""
    if os.getuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all"]


def can_run_unprivileged():
    return subprocess.run([*unprivileged(), BIN / "ripstop", "version"], capture_output=True).returncode == 0


class Mesh:
    def __init__(self, *up_options, as_user=False, inside=()):
        self.folder = tempfile.mkdtemp(prefix="ripstop-scenario-")
        self.env = {**os.environ, "RIPSTOP_HOME": self.folder + "/home", "HOME": self.folder, "TMPDIR": self.folder}
        self.members = []
        self.up_options = up_options
        self.prefix = [*inside, *(unprivileged() if as_user else [])]
        if as_user and os.getuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)

    def __enter__(self):
        self.ripstop("up", *self.up_options)
        return self

    def __exit__(self, *_):
        for member in reversed(self.members):
            if member.poll() is None:
                member.send_signal(signal.SIGTERM)
        for member in self.members:
            try:
                member.wait(15)
            except subprocess.TimeoutExpired:
                member.kill()
                member.wait()
        subprocess.run([*self.prefix, BIN / "ripstop", "down"], env=self.env, capture_output=True, timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ripstop(self, *words, check=True, **options):
        done = subprocess.run(
            [*self.prefix, BIN / "ripstop", *words], env=self.env, capture_output=True, text=True, timeout=120, **options
        )
        if check:
            assert done.returncode == 0, f"ripstop {words}: {done.stderr}{done.stdout}"
        return done

    def run(self, name, *command, ports=(), labels=(), service_account=None, output=subprocess.DEVNULL):
        words = [*self.prefix, BIN / "ripstop", "run", name]
        for port in ports:
            words += ["--port", str(port)]
        for label in labels:
            words += ["--label", label]
        if service_account:
            words += ["--service-account", service_account]
        # Whatever happens to the test, its members go with it.
        member = subprocess.Popen(
            [*words, "--", *map(str, command)], env=self.env, stdin=subprocess.DEVNULL, stdout=output, text=True
        )
        self.members.append(member)
        return member

    def call(self, *command, **options):
        """Runs a program as a member and gives what it wrote."""
        return self.ripstop("run", "caller", "--", *map(str, command), **options)

    def bookinfo(self, service, version="v1"):
        return self.run(
            service, BIN / "bookinfo", service, "--version", version, ports=[9080], labels=[f"version={version}"],
            service_account=f"bookinfo-{service}",
        )

    def load(self, requests, *options):
        return json.loads(self.call(BIN / "bookinfo", "load", "--requests", requests, *options).stdout)

    def start_load(self, requests, *options):
        """Load that goes on while something happens; wait for it with finish_load()."""
        return self.run("load", BIN / "bookinfo", "load", "--requests", requests, *options, output=subprocess.PIPE)

    @staticmethod
    def finish_load(member):
        text, _ = member.communicate(timeout=90)
        return json.loads(text)

    def apply(self, text):
        self.ripstop("apply", "-f", "-", input=text)

    def workloads(self):
        done = self.ripstop("status", "--output", "json", check=False)
        return json.loads(done.stdout).get("workloads", []) if done.returncode == 0 else []

    def ready(self, service):
        return [m for m in self.workloads() if m["service"] == service and m["ready"]]

    def wait_ready(self, **wanted):
        for service, count in wanted.items():
            wait_until(lambda s=service, c=count: len(self.ready(s)) == c, f"{count} of {service} ready")

    def control_file(self):
        return json.loads(pathlib.Path(self.folder, "home/control.json").read_text())

    def control_pid(self):
        return self.control_file()["pid"]

    def api(self, path):
        """What the control plane's API answers to a GET."""
        file = self.control_file()
        token = pathlib.Path(file["token_file"]).read_text().strip()
        request = urllib.request.Request(
            f"http://{file['api_address']}{path}", headers={"authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return json.load(reply)

    def endpoints(self, service):
        """How many endpoints the mesh has for it."""
        services = {one["host"].split(".")[0]: one["endpoints"] for one in self.api("/v1/services")["services"]}
        return services.get(service, 0)

    def logs(self):
        """What the proxies of all members have written, access logs included."""
        return "".join(log.read_text() for log in pathlib.Path(self.folder, "home/run").glob("*/proxy.log"))


def admin(workload, path):
    """A page of the administration of a workload's proxy; `workload` as Mesh.ready() gives it."""
    with urllib.request.urlopen(f"http://{workload['admin_address']}{path}", timeout=PATIENCE) as reply:
        return reply.read().decode()


def figure(workload, name):
    """One line of the proxy's own figures."""
    lines = dict(line.split(": ", 1) for line in admin(workload, "/stats").splitlines())
    return int(lines[name])


def children_of(pid):
    text = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [line.split(None, 1) for line in text.splitlines()]


def descendants_of(pid):
    found = []
    for child, command in children_of(pid):
        found.append((int(child), command))
        found += descendants_of(int(child))
    return found


def sidecar_of(member):
    for pid, command in descendants_of(member.pid):
        if "ripstop-proxy" in command:
            return pid
    return None
