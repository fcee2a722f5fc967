"""The checker against small bad trees: every rule fires where it should, and not elsewhere."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
CHECK = PROJECT / "tools" / "check"


class SmallTree:
    """A git repository with the project's own rules and whatever files a test writes."""

    def __init__(self, root):
        self.root = root
        for name in (".clang-format", ".clang-tidy", "tools/layers.txt"):
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, target)
        self.write(".gitignore", "/build/\n")
        subprocess.run(["git", "init", "--quiet", str(root)], check=True)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def configure(self):
        """A compile_commands.json for every source, as CMake would write it."""
        commands = []
        for source in sorted(self.root.glob("src/**/*.cc")):
            command = f"ccache clang++-19 -std=c++23 -I{self.root}/src -o x.o -c {source}"
            commands.append({"directory": str(self.root), "file": str(source), "command": command})
        self.write("build/dev/compile_commands.json", json.dumps(commands))

    def check(self, *names):
        only = [word for name in names for word in ("--only", name)]
        return subprocess.run([CHECK, "--root", self.root, *only], capture_output=True, text=True, check=False)

    def assert_finds(self, name, place, words):
        done = self.check(name)
        assert done.returncode == 1, done.stdout + done.stderr
        found = [line for line in done.stdout.splitlines() if line.startswith(place)]
        assert any(words in line for line in found), done.stdout
        assert "remedy: " in done.stdout

    def assert_clean(self, *names):
        done = self.check(*names)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path):
    return SmallTree(tmp_path)


def test_a_clean_tree_is_clean(tree):
    tree.write("src/base/text.h",
               "// Text.\n#pragma once\n\n#include <string>\n\nstd::string shout(const std::string& text);\n")
    tree.write("src/base/text.cc",
               '#include "base/text.h"\n\nstd::string shout(const std::string& text) {\n  return text + "!";\n}\n')
    tree.configure()
    tree.assert_clean()


def test_upward_and_sibling_includes_are_findings(tree):
    tree.write("src/base/a.cc", '\n#include "net/pool.h"\n')
    tree.assert_finds("layers", "src/base/a.cc:2", "base includes")
    tree.write("src/base/a.cc", "\n")
    tree.write("src/proxy/a_test.cc", '#include "control/store.h"\n')
    tree.assert_finds("layers", "src/proxy/a_test.cc:1", "proxy includes")


def test_allowed_includes_are_clean(tree):
    tree.write("src/net/a.cc", '#include "base/result.h"\n#include "net/pool.h"\n#include <unistd.h>\n')
    tree.assert_clean("layers")


def test_a_generated_header_is_not_taken_for_a_room(tree):
    tree.write("src/proxy/a.cc", '#include "control/v1/mesh.pb.h"\n')
    tree.assert_clean("layers")


def test_a_list_of_layers_without_its_sections_is_a_finding(tree):
    tree.write("tools/layers.txt", "base : -\n")
    tree.assert_finds("layers", "tools/layers.txt:1", "sections are missing")


def test_relative_includes_and_unknown_rooms_are_findings(tree):
    tree.write("src/net/a.cc", '#include "../base/result.h"\n')
    tree.assert_finds("layers", "src/net/a.cc:1", "relative include")
    tree.write("src/common/a.cc", "int x;\n")
    tree.assert_finds("layers", "src/common/a.cc:1", "not in tools/layers.txt")


@pytest.mark.parametrize("name", ["api/mesh.pb.h", "google/protobuf/any.h", "nlohmann/json.hpp", "yaml-cpp/yaml.h",
                                  "spdlog/spdlog.h", "sqlite3.h"])
def test_slow_headers_belong_in_sources(tree, name):
    tree.write("src/control/a.h", f"#pragma once\n#include <{name}>\n")
    tree.assert_finds("layers", "src/control/a.h:2", "slow to compile")


def test_confined_headers_stay_in_their_rooms(tree):
    tree.write("src/policy/a.cc", '#include "api/mesh.pb.h"\n')
    tree.assert_finds("layers", "src/policy/a.cc:1", "is not for policy")
    tree.write("src/policy/a.cc", "\n")
    tree.write("src/xds/a.cc", '#include "api/mesh.pb.h"\n')
    tree.assert_clean("layers")


def test_pure_rooms_have_no_clock_and_no_io_but_their_tests_may(tree):
    tree.write("src/policy/a_test.cc", "#include <fstream>\n")
    tree.assert_clean("layers")
    tree.write("src/policy/a.cc", "#include <fstream>\n")
    tree.assert_finds("layers", "src/policy/a.cc:1", "<fstream>")
    tree.write("src/policy/a.cc", "auto now = Clock::now();\n")
    tree.assert_finds("layers", "src/policy/a.cc:1", "reads the clock")


def test_cmake_and_layers_must_agree(tree):
    tree.write("CMakeLists.txt", "ripstop_room(base LIBS fmt)\nripstop_room(net DEPS runtime base\n  LIBS x)\n")
    tree.assert_finds("layers", "CMakeLists.txt:2", "DEPS of net")
    tree.write("CMakeLists.txt", "ripstop_room(net DEPS base runtime protocol LIBS x)\n")
    tree.assert_clean("layers")


