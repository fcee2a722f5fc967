#!/usr/bin/python3
"""Counts the tests of one run and prints `N passed, N failed` as the last line.

usage: tools/count_tests.py RESULTS_DIR

RESULTS_DIR is what scripts/test leaves behind: ctest.xml (one test per room), gtest/*.xml (the cases inside each room),
pytest*.xml, and `stages`, one `name exit-code` per line. A room whose program died has no or an incomplete XML file and
counts as one more failure; so does a stage that failed although no test of it did. Skipped tests count as neither.
Exit code: 0 when something passed and nothing failed, else 1.
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path


def case_outcome(case):
    """passed, failed or skipped, for one <testcase> of GoogleTest, ctest or pytest."""
    if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
        return "failed"
    if case.find("skipped") is not None or case.get("result") in ("skipped", "suppressed"):
        return "skipped"
    return "passed"


def count_cases(path):
    """Outcomes of all cases in one JUnit-like file; an unreadable file is one failure."""
    try:
        return Counter(case_outcome(case) for case in ElementTree.parse(path).iter("testcase"))
    except (ElementTree.ParseError, OSError):
        return Counter(failed=1)


def count_rooms(results):
    """ctest's verdict per room, refined by the cases that the room's own XML lists."""
    counts = Counter()
    junit = results / "ctest.xml"
    if not junit.exists():
        return counts
    try:
        rooms = list(ElementTree.parse(junit).iter("testcase"))
    except ElementTree.ParseError:
        return Counter(failed=1)
    for room in rooms:
        verdict = case_outcome(room)
        cases_file = results / "gtest" / f"{room.get('name')}_test.xml"
        cases = count_cases(cases_file) if cases_file.exists() else Counter({verdict: 1})
        if verdict == "failed" and not cases["failed"]:
            cases["failed"] += 1
        counts += cases
    return counts


def count(results):
    """All outcomes of a results folder."""
    counts = count_rooms(results)
    for junit in sorted(results.glob("pytest*.xml")):
        counts += count_cases(junit)
    stages = results / "stages"
    broken = []
    if stages.exists():
        lines = [line.rpartition(" ") for line in stages.read_text().splitlines()]
        broken = [name for name, _, code in lines if code != "0"]
    stages_with_cases = ("unit tests", "tools and scenarios")
    counts["failed"] += sum(name not in stages_with_cases for name in broken)
    if broken and not counts["failed"]:
        counts["failed"] = len(broken)
    return counts, broken


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    results = Path(arguments[0])
    if not results.is_dir():
        print(f"no test ran: there is no {results}; the build before it failed, see above", file=sys.stderr)
        print("0 passed, 1 failed")
        return 1
    counts, broken = count(results)
    if broken:
        print("failed stages: " + ", ".join(broken))
    if counts["skipped"]:
        print(f"{counts['skipped']} skipped")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
