"""Size budgets of files and folders. Functions, nesting and parameters are clang-tidy's readability-function-size."""

from collections import defaultdict
from pathlib import Path

from checks.tree import DATA_FOLDERS, Finding

EXCEPTIONS = "tools/size_exceptions.txt"
SOURCE, HEADER, TEST, PYTHON = 500, 300, 800, 500
FOLDER_FILES, FOLDER_DEPTH, README_FROM, README_LINES = 25, 3, 5, 40


def line_limit(path):
    """The most lines that a file may have, or None where there is no limit."""
    if path.endswith("_test.cc") or (Path(path).name.startswith("test_") and path.endswith(".py")):
        return TEST
    if path.endswith(".cc"):
        return SOURCE
    if path.endswith(".h"):
        return HEADER
    return PYTHON if path.endswith(".py") or path == "tools/check" else None


def read_exceptions(tree):
    """{path: (line, reason)} of the exceptions file."""
    exceptions = {}
    if EXCEPTIONS in tree.files:
        for number, line in tree.lines(EXCEPTIONS):
            path, _, reason = line.partition(":")
            if line.strip() and not line.startswith("#"):
                exceptions[path.strip()] = (number, reason.strip())
    return exceptions


def check(tree, _options):
    """Yields a Finding per file or folder over its budget, and per exception that is unused or has no reason."""
    exceptions = read_exceptions(tree)
    over = list(over_budget(tree))
    yield from (finding for finding in over if finding.path not in exceptions)
    paths = {finding.path for finding in over}
    for path, (number, reason) in exceptions.items():
        if not reason:
            yield Finding(EXCEPTIONS, number, f"the exception for {path} has no reason", "write it after the colon")
        elif path not in paths:
            yield Finding(EXCEPTIONS, number, f"{path} keeps its budget and needs no exception", "remove the line")
    yield from missing_readmes(tree)


def over_budget(tree):
    for path in tree.files:
        limit = line_limit(path)
        count = len(tree.text(path).splitlines()) if limit else 0
        if limit and count > limit:
            yield Finding(path, limit + 1, f"{count} lines, the limit is {limit}",
                          f"split it by idea (aim at half the limit), or name it in {EXCEPTIONS} with a reason")
    for folder, files in sorted(code_folders(tree).items()):
        if len(files) > FOLDER_FILES:
            yield Finding(folder, 1, f"{len(files)} files in one folder, the limit is {FOLDER_FILES}",
                          "group them into sub-folders by idea")
        parts = Path(folder).parts
        if parts[0] == "src" and len(parts) > 2 + FOLDER_DEPTH:
            yield Finding(folder, 1, f"{len(parts) - 2} folders below src/{parts[1]}, the limit is {FOLDER_DEPTH}",
                          "flatten the folders")


def folders(tree):
    """{folder: files directly in it}, without READMEs, data folders and the root."""
    found = defaultdict(list)
    for path in tree.files:
        parent = Path(path).parent
        if parent.parts and not DATA_FOLDERS.intersection(parent.parts) and Path(path).name != "README.md":
            found[str(parent)].append(path)
    return found


def code_folders(tree):
    """The folders that hold code."""
    return {folder: files for folder, files in folders(tree).items()
            if any(path.endswith((".cc", ".h", ".py", ".proto")) for path in files)}


def missing_readmes(tree):
    for folder, files in sorted(folders(tree).items()):
        readme = f"{folder}/README.md"
        if readme not in tree.files:
            if len(files) > README_FROM:
                yield Finding(readme, 1, f"{len(files)} files in {folder} and no README.md",
                              "say in at most 40 lines: purpose, the one file to read first, what does not belong")
        elif len(tree.text(readme).splitlines()) > README_LINES:
            yield Finding(readme, README_LINES + 1, f"longer than {README_LINES} lines",
                          "move the detail to docs/ or into the headers' contracts")
