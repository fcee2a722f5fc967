"""Members with the real control plane and the real proxy, and programs that nobody here wrote."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from member_runner import PATIENCE, command_line, eventually, processes_of, ripstop_program, \
    skip_without_namespaces, users

PROGRAMS = ("ripstop", "ripstop-control", "ripstop-proxy")
SPLIT = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [web]
  http:
  - match: [{uri: {prefix: /tea}}]
    directResponse: {status: 418, body: {string: teapot}}
  - route: [{destination: {host: web}}]
"""


class Mesh:
    """A home with real programs, as one user."""

    def __init__(self, user):
        self.user = user
        self.folder = tempfile.mkdtemp(prefix="ripstop-scenario-")
        self.home = os.path.join(self.folder, "home")
        self.members = []
        source = ripstop_program().parent
        for name in PROGRAMS:
            if not (source / name).exists():
                shutil.rmtree(self.folder)
                pytest.skip(f"{name} is not built")
            shutil.copy(source / name, os.path.join(self.folder, name))
        with open(os.path.join(self.folder, "index.html"), "w", encoding="ascii") as page:
            page.write("page of the member\n")
        if user:
            owner = pwd.getpwnam(user)
            for name in ("", *os.listdir(self.folder)):
                os.chown(os.path.join(self.folder, name), owner.pw_uid, owner.pw_gid)

    def start(self, *arguments, **options):
        prefix = []
        if self.user:
            owner = pwd.getpwnam(self.user)
            prefix = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--"]
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin", "RIPSTOP_HOME": self.home, "LANG": "C.UTF-8"}
        return subprocess.Popen([*prefix, os.path.join(self.folder, "ripstop"), *arguments], env=environment,
                                cwd=self.folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def run(self, *arguments, text=""):
        process = self.start(*arguments)
        output, errors = process.communicate(text, timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def json(self, *arguments):
        done = self.run(*arguments, "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def serve(self, name, *options, version="v1"):
        member = self.start("run", name, "--port", "80", "--label", f"version={version}", *options, "--",
                            "/usr/bin/python3", "-m", "http.server", "80")
        self.members.append(member)
        eventually(lambda: any(one["service"] == name and one["ready"] for one in self.json("status")["workloads"]),
                   f"{name} is ready")
        return member

    def get(self, url):
        """What a client in the mesh is answered, once the member's own program listens."""
        deadline = time.monotonic() + PATIENCE
        while True:
            done = self.run("run", "client", "--", "curl", "-s", "-m", "10", "-w", "\n%{http_code}", url)
            if done.stdout.rpartition("\n")[2] not in ("503", "000") or time.monotonic() > deadline:
                return done.stdout.rpartition("\n")[::2]

    def sidecar_of(self, name):
        (process,) = [one for one in processes_of(self.home) if f"/run/{name}-".encode() in command_line(one)
                      and b"--broker-fd" in command_line(one)]
        return process

    def close(self):
        stopped = self.run("down")
        for member in self.members:
            member.communicate(timeout=PATIENCE)
        left = processes_of(self.home)
        for process in left:
            os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.folder)
        assert (stopped.returncode, stopped.stderr, left) == (0, "", [])


@pytest.fixture(params=users(), ids=lambda user: user or "self")
def mesh(request):
    skip_without_namespaces(request.param)
    made = Mesh(request.param)
    try:
        started = made.run("up")
        assert (started.returncode, started.stderr) == (0, "")
        yield made
    finally:
        made.close()


def test_a_member_is_reached_by_name_through_both_proxies(mesh):
    mesh.serve("web")
    for host in ("web", "web.default", "web.default.svc.cluster.local"):
        assert mesh.get(f"http://{host}/index.html") == ("page of the member\n", "200")
    (traffic,) = [one for one in mesh.json("stat")["traffic"] if one["service"] == "web"]
    assert traffic["requests"] >= 3 and traffic["version"] == "v1" and traffic["success_rate"] > 0
    assert traffic["mtls"] >= 3


def test_configuration_is_applied_shown_and_deleted(mesh):
    mesh.serve("web")
    applied = mesh.run("apply", "-f", "-", text=SPLIT)
    assert (applied.returncode, applied.stdout) == (0, "VirtualService default/web created\n")
    assert mesh.get("http://web/tea") == ("teapot", "418")
    assert mesh.run("get", "vs", "web").stdout == SPLIT
    missed = mesh.run("delete", "vs", "wed")
    assert missed.returncode == 1 and "did you mean web?" in missed.stderr
    assert mesh.run("delete", "vs", "web").stdout == "VirtualService default/web deleted\n"
    assert mesh.get("http://web/tea")[1] == "404"


def test_traffic_is_told_apart_by_route(mesh):
    mesh.serve("web")
    mesh.run("apply", "-f", "-", text=SPLIT)
    calls = "while :; do curl -so /dev/null http://web/tea; curl -so /dev/null http://web/index.html; sleep 0.1; done"
    mesh.members.append(mesh.start("run", "caller", "--", "/bin/sh", "-c", calls))
    rows = lambda: [one for one in mesh.json("stat")["traffic"] if one["service"] == "web"]
    eventually(lambda: {"web/http[0]", "web/http[1]"} <= {one["route"] for one in rows()}, "both rules are in use")
    assert all(one["route"] != "web/http[1]" or one["mtls"] > 0 for one in rows())


def test_a_refused_resource_is_told_with_line_and_remedy(mesh):
    refused = mesh.run("apply", "-f", "-", text=SPLIT.replace("prefix:", "prefx:"))
    assert refused.returncode == 1
    assert "<stdin>:7:" in refused.stderr and 'Did you mean "prefix"?' in refused.stderr
    assert mesh.json("get")["resources"] == []


def test_a_killed_proxy_comes_back_and_serves(mesh):
    mesh.serve("web")
    mesh.get("http://web/index.html")
    os.kill(mesh.sidecar_of("web"), signal.SIGKILL)
    eventually(lambda: [one["ready"] for one in mesh.json("status")["workloads"]] == [True], "the member is back")
    assert mesh.get("http://web/index.html") == ("page of the member\n", "200")


def test_up_twice_is_up_once_and_down_ends_the_members(mesh):
    first, second = mesh.json("up"), mesh.json("up")
    assert first["ran_already"] and second["pid"] == first["pid"]
    member = mesh.serve("web")
    assert mesh.run("down").stdout == "Stopped the control plane and 1 member\n"
    assert member.wait(PATIENCE) == 128 + signal.SIGTERM
    assert processes_of(mesh.home) == []
    assert mesh.run("status").returncode == 3
    assert mesh.json("up")["ran_already"] is False


@pytest.mark.parametrize("user", users()[-1:])
def test_two_homes_are_two_meshes(user):
    skip_without_namespaces(user)
    meshes = [Mesh(user), Mesh(user)]
    try:
        for one in meshes:
            assert one.run("up").returncode == 0
        meshes[0].serve("web")
        assert [len(one.json("status")["workloads"]) for one in meshes] == [1, 0]
        assert meshes[1].json("up")["api_address"] != meshes[0].json("up")["api_address"]
    finally:
        for one in meshes:
            one.close()