@pytest.mark.parametrize("name, limit", [("src/base/a.cc", 500), ("src/base/a.h", 300), ("src/base/a_test.cc", 800)])
def test_a_file_may_be_as_long_as_its_budget_and_no_longer(tree, name, limit):
    tree.write(name, "\n" * limit)
    tree.assert_clean("sizes")
    tree.write(name, "\n" * (limit + 1))
    tree.assert_finds("sizes", f"{name}:{limit + 1}", f"the limit is {limit}")


def test_folders_keep_their_budgets(tree):
    for number in range(26):
        tree.write(f"src/base/file{number}.cc", "\n")
    tree.assert_finds("sizes", "src/base:1", "26 files in one folder")
    tree.write("src/net/a/b/c/fine.cc", "\n")
    tree.write("src/net/a/b/c/d/deep.cc", "\n")
    tree.assert_finds("sizes", "src/net/a/b/c/d:1", "4 folders below src/net")
    assert "src/net/a/b/c:" not in tree.check("sizes").stdout


def test_folders_over_five_files_have_a_short_readme(tree):
    for number in range(5):
        tree.write(f"src/base/file{number}.cc", "\n")
    tree.assert_clean("sizes")
    tree.write("src/base/file5.cc", "\n")
    tree.assert_finds("sizes", "src/base/README.md:1", "no README.md")
    tree.write("src/base/README.md", "x\n" * 40)
    tree.assert_clean("sizes")
    tree.write("src/base/README.md", "x\n" * 41)
    tree.assert_finds("sizes", "src/base/README.md:41", "longer than 40 lines")


def test_exceptions_need_a_reason_and_a_need(tree):
    tree.write("src/base/a.cc", "\n" * 501)
    tree.write("tools/size_exceptions.txt", "# why\nsrc/base/a.cc: one table, of no use in pieces\n")
    tree.assert_clean("sizes")
    tree.write("tools/size_exceptions.txt", "src/base/a.cc:\n")
    tree.assert_finds("sizes", "tools/size_exceptions.txt:1", "has no reason")
    tree.write("src/base/a.cc", "\n")
    tree.write("tools/size_exceptions.txt", "src/base/a.cc: was long once\n")
    tree.assert_finds("sizes", "tools/size_exceptions.txt:1", "needs no exception")


@pytest.mark.parametrize("path", ["/ho" + "me/ada/x", "/wo" + "rk/x", "/Us" + "ers/ada", "/ro" + "ot/x"])
def test_paths_of_a_developers_machine_are_findings(tree, path):
    tree.write("docs/a.md", f"See\n`{path}`.\n")
    tree.assert_finds("text", "docs/a.md:2", "one developer's machine")


def test_paths_that_only_look_alike_are_clean(tree):
    tree.write("docs/a.md", "https://example.com/ho" + "me/x ${DIR}/wo" + "rk/x $HO" + "ME /homestead networks/work\n")
    tree.assert_clean("text")


def test_only_tests_may_look_beside_the_project(tree):
    beside = "../" + "shared/corpora"
    tree.write("src/dialect/a_test.cc", f'const char* kCorpus = "{beside}";\n')
    tree.write("test/corpus.py", f'CORPUS = "{beside}"\n')
    tree.assert_clean("text")
    tree.write("src/dialect/a.cc", f'const char* kCorpus = "{beside}";\n')
    tree.assert_finds("text", "src/dialect/a.cc:1", "beside the project")


@pytest.mark.parametrize("line, words", [
    ("// TO" + "DO: later", "unfinished work"),
    ("class ConfigManager {};", "'ConfigManager' says nothing"),
    ("struct RouteInfo;", "'RouteInfo' says nothing"),
    ("int x;  // NOLINT", "NOLINT without"),
    ("int x;  // NOLINT(bugprone-x)", "NOLINT without"),
])
def test_leftovers_and_empty_names_are_findings(tree, line, words):
    tree.write("src/base/a.cc", f"\n{line}\n")
    tree.assert_finds("text", "src/base/a.cc:2", words)


def test_good_names_and_explained_nolints_are_clean(tree):
    tree.write("src/base/a.cc",
               "struct addrinfo;\nclass Database {};\nint x;  // NOLINT(bugprone-x): a table of the RFC\n")
    tree.assert_clean("text")


def test_headers_need_pragma_once(tree):
    tree.write("src/base/a.h", "int f();\n")
    tree.assert_finds("text", "src/base/a.h:1", "no #pragma once")


def test_unformatted_code_is_a_finding(tree):
    tree.write("src/base/a.cc", "int f( ){return 1 ;}\n")
    tree.assert_finds("format", "src/base/a.cc:1", "not formatted")


