"""ripstop-control as people start, kill and misuse it."""

import contextlib
import os
import pathlib
import signal
import socket
import sqlite3
import stat
import subprocess
import time

import pytest

from control import PATIENCE, PROGRAM, Control

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")


def route(name, host="a.example.com"):
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}}}
spec:
  hosts: [{host}]
  http: [{{route: [{{destination: {{host: {host}}}}}]}}]
"""


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def refusal(home, *options):
    """What a start says that must not succeed."""
    control = Control(home, *options)
    try:
        assert not control.start(), "it started"
    finally:
        control.kill()
    assert control.process.returncode == 1
    lines = control.errors.splitlines()
    assert len(lines) == 1 and lines[0].startswith("ripstop-control: "), control.errors
    return lines[0]


def test_the_home_holds_everything_and_only_its_owner_can_read_the_secrets(tmp_path):
    home = tmp_path / "state" / "mesh"
    with Control(home) as control:
        file = control.file()
        assert file["pid"] == control.process.pid
        assert file["trust_domain"] == "cluster.local"
        assert control.call("GET", "/v1/health")[1]["status"] == "ok"
        assert mode(home) == 0o700 and mode(home / "ca") == 0o700
        for name in ("control.json", "api.token", "mesh.db", "lock"):
            assert mode(home / name) == 0o600, name
        assert mode(home / "roots.pem") == 0o644
        for secret in (home / "ca").iterdir():
            assert mode(secret) & 0o077 == 0, secret
        assert control.stop() == 0
        assert not (home / "control.json").exists(), "nobody is to be found there any more"


def test_a_killed_control_plane_comes_back_with_its_state_at_its_addresses(tmp_path):
    control = Control(tmp_path / "home")
    with control:
        before = control.file()
        assert control.apply(route("kept")) == ["created"]
        member = control.register("reviews")
        revision = control.call("GET", "/v1/health")[1]["revision"]
    with control:
        after = control.file()
        for same in ("xds_address", "api_address", "mesh_id", "trust_domain"):
            assert after[same] == before[same]
        assert control.names() == ["kept"]
        assert control.call("GET", "/v1/health")[1]["revision"] == revision
        assert [w["id"] for w in control.call("GET", "/v1/workloads")[1]["workloads"]] == [member["id"]]
        assert control.apply(route("kept")) == ["unchanged"]


def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path):
    control = Control(tmp_path / "home")
    acknowledged = []
    for round_number in range(5):
        with control:
            for number in range(round_number * 3 + 1):
                name = f"r{round_number}-{number}"
                assert control.apply(route(name, f"{name}.example.com")) == ["created"]
                acknowledged.append(name)
    with control:
        assert sorted(control.names()) == sorted(acknowledged)


def test_two_homes_run_side_by_side_and_know_nothing_of_each_other(tmp_path):
    with Control(tmp_path / "one") as one, Control(tmp_path / "two") as two:
        assert one.file()["xds_address"] != two.file()["xds_address"]
        assert one.file()["mesh_id"] != two.file()["mesh_id"]
        one.apply(route("mine"))
        assert two.names() == []
        assert (one.home / "roots.pem").read_text() != (two.home / "roots.pem").read_text()
        token = (one.home / "api.token").read_text()
        (two.home / "api.token").write_text(token)
        assert two.call("GET", "/v1/health")[0] == 401, "a token is good for one mesh"


def test_a_home_takes_one_control_plane(tmp_path):
    with Control(tmp_path / "home") as control:
        assert "already runs" in refusal(tmp_path / "home")
        assert control.call("GET", "/v1/health")[0] == 200
        assert control.file()["pid"] == control.process.pid


def test_the_trust_domain_is_chosen_once(tmp_path):
    control = Control(tmp_path / "home", "--trust-domain", "mesh.example")
    with control:
        assert control.register("reviews")["spiffe_id"] == "spiffe://mesh.example/ns/default/sa/default"
    assert "mesh.example, which cannot be changed" in refusal(tmp_path / "home", "--trust-domain", "other.example")
    with Control(tmp_path / "home") as again:
        assert again.file()["trust_domain"] == "mesh.example"
    assert "--trust-domain" in refusal(tmp_path / "new", "--trust-domain", "Not A Domain")


def test_a_port_that_somebody_else_took_is_named(tmp_path):
    control = Control(tmp_path / "home")
    with control:
        host, port = control.file()["xds_address"].rsplit(":", 1)
        assert control.stop() == 0
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind((host, int(port)))
        taker.listen()
        said = refusal(tmp_path / "home")
        assert f"{host}:{port}" in said and "--listen" in said
    with control:
        assert control.file()["xds_address"] == f"{host}:{port}"


def test_a_store_that_cannot_be_used_is_named_with_what_to_do(tmp_path):
    control = Control(tmp_path / "home")
    with control:
        assert control.stop() == 0
    database = tmp_path / "home" / "mesh.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("pragma user_version = 900")
    assert "newer Ripstop" in refusal(tmp_path / "home")
    database.write_bytes(b"this is no database" * 1000)
    assert str(database) in refusal(tmp_path / "home")


def test_a_home_that_others_may_enter_is_refused(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    assert "chmod 700" in refusal(home)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_made_is_named():
    assert "/proc/mesh" in refusal("/proc/mesh")


def test_a_watched_folder_is_followed_and_stays_in_force_over_a_restart(tmp_path):
    folder = tmp_path / "git"
    folder.mkdir()
    (folder / "one.yaml").write_text(route("one", "one.example.com"))
    control = Control(tmp_path / "home", "--config-dir", folder)
    with control:
        wait_for(lambda: control.names() == ["one"])
        (folder / "two.yaml").write_text(route("two", "two.example.com"))
        wait_for(lambda: control.names() == ["one", "two"])
        (folder / "two.yaml").write_text(route("two", "two.example.com").replace("http:", "htttp:"))
        wait_for(lambda: any("two.yaml" in f["file"] for f in control.call("GET", "/v1/diagnostics")[1]["findings"]))
        assert control.names() == ["one", "two"], "the last good version stays"
        status, reply = control.call("DELETE", "/v1/resources/VirtualService/default/one")
        assert status == 409 and "one.yaml" in reply["error"]["message"]
    with control:
        assert control.names() == ["one", "two"]
        (folder / "one.yaml").unlink()
        wait_for(lambda: control.names() == ["two"])


def test_members_that_died_without_a_word_are_removed(tmp_path):
    with Control(tmp_path / "home") as control:
        dead = subprocess.Popen(["true"])
        dead.wait()
        control.call("POST", "/v1/workloads", {"service": "gone", "pid": dead.pid})
        control.register("alive")
        wait_for(lambda: [w["service"] for w in control.call("GET", "/v1/workloads")[1]["workloads"]] == ["alive"])


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_watch_ends_in_order_when_the_control_plane_is_stopped(tmp_path, signal_number):
    with Control(tmp_path / "home") as control:
        file = control.file()
        token = pathlib.Path(file["token_file"]).read_text(encoding="ascii").strip()
        watch = subprocess.Popen(
            ["curl", "-sN", "-H", "Authorization: Bearer " + token, f"http://{file['api_address']}/v1/watch?since=0"],
            stdout=subprocess.PIPE, text=True)
        control.apply(route("seen"))
        assert '"seen"' in watch.stdout.readline()
        control.process.send_signal(signal_number)
        assert control.process.wait(PATIENCE) == 0
        assert watch.wait(PATIENCE) == 0, "curl saw the end of the reply, not a cut"
        watch.stdout.close()


def test_help_and_mistakes_on_the_command_line():
    helped = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=PATIENCE)
    assert helped.returncode == 0 and "example:" in helped.stdout
    for words in (["--hom", "x"], [], ["--home", "x", "--listen", "nowhere"],
                  ["--home", "x", "--certificate-lifetime", "soon"], ["--home", "x", "--log-level", "loud"]):
        wrong = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=PATIENCE)
        assert wrong.returncode == 2, words
        assert wrong.stderr, words
