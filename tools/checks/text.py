"""Rules about the project's own text: nothing of a developer's machine, no leftovers, names that mean something."""

import re

from checks.tree import CODE, Finding, is_test

# The path prefixes are put together here so that this file does not break its own rule.
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:" + "|".join(("home/\\w", "work/", "Users/\\w", "root/")) + ")")
BESIDE = re.compile(r"\.\./" + "shared\\b")
LEFTOVER = re.compile(r"\b(?:TO" + "DO|FIX" + "ME|X" + "XX)\\b")
EMPTY_NAME = re.compile(
    r"\b(?:class|struct|concept|enum class|enum)\s+(?:\[\[\w+\]\]\s+)?"
    r"(\w*(?:Manager|Helper|Utils?|Impl|Base|Data|Info))\b")
BARE_NOLINT = re.compile(r"\bNOLINT(?:NEXTLINE|BEGIN)?\b(?!\([\w.,* -]+\): \w)")
TEXT = (*CODE, ".py", ".md", ".txt", ".cmake", ".yaml", ".yml", ".json", ".proto", ".sh", ".toml")
# Licences and lock files are others' text.
OTHERS = ("LICENSE", "third_party/aws-lc/Cargo.lock")


def check(tree, _options):
    """Yields a Finding per offending line."""
    for path in tree.files:
        if path in OTHERS or not (path.endswith(TEXT) or "." not in path.rpartition("/")[2]):
            continue
        for number, line in tree.lines(path):
            yield from check_line(path, number, line)
        if path.endswith(".h") and "#pragma once" not in tree.text(path):
            yield Finding(path, 1, "the header has no #pragma once", "add it after the comment that opens the file")


def check_line(path, number, line):
    machine = MACHINE_PATH.search(line)
    if machine:
        yield Finding(path, number, f"'{machine[0]}...' is a path of one developer's machine",
                      "make it relative to the project, or take it from the environment")
    if BESIDE.search(line) and not is_test(path):
        yield Finding(path, number, "refers to a folder beside the project",
                      "the project stands alone; only tests may read there, and skip when it is absent")
    leftover = LEFTOVER.search(line)
    if leftover:
        yield Finding(path, number, f"'{leftover[0]}' marks unfinished work", "finish it, or leave it out")
    if path.endswith(CODE):
        name = EMPTY_NAME.search(line)
        if name:
            yield Finding(path, number, f"the name '{name[1]}' says nothing about what it is",
                          "name it for what it is or does; never Manager, Helper, Util, Impl, Base, Data, Info")
        if BARE_NOLINT.search(line) and "NOLINTEND" not in line:
            yield Finding(path, number, "NOLINT without a check name and a reason",
                          "write `// NOLINT(check-name): why the check is wrong here`")
