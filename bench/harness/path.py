"""A path through proxies: upstream, one proxy or two, all fresh, and the load program in front of it."""

import json
import pathlib
import subprocess
import tempfile

from harness import checks, machine, proxies, templates
from harness.processes import Program, StartError, free_ports, pin


class DriveError(Exception):
    """The load program gave up; says why."""


class Path:
    """Starts everything when entered and ends it when left."""

    def __init__(self, scenario, proxy, certificates, environment=None):
        self._scenario, self._proxy, self._certificates = scenario, proxy, certificates
        self._environment = environment  # of the proxies, beside what everyone has
        self._programs = []
        self._folder = tempfile.TemporaryDirectory(prefix="ripstop-bench-", dir="/tmp")
        self.front = self.back = None
        self.proxies = []

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for program in reversed(self._programs):
            program.end()
        self._folder.cleanup()

    def _start(self):
        proxy_core, load_core = machine.cores()
        folder = pathlib.Path(self._folder.name)
        upstream, *ports = free_ports(1 + len(self._scenario.roles))
        serve = [proxies.own("ripstop-load"), "serve", "--listen", f"127.0.0.1:{upstream}", "--service",
                 self._scenario.service, "--bytes", self._scenario.content_bytes]
        self._programs.append(Program(serve, load_core, folder / "upstream.log"))
        self._programs[-1].wait_until_it_listens(upstream)
        # The client's proxy comes last, so that it finds the other one listening.
        towards = upstream
        for number in reversed(range(len(ports))):
            role = self._scenario.roles[number]
            self.proxies.insert(0, self._start_proxy(role, ports[number], towards, folder / str(number), proxy_core))
            towards = ports[number]
        self.front, self.back = ports[0], ports[-1]

    def _start_proxy(self, role, listen, upstream, folder, core):
        folder.mkdir()
        template = self._proxy.template(role)
        file = folder / f"proxy{template.suffix}"
        values = {"listen": listen, "upstream": upstream, "certs": self._certificates, "work": folder}
        file.write_text(templates.render(template, values))
        words = self._proxy.command(self._proxy.program(), file, folder)
        program = Program(words, core, folder / "log", folder, self._environment)
        self._programs.append(program)
        program.wait_until_it_listens(listen)
        return program

    def pids(self):
        return [pid for program in self.proxies for pid in program.pids()]

    def check(self):
        """Raises CheckError unless the right bytes come through, and only for whom they should."""
        size = self._scenario.content_bytes
        if self._scenario.service == "http2":
            checks.http2(self.front, size)
        elif self._scenario.service == "echo":
            checks.tcp(self.front, checks.content(size), checks.content(size))
        elif self._scenario.service == "source":
            checks.tcp(self.front, b"", checks.content(200_000))
        else:
            tls = checks.client_context(self._certificates) if self._scenario.client_tls else None
            checks.http1(self.front, size, tls=tls)
        if len(self.proxies) > 1 or self._scenario.client_tls:
            checks.refuses_strangers(self.back, self._certificates)
        if self.is_multiplexed:
            checks.http2_over_tls(self.back, size, self._certificates)

    @property
    def is_multiplexed(self):
        """Are there two proxies that should speak HTTP/2 to each other?"""
        return len(self.proxies) > 1 and self._proxy.suffix == "-h2"

    def hop_connections(self):
        """Connections that the second proxy has now, the upstream's left out."""
        return established_on(self.back)

    def drive_words(self, *more):
        words = [proxies.own("ripstop-load"), "drive", "--connect", f"127.0.0.1:{self.front}", "--bytes",
                 self._scenario.content_bytes, "--watch", ",".join(map(str, self.pids())), *self._scenario.drive, *more]
        if self._scenario.client_tls:
            words += ["--certificate", f"{self._certificates}/leaf.pem", "--key", f"{self._certificates}/leaf.key",
                      "--roots", f"{self._certificates}/roots.pem", "--server-name", checks.HOST]
        return [str(word) for word in words]

    def begin_drive(self, *more):
        """The running load program; its standard input and output are pipes."""
        pipe = subprocess.PIPE
        return subprocess.Popen(self.drive_words(*more), stdin=pipe, stdout=pipe, stderr=pipe, text=True,
                                preexec_fn=pin(machine.cores()[1]))

    def drive(self, *more):
        """The load program's report. Raises DriveError, or StartError when a proxy has died meanwhile."""
        return self.report_of(self.begin_drive(*more))

    def report_of(self, running):
        out, err = running.communicate()
        for program in self.proxies:
            program.check_runs()
        if running.returncode != 0:
            raise DriveError(err.strip() or f"the load program ended with {running.returncode}")
        return json.loads(out.strip().splitlines()[-1])


def established_on(port):
    """Connections of the network namespace whose own end is this port, by the kernel's table."""
    rows = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == "01" for row in rows)


__all__ = ["DriveError", "Path", "StartError"]
