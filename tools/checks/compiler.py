"""The checks that run Clang's tools. Clean results are cached by content, so a second run costs almost nothing."""

import hashlib
import json
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checks.tree import Finding, is_test, room_of

FORMAT, TIDY, COMPILER = "clang-format-19", "clang-tidy-19", "clang++-19"
DIAGNOSTIC = re.compile(
    r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+):\d+: (?:warning|error|fatal error): (?P<what>.*)$", re.M)
# Assertion macros make tests slow to judge; what remains guards lifetimes, names and sizes.
TEST_CHECKS = ("-*,bugprone-use-after-move,cppcoreguidelines-avoid-capturing-lambda-coroutines,"
               "misc-coroutine-hostile-raii,readability-function-size,readability-identifier-naming")
FILE_SCOPE_NAME = re.compile(
    r"^(?!using |namespace|extern|template|TEST|INSTANTIATE)\w[^\n(={;/]*?(?<![:\w])(\w+)(?:[({;\[]| [={:]|$)", re.M)
GROUP_FILES = 10
# Flags of a compile command that concern its output, or that only the compiler proper knows.
DROPPED_FLAGS = {"-c", "-o", "-MD", "-MT", "-MF"}


def check_format(tree, _options):
    """Yields a Finding per file that clang-format would change."""
    if not tree.code:
        return
    command = [FORMAT, "--dry-run", "--Werror", *tree.code]
    done = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
    seen = set()
    for match in DIAGNOSTIC.finditer(done.stderr):
        if match["path"] not in seen:
            seen.add(match["path"])
            yield Finding(match["path"], int(match["line"]), "not formatted as .clang-format says", "run `make fmt`")
    if done.returncode != 0 and not seen:
        yield Finding(".clang-format", 1, done.stderr.strip() or f"{FORMAT} failed", "mend what it reports")


class Cache:
    """One empty file per clean (tool, configuration, flags, contents); a finding is never cached."""

    def __init__(self, tree, folder, *configuration):
        self._tree = tree
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._configuration = "\0".join(configuration)
        self._hashes = {}

    def entry(self, path, flags):
        digest = hashlib.sha256(f"{self._configuration}\0{path}\0{shlex.join(flags)}".encode())
        for member in self._tree.closure(path):
            if member not in self._hashes:
                self._hashes[member] = hashlib.sha256((self._tree.root / member).read_bytes()).hexdigest()
            digest.update(f"\0{member}\0{self._hashes[member]}".encode())
        return self._folder / digest.hexdigest()[:40]


def tool_version(tool):
    done = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)
    return done.stdout


def compile_flags(tree, build):
    """{path: flags} of the project's own sources in compile_commands.json; None when the build is not configured."""
    commands = tree.root / build / "compile_commands.json"
    if not commands.exists():
        return None
    flags = {}
    for command in json.loads(commands.read_text()):
        source = Path(command["directory"], command["file"]).resolve()
        if not source.is_relative_to(tree.root) or source.is_relative_to(tree.root / "build"):
            continue
        words = shlex.split(command["command"]) if "command" in command else command["arguments"]
        flags[str(source.relative_to(tree.root))] = kept_flags(words)
    return flags


def kept_flags(words):
    start = next((i for i, word in enumerate(words) if "clang" in word), 0) + 1
    kept, skip_next = [], False
    for word in words[start:-1]:
        if skip_next:
            skip_next = False
        elif word in DROPPED_FLAGS:
            skip_next = word != "-c" and word != "-MD"
        else:
            kept.append(word)
    return kept


