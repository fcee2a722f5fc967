"""Short rounds with our own programs, so that the bench still runs when it is needed. Judges no figure."""

import contextlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

import pytest
from harness import certificates, checks, counters, processes, proxies, scenarios, templates

RUN = pathlib.Path(__file__).resolve().parent / "run.py"
needs_programs = pytest.mark.skipif(
    proxies.own("ripstop-load") is None or proxies.own("ripstop-proxy") is None, reason="our programs are not built")


def bench(*words):
    """The results of a run, as the program prints them."""
    command = [sys.executable, RUN, "--output", "json", "--reps", "1", "--seconds", "0.3", "--warm-up", "0.1", "--no-save",
               "--no-counters", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_programs
def test_a_round_of_s1c_has_figures_for_our_proxy():
    found = bench("--scenario", "S1c", "--proxies", "ripstop")["S1c"]
    one = found["rounds"]["ripstop"][0]
    assert "discarded" not in one, one
    assert one["per_second"] > 100
    assert one["cpu_us"] > 1
    assert one["p50_us"] <= one["p99_us"] <= one["p999_us"]
    assert one["pss_kib"] > 1000


@needs_programs
def test_two_proxies_with_mutual_tls_between_them_carry_an_open_loop():
    one = bench("--scenario", "S2o", "--proxies", "ripstop")["S2o"]["rounds"]["ripstop"][0]
    assert "discarded" not in one, one
    assert one["cpu_us"] > 1


@needs_programs
@pytest.mark.parametrize("role", sorted(file.stem for file in (templates.PEERS / "envoy").glob("*.yaml")))
def test_our_proxy_takes_every_configuration_that_envoy_is_given(role, tmp_path):
    certificates.make(tmp_path)
    file = tmp_path / "proxy.yaml"
    values = {"listen": 10001, "upstream": 10002, "certs": tmp_path, "work": tmp_path}
    file.write_text(templates.render(templates.find("envoy", role), values))
    done = subprocess.run([proxies.own("ripstop-proxy"), "-c", file, "--mode", "validate"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def upstream(service, size, folder):
    """The port of the bench's upstream."""
    (port,) = processes.free_ports(1)
    words = [proxies.own("ripstop-load"), "serve", "--listen", f"127.0.0.1:{port}", "--service", service, "--bytes", str(size)]
    program = processes.Program(words, None, folder / "log")
    try:
        program.wait_until_it_listens(port)
        yield port
    finally:
        program.end()


def drive(port, *words):
    command = [proxies.own("ripstop-load"), "drive", "--connect", f"127.0.0.1:{port}", "--warm-up", "0.05", "--seconds",
               "0.2", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@needs_programs
@pytest.mark.parametrize(("service", "words"), [
    ("http1", ["--connections", "8"]), ("http1", ["--connections", "8", "--rate", "500"]),
    ("http2", ["--traffic", "http2", "--connections", "2", "--streams", "20"]),
    ("http2", ["--traffic", "http2", "--connections", "2", "--streams", "20", "--rate", "500"]),
    ("echo", ["--traffic", "echo", "--connections", "8"]), ("source", ["--traffic", "download", "--connections", "2"]),
    ("sink", ["--traffic", "upload", "--connections", "2"])])
def test_the_load_and_the_upstream_understand_each_other(service, words, tmp_path):
    with upstream(service, 1024, tmp_path) as port:
        found = drive(port, *words)
    assert found["errors"] == 0, found
    assert found["requests"] > 20
    if "--rate" in words:
        assert found["requests"] <= 105


@needs_programs
@pytest.mark.parametrize(("service", "words"), [("http1", []), ("http2", ["--traffic", "http2", "--streams", "2"])])
def test_an_answer_of_another_length_is_an_error(service, words, tmp_path):
    with upstream(service, 1023, tmp_path) as port:
        found = drive(port, "--connections", "2", "--rate", "100", *words)
    assert found["requests"] == 0
    assert found["errors"] > 5
    assert any("another length" in why for why in found["failures"])


@needs_programs
def test_idle_connections_are_held_until_the_input_ends(tmp_path):
    with upstream("http1", 1024, tmp_path) as port:
        assert drive(port, "--hold", "--connections", "100")["connections"] == 100


@needs_programs
@pytest.mark.skipif(proxies.own("ripstop-count.so") is None, reason="there is no counter in a sanitizer's build")
def test_allocations_of_our_proxy_can_be_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(counters, "WATCH_FOR", 0.2)
    certificates.make(tmp_path)
    found = counters.allocations(scenarios.SCENARIOS["S1c"], proxies.PROXIES["ripstop"], tmp_path)
    assert found is not None
    assert 0 <= found < 100


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers what the server's `answer` says."""

    def do_GET(self):
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nobody reads it."""


@pytest.fixture
def server():
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as one:
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def test_the_right_answer_passes_the_check(server):
    server.answer = (200, checks.content(1024))
    checks.http1(server.server_port, 1024)


@pytest.mark.parametrize(("answer", "why"), [((200, checks.content(1023)), "1023 bytes came"),
                                             ((200, checks.content(1024, 1)), "differ"),
                                             ((503, checks.content(1024)), "status 503")])
def test_any_other_answer_does_not(server, answer, why):
    server.answer = answer
    with pytest.raises(checks.CheckError, match=why):
        checks.http1(server.server_port, 1024)
