"""Programs that are started for a round, pinned to a core, watched and ended by their own identifier."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

READY_WITHIN = 20
END_WITHIN = 2


class StartError(Exception):
    """A program that ended instead of serving; says what it wrote."""


def free_ports(count):
    """Ports nobody listens on. Held together, so that they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def pin(core):
    """For preexec_fn: to this core, or wherever the machine has only one."""

    def prepare():
        if core is not None:
            os.sched_setaffinity(0, {core})

    return prepare


class Program:
    """One started program and whatever processes it starts."""

    def __init__(self, command, core, log, folder=None, environment=None):
        self.command = [str(word) for word in command]
        self._log = pathlib.Path(log)
        self.begun = time.monotonic()
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=folder,
                preexec_fn=pin(core), env={**os.environ, **(environment or {})})

    @property
    def pid(self):
        return self._process.pid

    def said(self):
        return self._log.read_text(encoding="utf-8", errors="replace").strip()

    def check_runs(self):
        if self._process.poll() is not None:
            last = (self.said() or "it said nothing").splitlines()[-1][:300]
            raise StartError(f"{pathlib.Path(self.command[0]).name} ended with {self._process.returncode}: {last}")

    def wait_until_it_listens(self, port):
        deadline = self.begun + READY_WITHIN
        while True:
            self.check_runs()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            if time.monotonic() > deadline:
                raise StartError(f"{self.command[0]} does not listen on its port after {READY_WITHIN} s")
            time.sleep(0.0005)

    def pids(self):
        """This process and its descendants."""
        return family(self.pid)

    def end(self):
        group = self.pids()
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in group[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def family(pid):
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += family(int(child))
    return found


def pss_kib(pids):
    """Proportional set size of all of them together: memory that they share with others counts by its share."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total