def run_clean(command, root, stdin=None):
    """A tool's output; "" when it had nothing to say against the code."""
    done = subprocess.run(command, input=stdin, cwd=root, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    return "" if done.returncode == 0 and not DIAGNOSTIC.search(output) else output


def diagnostics(tree, path, output, remedy):
    """Findings in a tool's output; one that names no place is put on the file itself."""
    found = False
    for match in DIAGNOSTIC.finditer(output):
        found = True
        place = Path(match["path"])
        if place.is_absolute():
            place = Path(os.path.normpath(place))
            inside = place.is_relative_to(tree.root)
            place = place.relative_to(tree.root) if inside else place
        yield Finding(str(place), int(match["line"]), match["what"], remedy)
    if output and not found:
        yield Finding(path, 1, output.strip().splitlines()[-1], remedy)


def file_scope_names(tree, path):
    """Names that a source defines at file scope, roughly: two sources that share one cannot be read as one."""
    return {match[1] for match in FILE_SCOPE_NAME.finditer(tree.text(path))}


def grouped(tree, flags, paths):
    """Lists of paths that clang-tidy can read as one file: of one folder, of one kind, with the same flags."""
    groups = {}
    for path in paths:
        names = file_scope_names(tree, path)
        alike = groups.setdefault((str(Path(path).parent), is_test(path), shlex.join(flags[path])), [])
        for group, taken in alike:
            if len(group) < GROUP_FILES and not names & taken:
                group.append(path)
                taken |= names
                break
        else:
            alike.append(([path], names))
    return [group for alike in groups.values() for group, _ in alike]


def tidy_group(tree, folder, flags, group):
    """(paths, output) pairs. Where the sources do not compile as one, the halves are looked at separately."""
    source = group[0]
    if len(group) > 1:
        source = folder / (hashlib.sha256("\0".join(group).encode()).hexdigest()[:16] + ".cc")
        source.write_text("".join(f'#include "{tree.root / path}"\n' for path in group))
    checks = [f"--checks={TEST_CHECKS}"] if is_test(group[0]) else []
    output = run_clean([TIDY, "--quiet", *checks, str(source), "--", *flags[group[0]]], tree.root)
    if len(group) > 1 and "[clang-diagnostic-error]" in output:
        middle = len(group) // 2
        return [*tidy_group(tree, folder, flags, group[:middle]), *tidy_group(tree, folder, flags, group[middle:])]
    return [(group, output)]


def check_tidy(tree, options):
    """Yields clang-tidy's findings in the sources that the build compiles, and in the headers they include.

    Most of the time goes to the headers, so sources are read a folder at a time.
    """
    flags = compile_flags(tree, options.build)
    if flags is None:
        options.note(f"tidy skipped: {options.build}/compile_commands.json is missing; run `make configure`")
        return
    folder = tree.root / "build/tidy-cache"
    cache = Cache(tree, folder, tool_version(TIDY), tree.text(".clang-tidy"), TEST_CHECKS)
    entries = {path: cache.entry(path, flags[path]) for path in tree.code if path in flags}
    pending = [path for path, entry in entries.items() if not entry.exists()]
    remedy = "mend it; if the check is wrong here: `// NOLINT(check-name): why`"
    with ThreadPoolExecutor(options.jobs) as pool:
        done = pool.map(lambda group: tidy_group(tree, folder, flags, group), grouped(tree, flags, pending))
        for group, output in (result for results in done for result in results):
            yield from diagnostics(tree, group[0], output, remedy)
            if not output:
                for path in group:
                    entries[path].touch()


def check_headers(tree, options):
    """Yields a Finding per header that does not compile on its own.

    A header that a source includes before anything else is proven by the build and not looked at again.
    """
    flags = compile_flags(tree, options.build)
    if flags is None:
        options.note(f"headers skipped: {options.build}/compile_commands.json is missing; run `make configure`")
        return
    by_room = {}
    for path, kept in flags.items():
        if is_test(path):
            by_room.setdefault(room_of(path), kept)
        else:
            by_room[room_of(path)] = kept
    fallback = next(iter(by_room.values()), ["-std=c++23", "-Isrc"])
    first = (tree.includes(path)[0] for path in flags if tree.includes(path))
    proven = {tree.resolve("", include.name) for include in first if include.quoted}
    cache = Cache(tree, tree.root / "build/header-cache", tool_version(COMPILER))

    def look(path):
        kept = by_room.get(room_of(path), fallback)
        entry = cache.entry(path, kept)
        if entry.exists():
            return path, ""
        command = [COMPILER, *kept, f"-I{tree.root}", "-fsyntax-only", "-x", "c++", "-"]
        output = run_clean(command, tree.root, f'#include "{path}"\n')
        if not output:
            entry.touch()
        return path, output

    headers = [path for path in tree.code if path.endswith(".h") and room_of(path) and path not in proven]
    with ThreadPoolExecutor(options.jobs) as pool:
        for path, output in pool.map(look, headers):
            yield from diagnostics(tree, path, output, "include what the header uses, or forward-declare it")