def test_a_header_that_leans_on_its_includer_is_a_finding(tree):
    tree.write("src/base/a.cc", "#include <string>\n\n#include \"base/a.h\"\n")
    tree.write("src/base/a.h", "#pragma once\n\nstd::string name();\n")
    tree.configure()
    tree.assert_finds("headers", "src/base/a.h:3", "undeclared identifier 'std'")


@pytest.mark.parametrize("code, words", [
    ("int f(int x) {\n" + "  ++x;\n" * 60 + "  return x;\n}\n", "readability-function-size"),
    ("int f(int a, int b, int c, int d, int e, int g, int h) { return a + b + c + d + e + g + h; }\n",
     "readability-function-size"),
    ("int f(int x) {\n" + "  while (x) {\n" * 4 + "  --x;\n" + "  }\n" * 4 + "  return x;\n}\n",
     "readability-function-size"),
    ("int BadName() { return 1; }\n", "readability-identifier-naming"),
    ("struct Box {\n  Box(int x);\n};\n", "google-explicit-constructor"),
])
def test_clang_tidy_guards_names_and_sizes(tree, code, words):
    tree.write("src/base/a.cc", code)
    tree.configure()
    tree.assert_finds("tidy", "src/base/a.cc:1" if "Box" not in code else "src/base/a.cc:2", words)


def test_tidy_looks_again_when_an_included_header_changes(tree):
    tree.write("src/base/a.h", "#pragma once\n\nint good_name();\n")
    tree.write("src/base/a.cc", '#include "base/a.h"\n')
    tree.configure()
    tree.assert_clean("tidy")
    tree.write("src/base/a.h", "#pragma once\n\nint BadName();\n")
    tree.assert_finds("tidy", "src/base/a.h:3", "readability-identifier-naming")


def test_tidy_finds_what_is_wrong_in_each_of_several_sources(tree):
    tree.write("src/base/a.cc", "int good_name() { return 1; }\n")
    tree.write("src/base/b.cc", "\nint BadName() { return 1; }\n")
    tree.write("src/base/c.cc", "\n\nint WorseName() { return 1; }\n")
    tree.configure()
    tree.assert_finds("tidy", "src/base/b.cc:2", "readability-identifier-naming")
    tree.assert_finds("tidy", "src/base/c.cc:3", "readability-identifier-naming")
    assert "tidy: 2 findings" in tree.check("tidy").stdout


@pytest.mark.parametrize("indent", ["", "  "])
def test_tidy_takes_sources_apart_that_share_names_of_their_own(tree, indent):
    # Names that are indented are not seen before the compiler sees them.
    helper = f"namespace {{\n{indent}int value() {{ return 1; }}\n}}  // namespace\n"
    tree.write("src/base/a.cc", f"{helper}int first() {{ return value(); }}\n")
    tree.write("src/base/b.cc", f"{helper}int second() {{ return value(); }}\n")
    tree.configure()
    tree.assert_clean("tidy")
    tree.write("src/base/b.cc", f"{helper}int BadName() {{ return value(); }}\n")
    tree.assert_finds("tidy", "src/base/b.cc:4", "readability-identifier-naming")


def test_a_source_that_does_not_compile_is_a_finding_of_tidy(tree):
    tree.write("src/base/a.cc", "int a;\n")
    tree.write("src/base/b.cc", "\nint b = missing;\n")
    tree.configure()
    tree.assert_finds("tidy", "src/base/b.cc:2", "undeclared identifier")


def test_a_header_that_a_source_includes_first_is_left_to_the_build(tree):
    tree.write("src/base/a.h", "#pragma once\n\nstd::string name();\n")
    tree.write("src/base/b.cc", "#include \"base/a.h\"\n")
    tree.configure()
    tree.assert_clean("headers")
    tree.write("src/base/b.cc", "#include <string>\n\n#include \"base/a.h\"\n")
    tree.assert_finds("headers", "src/base/a.h:3", "undeclared identifier 'std'")


def test_without_a_build_the_compiler_checks_say_that_they_were_skipped(tree):
    tree.write("src/base/a.cc", "int x;\n")
    done = tree.check("tidy", "headers")
    assert done.returncode == 0
    assert "tidy skipped" in done.stdout and "headers skipped" in done.stdout


def test_a_tree_that_changes_under_the_checks_is_a_finding(tree, monkeypatch, tmp_path_factory):
    # A stand-in for clang-format that leaves a file behind.
    bin_folder = tmp_path_factory.mktemp("bin")
    fake = bin_folder / "clang-format-19"
    fake.write_text(f"#!/bin/sh\ntouch {tree.root}/left_behind\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    tree.write("src/base/a.cc", "int x;\n")
    done = tree.check("format", "tree")
    assert done.returncode == 1 and "left_behind:1: changed" in done.stdout


def test_help_shows_an_example_and_an_unknown_check_is_refused(tree):
    assert "example: tools/check --only" in subprocess.run([CHECK, "--help"], capture_output=True, text=True,
                                                           check=True).stdout
    assert tree.check("nothing").returncode == 2
