"""Starts `ripstop` for the scenarios: as this user, or as an unprivileged one when the tests run as root."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from fake_control import FakeControl

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 20.0
NOBODY = "nobody"


def ripstop_program():
    program = pathlib.Path(os.environ.get("RIPSTOP_BUILD", HERE.parent.parent / "build" / "dev")) / "bin" / "ripstop"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    return program


def eventually(condition, what):
    """Waits until the condition holds; the deadline is only for what hangs."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"in {PATIENCE} s it never came to: {what}"
        time.sleep(0.01)


def processes_of(home):
    """Ids of the processes whose environment names this home."""
    marker = f"RIPSTOP_HOME={home}".encode()
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if marker in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


class Runner:
    """One home, one fake control plane, one user."""

    def __init__(self, user):
        self.user = user
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ripstop-scenario-"))
        self.home = self.folder / "home"
        self.control = FakeControl(str(self.home))
        self.proxy = self.folder / "fake_proxy.py"
        for name in ("fake_proxy.py", "fake_destination.py"):
            shutil.copy(HERE / name, self.folder / name)
        self.program = self.folder / "ripstop"
        shutil.copy(ripstop_program(), self.program)
        if user:
            owner = pwd.getpwnam(user)
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def words(self, *arguments):
        prefix = []
        if self.user:
            owner = pwd.getpwnam(self.user)
            prefix = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--"]
        return [*prefix, str(self.program), *arguments]

    def environment(self, **more):
        return {"PATH": "/usr/bin:/bin", "RIPSTOP_HOME": str(self.home), "RIPSTOP_PROXY": str(self.proxy),
                "LANG": "C.UTF-8", **more}

    def run(self, *arguments, env=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        if "input" in options:
            del options["stdin"]
        return subprocess.run(self.words(*arguments), env=self.environment(**(env or {})), capture_output=True,
                              text=True, timeout=PATIENCE, check=False, cwd="/", **options)

    def start(self, *arguments, env=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(self.words(*arguments), env=self.environment(**(env or {})), text=True, cwd="/",
                                **options)

    def python(self, code, *arguments):
        """Runs Python code as a member and gives what it printed."""
        done = self.run("run", "client", "--", "/usr/bin/python3", "-c", code, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def members(self):
        folder = self.home / "run"
        return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []

    def sidecars(self):
        return [process for process in processes_of(self.home) if b"--broker-fd" in command_line(process)]

    def close(self):
        left = processes_of(self.home)
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.control.close()
        shutil.rmtree(self.folder)
        return left


def command_line(process):
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def skip_without_namespaces(user):
    """The kernel may forbid what is tested; then there is nothing to test."""
    words = ["unshare", "-n", "true"] if os.geteuid() == 0 and not user else ["unshare", "-Urn", "true"]
    if user:
        owner = pwd.getpwnam(user)
        words = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--", *words]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"namespaces are unavailable here: {done.stderr.strip()}")
    if not any(shutil.which("nft", path=folder) for folder in ("/usr/sbin", "/sbin", os.environ["PATH"])):
        pytest.skip("the program nft is not installed")


def users():
    """As whom to test: root and an unprivileged user, or just whoever runs the tests."""
    return [None, NOBODY] if os.geteuid() == 0 else [None]
