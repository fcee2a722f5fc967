"""`ripstop` as one types it: help, mistakes, exit statuses."""

import json
import os
import subprocess

import pytest

from member_runner import ripstop_program

COMMANDS = ["up", "down", "run", "apply", "get", "delete", "analyze", "status", "stat", "redirect", "completion",
            "version"]
BROKEN = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - route:
    - destination: {host: reviews, subst: v1}
"""


def ripstop(home, *words, **options):
    return subprocess.run([str(ripstop_program()), *words], env={**os.environ, "RIPSTOP_HOME": str(home)},
                          capture_output=True, text=True, check=False, timeout=20, **options)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(tmp_path, command):
    done = ripstop(tmp_path, command, "--help")
    assert done.returncode == 0
    assert f"ripstop {command}" in done.stdout.split("Example:\n")[1]


@pytest.mark.parametrize(("words", "meant"), [
    (["aply"], "apply"), (["apply", "--filname", "x"], "--filename"), (["get", "virtualservic"], "VirtualService"),
    (["status", "-o", "jsno"], "json"), (["completion", "bahs"], "bash"), (["run", "web", "nginx"], "--"),
])
def test_a_mistyped_word_gets_a_suggestion(tmp_path, words, meant):
    done = ripstop(tmp_path, *words)
    assert done.returncode == 2
    assert meant in done.stderr and done.stdout == ""


def test_a_mistyped_file_gets_a_suggestion(tmp_path):
    (tmp_path / "reviews.yaml").write_text(BROKEN, encoding="utf-8")
    done = ripstop(tmp_path, "analyze", "-f", "review.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "did you mean reviews.yaml?" in done.stderr


@pytest.mark.parametrize("words", [["status"], ["get"], ["stat"], ["apply", "-f", "-"], ["delete", "vs", "x"]])
def test_without_a_control_plane_the_exit_status_is_3(tmp_path, words):
    done = ripstop(tmp_path, *words, input=BROKEN)
    assert done.returncode == 3
    assert "ripstop up" in done.stderr


@pytest.mark.parametrize("words", [[], ["run", "web"], ["run", "Web", "--", "true"], ["run", "web", "-p", "0", "--", "x"],
                                   ["run", "web", "-l", "v", "--", "x"], ["apply"], ["delete"], ["delete", "vs"],
                                   ["redirect"], ["redirect", "--proxy-uid", "1", "--exclude-outbound-cidrs", "x"],
                                   ["version", "--", "x"]])
def test_a_wrong_command_line_is_exit_status_2(tmp_path, words):
    done = ripstop(tmp_path, *words)
    assert done.returncode == 2
    assert "--help" in done.stderr and done.stdout == ""


def test_analyze_prints_findings_as_compilers_do(tmp_path):
    done = ripstop(tmp_path, "analyze", "-f", "-", input=BROKEN)
    assert done.returncode == 1
    assert "<stdin>:8:36: error:" in done.stdout
    assert "      | " + " " * 35 + "^\n" in done.stdout
    assert "spec.http[0].route[0].destination.subst" in done.stdout
    assert 'help: Did you mean "subset"?' in done.stdout


def test_analyze_as_json_and_of_a_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.yml").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "a.yaml").write_text(BROKEN.replace("subst", "subset"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not for the mesh", encoding="utf-8")
    done = ripstop(tmp_path, "analyze", "-f", str(tmp_path), "-o", "json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["resources"]) == (1, 2)
    errors = [one for one in answer["findings"] if one["severity"] == "error"]
    assert [os.path.basename(one["file"]) for one in errors] == ["b.yml"]


def test_analyze_of_what_is_right_is_exit_status_0(tmp_path):
    done = ripstop(tmp_path, "analyze", "-f", "-", input=BROKEN.replace(", subst: v1", ""))
    assert done.returncode == 0


def test_down_of_nothing_is_no_failure(tmp_path):
    done = ripstop(tmp_path / "none", "down")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "none").exists()


def test_the_bash_completion_completes(tmp_path):
    script = ripstop(tmp_path, "completion", "bash").stdout
    ask = script + '\nCOMP_WORDS=(ripstop apply --f); COMP_CWORD=2; _ripstop; echo "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout == "--filename\n"
