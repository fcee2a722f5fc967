"""One round of one proxy in one scenario: {figure: number}, or {"discarded": why}."""

import contextlib
import dataclasses
import time

from harness import checks
from harness.checks import CheckError
from harness.path import DriveError, Path, StartError
from harness.processes import pss_kib

SETTLE = 0.5
FIRST_CONNECTIONS = 32
MOST_SHARED = 32
IDLE = (1000, 10_000)
IDLE_TLS = (200, 2000)


class UnusableError(Exception):
    """This proxy cannot take this scenario's path at all, so further rounds are in vain."""


@contextlib.contextmanager
def ready_path(scenario, proxy, certificates, environment=None):
    """A path that answers rightly."""
    try:
        with Path(scenario, proxy, certificates, environment) as path:
            path.check()
            yield path
    except (StartError, CheckError) as error:
        raise UnusableError(str(error)) from error


def figures_of(report, scenario):
    """The scenario's figures from the load program's report."""
    units = report["bytes"] / 2**20 if scenario.per == "MiB" else report["requests"]
    if units == 0:
        return {"discarded": "nothing was answered"}
    if report["errors"]:
        return {"discarded": f"{report['errors']} errors: {report['failures']}"}
    # The first connection of every slot has nothing to resume.
    resumable = max(1, report["connections"] - 2 * FIRST_CONNECTIONS)
    if "--resume" in scenario.drive and report["resumptions"] < 0.95 * resumable:
        return {"discarded": f"only {report['resumptions']} of {report['connections']} connections were resumed"}
    if "--fresh" in scenario.drive and "--resume" not in scenario.drive and report["resumptions"]:
        return {"discarded": "connections were resumed that should not be"}
    return {
        "cpu_us": report["cpu_seconds"] * 1e6 / units,
        "per_second": units / report["seconds"],
        "p50_us": report["latency_us"]["p50"],
        "p99_us": report["latency_us"]["p99"],
        "p999_us": report["latency_us"]["p999"],
        "busy": report["cpu_seconds"] / report["seconds"],
        "load_us": report["load_cpu_seconds"] * 1e6 / units,
        "unanswered": report["unanswered"],
    }


def check_hop(path, proxy):
    """A hop that should share HTTP/2 connections must not have one for every client."""
    if path.is_multiplexed and path.hop_connections() > MOST_SHARED:
        raise UnusableError(f"{proxy.name} opened {path.hop_connections()} connections between its two proxies")


def load(scenario, proxy, certificates, options):
    with ready_path(scenario, proxy, certificates) as path:
        try:
            report = path.drive("--seconds", options.seconds, "--warm-up", options.warm_up)
        except DriveError as error:
            return {"discarded": str(error)}
        check_hop(path, proxy)
        return {**figures_of(report, scenario), "pss_kib": pss_kib(path.pids())}


def held(path, count, *more):
    """Opens `count` idle connections; the running load program that keeps them."""
    running = path.begin_drive("--hold", "--connections", count, *more)
    line = running.stdout.readline()
    if not line.startswith("holding"):
        raise DriveError(running.stderr.read().strip() or "connections could not be held")
    return running


def growth_per_connection(path, counts):
    """(KiB of the process without a connection, bytes per connection between the two counts)."""
    time.sleep(SETTLE)
    alone = pss_kib(path.pids())
    holders, sizes = [], []
    try:
        for before, count in zip((0, *counts), counts, strict=False):
            holders.append(held(path, count - before))
            time.sleep(SETTLE)
            sizes.append(pss_kib(path.pids()))
    finally:
        for one in holders:
            one.communicate("")
    return alone, (sizes[1] - sizes[0]) * 1024 / (counts[1] - counts[0])


def idle(scenario, proxy, certificates, _options):
    try:
        with ready_path(scenario, proxy, certificates) as path:
            alone, plain = growth_per_connection(path, IDLE)
    except DriveError as error:
        return {"discarded": str(error)}
    figures = {"process_kib": alone, "idle_bytes": plain}
    guarded = dataclasses.replace(scenario, roles=("inbound",), client_tls=True)
    if proxy.template("inbound") is None:
        return figures
    try:
        with ready_path(guarded, proxy, certificates) as path:
            figures["idle_tls_bytes"] = growth_per_connection(path, IDLE_TLS)[1]
    except DriveError as error:
        return {"discarded": str(error)}
    return figures


def time_to_first_answer(scenario, proxy, certificates, host):
    """(milliseconds from the start of the process to its first right answer, KiB then)."""
    with Path(scenario, proxy, certificates) as path:
        program = path.proxies[0]
        while True:
            try:
                checks.http1(path.front, scenario.content_bytes, host=host)
                break
            except CheckError:
                program.check_runs()
                if time.monotonic() > program.begun + 20:
                    raise
        taken = (time.monotonic() - program.begun) * 1000
        time.sleep(SETTLE)
        return taken, pss_kib(path.pids())


def start(scenario, proxy, certificates, _options):
    try:
        taken, size = time_to_first_answer(scenario, proxy, certificates, checks.HOST)
        figures = {"start_ms": taken, "process_kib": size}
        many = dataclasses.replace(scenario, roles=("services",))
        if proxy.template("services") is not None:
            taken, size = time_to_first_answer(many, proxy, certificates, "service-999.bench.test")
            figures |= {"services_ms": taken, "services_kib": size}
    except (StartError, CheckError) as error:
        raise UnusableError(str(error)) from error
    return figures


KINDS = {"load": load, "idle": idle, "start": start}
FIGURES = {
    "load": ("cpu_us", "per_second", "p50_us", "p99_us", "p999_us", "pss_kib", "busy", "load_us", "syscalls",
             "allocations", "instructions"),
    "idle": ("process_kib", "idle_bytes", "idle_tls_bytes"),
    "start": ("start_ms", "process_kib", "services_ms", "services_kib"),
}


def run(scenario, proxy, certificates, options):
    return KINDS[scenario.kind](scenario, proxy, certificates, options)
