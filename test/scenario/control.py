"""ripstop-control as a process on a home of its own, and its API."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("RIPSTOP_BUILD", ROOT / "build/dev")) / "bin" / "ripstop-control"
PATIENCE = 20


class Control:
    """Started and serving inside a `with`; killed at its end, if it still runs."""

    def __init__(self, home, *options):
        self.home = pathlib.Path(home)
        self.options = options
        self.process = None
        self.errors = ""

    def __enter__(self):
        assert self.start(), self.errors
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        """True once it serves; false when it gave up, with its words in `errors`."""
        ours, theirs = os.pipe()
        with tempfile.TemporaryFile() as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--home", self.home, "--ready-fd", str(theirs), *map(str, self.options)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[theirs])
            os.close(theirs)
            with os.fdopen(ours, "rb") as ready:
                is_ready = ready.read() == b"R"  # the end of it when the process is gone
            if not is_ready:
                self.process.wait(PATIENCE)
                log.seek(0)
                self.errors = log.read().decode()
            return is_ready

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self):
        """Its exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def file(self):
        return json.loads((self.home / "control.json").read_text(encoding="utf-8"))

    def call(self, method, path, body=None):
        """Status and parsed body."""
        file = self.file()
        request = urllib.request.Request(
            "http://" + file["api_address"] + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": "Bearer " + pathlib.Path(file["token_file"]).read_text(encoding="ascii").strip()})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def apply(self, *texts):
        status, reply = self.call("POST", "/v1/apply", {"documents": [{"text": text} for text in texts]})
        assert status == 200, reply
        return [result["outcome"] for result in reply["results"]]

    def register(self, service):
        status, reply = self.call("POST", "/v1/workloads", {"service": service, "pid": os.getpid()})
        assert status == 201, reply
        return reply

    def names(self):
        return [resource["name"] for resource in self.call("GET", "/v1/resources")[1]["resources"]]
