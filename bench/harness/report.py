"""What a run found, as JSON, as a table for the terminal, as bench/RESULTS.md and as plots."""

import json
import pathlib

from harness.scenarios import SCENARIOS

BENCH = pathlib.Path(__file__).resolve().parent.parent
OUT = BENCH / "out"
RESULTS = BENCH / "RESULTS.md"

COLUMNS = {
    "cpu_us": "CPU µs", "per_second": "per s", "p50_us": "p50 µs", "p99_us": "p99 µs", "p999_us": "p99.9 µs",
    "pss_kib": "PSS MiB", "busy": "core busy", "load_us": "load µs", "syscalls": "syscalls",
    "allocations": "allocations", "instructions": "instructions",
    "process_kib": "process MiB", "idle_bytes": "B per idle", "idle_tls_bytes": "B per idle mTLS",
    "start_ms": "start ms", "services_ms": "1,000 services ms", "services_kib": "1,000 services MiB",
}


PER_UNIT = ("cpu_us", "load_us", "syscalls", "allocations", "instructions")


def number(value, name=""):
    if value is None:
        return "-"
    if name.endswith("_kib"):
        return f"{value / 1024:.1f}"
    if name == "busy":
        return f"{value:.0%}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def cell(spread, name):
    """Median, with the range behind it where there is one."""
    if spread is None:
        return "-"
    text = number(spread["median"], name)
    if name == "cpu_us" and spread["min"] != spread["max"]:
        text += f" ({number(spread['min'])}-{number(spread['max'])})"
    return text


def judged(scenario, summary):
    """{figure: (is met, text)} of our own proxy against the scenario's targets; figures not known are left out."""
    ours = next((summary[name] for name in scenario.ours if name in summary), None)
    found = {}
    for name, (most, kind) in scenario.targets.items():
        spread = (ours["ratio"].get(name) if kind == "ratio" else ours.get(name)) if ours else None
        if spread is None:
            continue
        value = spread["median"]
        unit = " x " + scenario.reference if kind == "ratio" else ""
        shown = (number(value, name), number(most, name)) if kind == "value" else (f"{value:.2f}", f"{most:.2f}")
        found[name] = (value <= most, f"{COLUMNS[name]} {shown[0]}{unit}, target {shown[1]}")
    return found


def table(scenario, result):
    """Markdown lines for one scenario."""
    summary, figures = result["summary"], result["figures"]
    shown = [name for name in figures if any(one.get(name) for one in summary.values())]
    head = ["", *(COLUMNS[name] + (f"/{scenario.per}" if name in PER_UNIT else "") for name in shown), f"x {scenario.reference}", "rounds"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for proxy, one in summary.items():
        rounds = result["rounds"][proxy]
        ratio = one["ratio"].get(scenario.primary)
        ratio_text = f"{ratio['median']:.2f} ({ratio['min']:.2f}-{ratio['max']:.2f})" if ratio else "-"
        kept = f"{len(rounds) - len(one['discarded'])}" + (f" of {len(rounds)}" if one["discarded"] else "")
        lines.append("| " + " | ".join([proxy, *(cell(one.get(name), name) for name in shown), ratio_text, kept]) + " |")
    for proxy, why in result["left_out"].items():
        lines.append(f"| {proxy} | {why} |" + " |" * (len(head) - 2))
    return lines


def section(name, result):
    scenario = SCENARIOS[name]
    lines = [f"## {name}: {scenario.title}", "", *table(scenario, result), ""]
    for met, text in judged(scenario, result["summary"]).values():
        lines.append(f"- {'met' if met else '**not met**'}: {text}")
    discarded = [f"{proxy}: {why}" for proxy, one in result["summary"].items() for why in one["discarded"]]
    lines += [f"- discarded round of {text}" for text in discarded]
    return "\n".join(lines) + "\n"


def save(name, result):
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def save_profile(name, proxy, text):
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.{proxy}.txt").write_text(text, encoding="utf-8")


def saved():
    """{scenario: result} of all that bench/out holds, in the scenarios' order."""
    return {name: json.loads((OUT / f"{name}.json").read_text(encoding="utf-8"))
            for name in SCENARIOS if (OUT / f"{name}.json").exists()}


def overview(results):
    lines = ["| scenario | ours | target | verdict |", "|---|---|---|---|"]
    for name, result in results.items():
        for met, text in judged(SCENARIOS[name], result["summary"]).values():
            value, _, target = text.partition(", target ")
            lines.append(f"| {name} | {value} | {target} | {'met' if met else '**not met**'} |")
    return lines


def results_page(results):
    """The text of RESULTS.md."""
    machines = {json.dumps(result["machine"], sort_keys=True) for result in results.values()}
    lines = ["# Results", "", "Written by `bench/run.py --write-results` from `bench/out/*.json`; how to read it: README.md.",
             "Figures are medians of the rounds; behind CPU the lowest and the highest. The ratio is the median of the ratios",
             "within each round, which hold when the machine changes its speed between rounds.", ""]
    for machine in sorted(machines):
        lines += ["- " + ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in json.loads(machine).items())]
    lines += ["", "Commands:", ""]
    lines += [f"- `{command}`" for command in sorted({result["command"] for result in results.values()})]
    lines += ["", *overview(results), ""]
    return "\n".join(lines) + "\n" + "\n".join(section(name, result) for name, result in results.items())


def write_results(results):
    RESULTS.write_text(results_page(results), encoding="utf-8")
    return RESULTS


def plot(name, result):
    """PNG and SVG of the primary figure; returns the files, none where matplotlib is missing."""
    try:
        import matplotlib
    except ImportError:
        return []
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    scenario = SCENARIOS[name]
    spreads = {proxy: one.get(scenario.primary) for proxy, one in result["summary"].items()}
    known = {proxy: one for proxy, one in spreads.items() if one}
    if not known:
        return []
    figure, axes = plt.subplots(figsize=(7, 0.5 * len(known) + 1.2))
    medians = [one["median"] for one in known.values()]
    below = [one["median"] - one["min"] for one in known.values()]
    above = [one["max"] - one["median"] for one in known.values()]
    colours = ["#c2410c" if proxy.startswith("ripstop") else "#64748b" for proxy in known]
    axes.barh(list(known), medians, xerr=[below, above], color=colours, ecolor="#1e293b", capsize=2)
    axes.invert_yaxis()
    axes.set_xlabel(f"{COLUMNS[scenario.primary]} per {scenario.per}, less is better")
    axes.set_title(f"{name}: {scenario.title}", fontsize=9, wrap=True)
    figure.tight_layout()
    files = [OUT / f"{name}.{kind}" for kind in ("png", "svg")]
    for file in files:
        figure.savefig(file)
    plt.close(figure)
    return files
