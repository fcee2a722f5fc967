#!/usr/bin/env python3
"""Measures our proxy and its peers side by side: same upstream, same load, same machine, round by round in turn.

Everything runs in a network namespace of its own, proxies on one core, upstream and load on another. `--help` lists the
scenarios; bench/README.md says what they are for.
"""

import argparse
import json
import sys
import tempfile

from harness import certificates, counters, machine, proxies, report, rounds, scenarios, summary


def parse(words):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="scenarios:\n" + "\n".join(f"  {one.name:4} {one.title}" for one in scenarios.SCENARIOS.values()))
    parser.add_argument("--scenario", default="all", help="S1c,S2o,...; S1 means S1c and S1o (default: all)")
    parser.add_argument("--proxies", default="", help="ripstop,haproxy,... (default: all that are found)")
    parser.add_argument("--reps", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--seconds", type=float, default=1.5, help="measured part of a round (default 1.5)")
    parser.add_argument("--warm-up", type=float, default=0.4, help="part before it (default 0.4)")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    parser.add_argument("--no-counters", action="store_true", help="no extra round under strace and perf")
    parser.add_argument("--profile", action="store_true", help="a perf profile of every proxy too, in bench/out/NAME.PROXY.txt")
    parser.add_argument("--no-save", action="store_true", help="leave bench/out as it is, and draw no plots")
    parser.add_argument("--write-results", action="store_true", help="make bench/RESULTS.md of all that bench/out holds")
    options = parser.parse_args(words)
    if options.reps < 1 or options.seconds <= 0:
        parser.error("--reps and --seconds must be above zero")
    try:
        return options, scenarios.choose(options.scenario), proxies.choose(options.proxies)
    except ValueError as error:
        parser.error(str(error))


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(scenario, chosen, folder, options):
    """{"rounds": {proxy: [figures]}, "left_out": {proxy: why}} of one scenario."""
    able, left_out = proxies.taking_part(scenario, chosen)
    taken = {name: [] for name in able}
    for number in range(options.reps):
        for name in summary.rotation(list(able), number):
            if name in left_out:
                continue
            try:
                one = rounds.run(scenario, able[name], folder, options)
            except rounds.UnusableError as error:
                left_out[name] = f"not supported: {error}"
                one = {"discarded": str(error)}
            taken[name].append(one)
            shown = one.get("discarded") or f"{scenario.primary} {report.number(one[scenario.primary])}"
            say(f"{scenario.name} {number + 1}/{options.reps} {name}: {shown}")
    kept = {name: one for name, one in taken.items() if name not in left_out}
    if scenario.kind == "load" and not options.no_counters:
        for name, one in kept.items():
            found = counters.count(scenario, able[name], folder)
            for figures in one:
                figures.update(found)
    if scenario.kind == "load" and options.profile:
        for name in kept:
            report.save_profile(scenario.name, name, counters.profile(scenario, able[name], folder))
    return {"rounds": kept, "left_out": left_out}


def result_of(scenario, chosen, folder, options, about):
    result = measure(scenario, chosen, folder, options)
    figures = rounds.FIGURES[scenario.kind]
    result["summary"] = summary.summarize(result["rounds"], scenario.reference, figures)
    return {**result, "figures": figures, "machine": about, "command": "bench/run.py " + " ".join(sys.argv[1:])}


def run(chosen_scenarios, chosen_proxies, options, has_namespace):
    results = {}
    machine.raise_limits()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, machine.awake() as is_awake:
        certificates.make(folder)
        about = {**machine.describe(has_namespace, is_awake), "build": proxies.build_folder().name}
        for scenario in chosen_scenarios:
            result = result_of(scenario, chosen_proxies, folder, options, about)
            results[scenario.name] = result
            if not options.no_save:
                report.save(scenario.name, result)
                report.plot(scenario.name, result)
            if options.output == "table":
                print(report.section(scenario.name, result), flush=True)
    return results


def main(words):
    options, chosen_scenarios, chosen_proxies = parse(words)
    if proxies.own("ripstop-load") is None:
        say(f"bench: {proxies.build_folder()}/bin/ripstop-load is missing: build it, or name a build in RIPSTOP_BUILD")
        return 2
    has_namespace = machine.enter_namespace()
    if not has_namespace:
        say("bench: no network namespace of its own is permitted here, so the host's rules are in the path")
    if proxies.build_folder().name not in ("release",):
        say(f"bench: measuring {proxies.build_folder()}, not the release build that users run")
    results = run(chosen_scenarios, chosen_proxies, options, has_namespace)
    if options.output == "json":
        print(json.dumps(results, ensure_ascii=False))
    if options.write_results:
        say(f"bench: wrote {report.write_results(report.saved())}")
    return 0 if all(result["rounds"] for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
