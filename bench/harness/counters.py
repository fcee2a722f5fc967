"""System calls, allocations and instructions per request, each counted in a short round of its own, since counting slows."""

import contextlib
import dataclasses
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from harness import proxies
from harness.rounds import UnusableError, ready_path
from harness.scenarios import MIB

WATCH_FOR = 1.0
# Even a frugal program asks for more than that until it serves, unless it asks elsewhere.
FEWEST = 200
# Under strace a proxy takes far longer for a call than without, so an open loop is slowed down to what it still keeps up
# with; how many calls a lone request needs does not change with it.
SLOW_RATE = "1000"
ROW = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d*\s+(\d+)\s+(?:\d+\s+)?(\S+)\s*$", re.M)

# Where the kernel enters a system call; some of its entries are folded into what they call.
SYSTEM_CALL = re.compile(r"\b(?:__x64_sys_\w+|__sys_sendmsg|__sys_recvmsg|ksys_read|ksys_write|do_writev)$")


def parse_strace(text):
    """{system call: count} of a summary that `strace -c` printed."""
    return {name: int(count) for count, name in ROW.findall(text) if name != "total"}


def parse_perf(text):
    """Instructions that `perf stat -x,` counted, or None where the machine does not count them."""
    for line in text.splitlines():
        fields = line.split(",")
        if len(fields) > 2 and fields[2].startswith("instructions") and fields[0].isdigit():
            return int(fields[0])
    return None


def progress(file):
    return struct.unpack("=Q", pathlib.Path(file).read_bytes())[0]


def watch(command, output, file, is_attached):
    """Runs a counting tool for a while; (requests answered meanwhile, what the tool wrote)."""
    tool = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if is_attached:
        tool.stderr.readline()
    else:
        time.sleep(0.2)
    before = progress(file)
    time.sleep(WATCH_FOR)
    answered = progress(file) - before
    tool.send_signal(signal.SIGINT)
    _, said = tool.communicate()
    return answered, pathlib.Path(output).read_text(encoding="utf-8") if pathlib.Path(output).exists() else said


def slowed(scenario):
    return dataclasses.replace(scenario, drive=tuple(SLOW_RATE if word == "5000" else word for word in scenario.drive))


def units_per_answer(scenario):
    return scenario.content_bytes / MIB if scenario.per == "MiB" and scenario.service == "http1" else 1


def counted(scenario, proxy, certificates, make_command, is_attached):
    """(units of work, tool's output) of one watched run."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, ready_path(scenario, proxy, certificates) as path:
        file, output = f"{folder}/progress", f"{folder}/output"
        running = path.begin_drive("--seconds", 60, "--warm-up", 0, "--progress", file)
        try:
            time.sleep(0.7)
            answered, text = watch(make_command(path.pids(), output), output, file, is_attached)
        finally:
            running.kill()
            running.communicate()
    return answered * units_per_answer(scenario), text


def strace_command(pids, output):
    return ["strace", "-f", "-c", "-o", output, *(word for pid in pids for word in ("-p", str(pid)))]


def perf_command(pids, output):
    return ["perf", "stat", "-x,", "-e", "instructions", "-o", output, "-p", ",".join(map(str, pids))]


def allocations(scenario, proxy, certificates):
    """Calls of the C library's allocator per unit; None for a program that has an allocator of its own."""
    library = proxies.own("ripstop-count.so")
    if library is None:
        return None
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        file, counter = f"{folder}/progress", f"{folder}/count"
        pathlib.Path(counter).write_bytes(bytes(8))
        with ready_path(scenario, proxy, certificates, {"LD_PRELOAD": library, "RIPSTOP_COUNT_FILE": counter}) as path:
            running = path.begin_drive("--seconds", 60, "--warm-up", 0, "--progress", file)
            try:
                time.sleep(0.7)
                before, count_before = progress(file), progress(counter)
                time.sleep(WATCH_FOR)
                answered, counted_now = progress(file) - before, progress(counter) - count_before
            finally:
                running.kill()
                running.communicate()
    passes_here = count_before > FEWEST
    return counted_now / (answered * units_per_answer(scenario)) if answered and passes_here else None


def count(scenario, proxy, certificates):
    """{"syscalls", "allocations", "instructions": per unit, "by_call": {name: per unit}}, as far as they can be told."""
    found = {}
    with contextlib.suppress(UnusableError, OSError, ValueError):
        if shutil.which("strace"):
            units, text = counted(slowed(scenario), proxy, certificates, strace_command, True)
            calls = parse_strace(text)
            if units and calls:
                found["syscalls"] = sum(calls.values()) / units
                found["by_call"] = {name: n / units for name, n in sorted(calls.items(), key=lambda item: -item[1])}
        found["allocations"] = allocations(scenario, proxy, certificates)
        if shutil.which("perf") and can_count_instructions():
            units, text = counted(scenario, proxy, certificates, perf_command, False)
            if units and parse_perf(text):
                found["instructions"] = parse_perf(text) / units
    return found


def record_command(pids, output):
    return ["perf", "record", "-q", "-e", "cpu-clock", "-F", "2500", "-g", "-o", output, "-p", ",".join(map(str, pids))]


def perf_report(data, *words):
    command = ["perf", "report", "-i", data, "-g", "none", "--percent-limit", "0.3", "--stdio", "-q", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "\n".join(line.rstrip(" -") for line in done.stdout.splitlines() if line.strip())


def profile(scenario, proxy, certificates):
    """Where the time goes, by object, system call and function, as `perf report` tells it; "" where perf cannot record."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, contextlib.suppress(UnusableError, FileNotFoundError):
        data = f"{folder}/data"
        counted(scenario, proxy, certificates, lambda pids, _: record_command(pids, data), False)
        by_object = perf_report(data, "--no-children", "-s", "dso")
        by_function = perf_report(data, "--no-children", "-s", "dso,symbol")
        calls = [line for line in perf_report(data, "--children", "-s", "symbol").splitlines() if SYSTEM_CALL.search(line)]
        return "\n".join([by_object.strip(), "", "system calls with all that they do (all, self):", *calls, "",
                          by_function.strip(), ""])
    return ""


def can_count_instructions():
    done = subprocess.run(["perf", "stat", "-x,", "-e", "instructions", "true"], capture_output=True, text=True, check=False)
    return parse_perf(done.stderr) is not None
