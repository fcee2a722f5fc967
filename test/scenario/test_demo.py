"""`ripstop demo`: every effect is seen, alone and beside another one, and nothing is left behind."""

import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RIPSTOP_BUILD", ROOT / "build/dev")) / "bin"
STEPS = [
    "baseline",
    "mutual-tls",
    "split-75-25",
    "split-80-20-v1alpha3",
    "user-to-v3",
    "flaky-without-retries",
    "retries",
    "strict-mtls",
]
TWO_MINUTES = 120

pytestmark = pytest.mark.skipif(
    not all((BIN / name).exists() for name in ("ripstop", "ripstop-control", "ripstop-proxy", "bookinfo")),
    reason="the programs are not built",
)


def start(folder):
    return subprocess.Popen(
        [BIN / "ripstop", "demo", "--once", "--output", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )


def processes_of(folder):
    """Processes whose mesh has its home in `folder`, with their network namespaces."""
    marker = f"RIPSTOP_HOME={folder}/".encode()
    found = {}
    for process in pathlib.Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if any(variable.startswith(marker) for variable in (process / "environ").read_bytes().split(b"\0")):
                found[process.name] = os.readlink(process / "ns/net")
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return found


def finish(demo):
    output, errors = demo.communicate(timeout=TWO_MINUTES)
    assert demo.returncode == 0, output + errors
    steps = [json.loads(line) for line in output.splitlines()]
    assert [step["name"] for step in steps] == STEPS
    for step in steps:
        assert set(step) == {"name", "expected", "measured", "ok"}
        assert step["ok"] is True, step
    assert errors == ""


def assert_nothing_is_left(folder):
    assert processes_of(folder) == {}
    assert list(folder.iterdir()) == []


def wait_for_members(folder, count):
    deadline = time.monotonic() + 60
    while len(set(processes_of(folder).values())) <= count:
        assert time.monotonic() < deadline, "the members did not come up"
        time.sleep(0.02)


def test_every_effect_is_seen_and_nothing_is_left(tmp_path):
    finish(start(tmp_path))
    assert_nothing_is_left(tmp_path)


def test_two_at_once_do_not_see_each_other(tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    demos = [start(folder) for folder in folders]
    for demo in demos:
        finish(demo)
    for folder in folders:
        assert_nothing_is_left(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_one_leaves_nothing(tmp_path, number):
    demo = start(tmp_path)
    wait_for_members(tmp_path, 6)
    demo.send_signal(number)
    _, errors = demo.communicate(timeout=30)
    assert demo.returncode == 128 + number
    assert "interrupted" in errors
    assert_nothing_is_left(tmp_path)


def test_without_its_sample_application_it_says_so_and_leaves_nothing(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "RIPSTOP_BOOKINFO": "/nowhere"}
    demo = subprocess.run([BIN / "ripstop", "demo", "--once"], capture_output=True, text=True, env=environment)
    assert demo.returncode == 1
    assert "bookinfo" in demo.stderr
    assert_nothing_is_left(tmp_path)
