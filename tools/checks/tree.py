"""The tree under check: its files, their text, and what they include."""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
CODE = (".cc", ".h")
DATA_FOLDERS = {"testdata", "golden", "goldens", "corpus", "fuzz"}


@dataclass(frozen=True, order=True)
class Finding:
    """One violation: where (path relative to the root, line from 1), what is wrong, and what to do about it."""

    path: str
    line: int
    what: str
    remedy: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}\n    remedy: {self.remedy}"


@dataclass(frozen=True)
class Include:
    """One #include line; `quoted` tells "x" from <x>."""

    line: int
    name: str
    quoted: bool


class Tree:
    """Files that git tracks or would track, as sorted paths relative to the root. Reads each file at most once."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self._texts = {}
        self._includes = {}

    def git(self, *arguments):
        """Output of a git command, or None where there is no repository (an unpacked archive)."""
        command = ["git", "-c", f"safe.directory={self.root}", "-C", str(self.root), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return done.stdout if done.returncode == 0 else None

    @cached_property
    def files(self):
        listed = self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        if listed is not None:
            paths = {path for path in listed.split("\0") if path}
        else:
            paths = set(self._walk())
        return sorted(path for path in paths if (self.root / path).is_file())

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name not in ("build", ".git", "node_modules", "__pycache__")]
            for name in names:
                yield str(Path(folder, name).relative_to(self.root))

    @cached_property
    def code(self):
        """C++ sources and headers."""
        return [path for path in self.files if path.endswith(CODE)]

    def text(self, path):
        """A file's text; a file that is not UTF-8 reads as empty."""
        if path not in self._texts:
            try:
                self._texts[path] = (self.root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                self._texts[path] = ""
        return self._texts[path]

    def lines(self, path):
        """(number from 1, line) pairs."""
        return enumerate(self.text(path).splitlines(), start=1)

    def includes(self, path):
        if path not in self._includes:
            found = ((number, INCLUDE.match(line)) for number, line in self.lines(path) if "include" in line)
            self._includes[path] = [Include(number, m[2], m[1] == '"') for number, m in found if m]
        return self._includes[path]

    def resolve(self, path, name):
        """The project file that `#include "name"` in `path` means, or None for anything outside the project."""
        generated_from = [f"api/{name.removesuffix('.pb.h')}.proto"] if name.endswith(".pb.h") else []
        for candidate in (f"src/{name}", str(Path(path).parent / name), *generated_from):
            if (self.root / candidate).is_file():
                return candidate
        return None

    def closure(self, path):
        """`path` and every project file it includes, directly or not, sorted."""
        seen, pending = {path}, [path]
        while pending:
            current = pending.pop()
            for include in self.includes(current):
                target = self.resolve(current, include.name) if include.quoted else None
                if target and target not in seen:
                    seen.add(target)
                    pending.append(target)
        return sorted(seen)


def room_of(path):
    """`base` for src/base/..., `demo` for demo/..., `bench` for bench/..., else None."""
    parts = Path(path).parts
    if len(parts) > 2 and parts[0] == "src":
        return parts[1]
    return parts[0] if len(parts) > 1 and parts[0] in ("demo", "bench") else None


def is_test(path):
    """Test code, for which some rules are relaxed."""
    return path.startswith("test/") or path.endswith(("_test.cc", "_fuzz.cc", "_bench.cc")) or "/testing/" in path
