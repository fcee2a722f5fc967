"""The machine that is measured on: a network of its own, cores that do not halt, room for descriptors."""

import contextlib
import os
import platform
import resource
import shutil
import struct
import subprocess
import sys

INSIDE = "RIPSTOP_BENCH_NAMESPACE"
DESCRIPTORS = 65536


def enter_namespace():
    """Starts this program again in a network namespace that holds only loopback; returns inside it.

    Firewall rules and connection tracking of the host are out of the path there. As an ordinary user a user namespace
    comes with it. Where neither is permitted the host's network has to do, and False is returned.
    """
    if os.environ.get(INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return True
    wanted = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    if shutil.which("unshare") and subprocess.run([*wanted, "true"], capture_output=True, check=False).returncode == 0:
        sys.stdout.flush()
        os.execvpe(wanted[0], [*wanted, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    return False


def cores():
    """(proxy's core, load's core); both None on a machine with a single one."""
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


@contextlib.contextmanager
def awake():
    """Keeps idle cores from halting while it lasts; yields whether that was permitted.

    Waking a halted virtual core costs more than the differences that are measured.
    """
    try:
        device = os.open("/dev/cpu_dma_latency", os.O_WRONLY)
        os.write(device, struct.pack("i", 0))
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        os.close(device)


def raise_limits():
    """As many descriptors as ten thousand connections through a proxy need, or as many as are permitted; and this program
    and all it starts come before other people's work, where that is permitted."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (DESCRIPTORS, hard):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, max(limit, hard)))
            return


def describe(has_namespace, is_awake):
    """What a reader of the figures wants to know about where they come from."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "own_network_namespace": has_namespace,
        "cores_kept_awake": is_awake,
        "pinned": cores()[0] is not None,
    }
