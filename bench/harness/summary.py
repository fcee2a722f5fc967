"""Numbers from rounds: medians with their spread, and ratios within a round.

The machines this runs on change speed for minutes at a time, so figures of different rounds cannot be compared; a
ratio of two proxies in the same round can.
"""

import statistics


def spread(values):
    """{median, min, max} of what is there, or None."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"median": statistics.median(known), "min": min(known), "max": max(known)}


def ratios(values, reference):
    """Per-round ratios of two lists that have the same rounds at the same places; None where either has no figure."""
    return [
        value / base if value is not None and base else None for value, base in zip(values, reference, strict=True)
    ]


def figure(rounds, name):
    """One figure of every round, None for rounds that were discarded."""
    return [None if "discarded" in one else one.get(name) for one in rounds]


def summarize(by_proxy, reference, figures):
    """{proxy: {figure: spread, "ratio": {figure: spread of the per-round ratios}}} from {proxy: [round]}."""
    summary = {}
    for proxy, rounds in by_proxy.items():
        one = {name: spread(figure(rounds, name)) for name in figures}
        one["discarded"] = [r["discarded"] for r in rounds if "discarded" in r]
        one["ratio"] = {}
        if reference in by_proxy:
            base = by_proxy[reference]
            for name in figures:
                one["ratio"][name] = spread(ratios(figure(rounds, name), figure(base, name)))
        summary[proxy] = one
    return summary


def rotation(names, round_number):
    """A B C, B C A, C A B, ...: nobody is always first, or always behind the same one."""
    shift = round_number % len(names) if names else 0
    return [*names[shift:], *names[:shift]]
