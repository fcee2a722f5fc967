"""Names on the command line, and what belongs to them."""

import pathlib
import subprocess
import sys

import pytest
from harness import proxies, scenarios, templates

RUN = pathlib.Path(__file__).resolve().parent / "run.py"


def names(text):
    return [one.name for one in scenarios.choose(text)]


def test_scenarios_go_by_name_by_number_or_all_together():
    assert names("S1c,S7") == ["S1c", "S7"]
    assert names("S6") == ["S6p", "S6f", "S6r"]
    assert names("S2o,S2") == ["S2o", "S2c"]
    assert names("all") == list(scenarios.SCENARIOS)


def test_an_unknown_scenario_comes_with_the_nearest_one():
    with pytest.raises(ValueError, match="unknown scenario S1x; did you mean S1.*known: S1c, S1o"):
        scenarios.choose("S1x")


def test_an_unknown_proxy_comes_with_the_nearest_one():
    with pytest.raises(ValueError, match="unknown proxy haprox; did you mean haproxy?"):
        proxies.choose("ripstop,haprox")
    assert [one.name for one in proxies.choose("")] == list(proxies.PROXIES)


@pytest.mark.parametrize("words", [["--scenario", "S1x"], ["--proxies", "enovy"], ["--reps", "0"]])
def test_the_program_ends_with_2_when_it_is_asked_for_what_it_does_not_know(words):
    done = subprocess.run([sys.executable, RUN, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown" in done.stderr or "above zero" in done.stderr


@pytest.mark.parametrize("scenario", scenarios.SCENARIOS.values(), ids=lambda one: one.name)
def test_every_proxy_of_a_scenario_has_its_configuration(scenario):
    values = {"listen": 1, "upstream": 2, "certs": "/certs", "work": "/folder"}
    for name in scenario.proxies:
        for role in scenario.roles:
            text = templates.render(proxies.PROXIES[name].template(role), values)
            assert "127.0.0.1" in text
            assert "#@" not in text
    assert scenario.reference in scenario.proxies
    assert scenario.primary in scenario.targets


def test_lines_between_the_marks_are_repeated_with_their_number():
    text = "a\n  #@repeat 3\n  b@i@ @port@\n  #@end\nc\n"
    assert templates.repeated(text) == "a\n  b0 @port@\n  b1 @port@\n  b2 @port@\nc\n"


def test_a_place_that_nothing_fills_is_an_error(tmp_path):
    file = tmp_path / "http.cfg"
    file.write_text("listen @listen@ @nothing@\n")
    with pytest.raises(KeyError, match="@nothing@"):
        templates.render(file, {"listen": 1})


def test_the_common_part_takes_its_place(tmp_path):
    (tmp_path / "common.cfg").write_text("first @listen@\n")
    file = tmp_path / "http.cfg"
    file.write_text("@common@\nsecond\n")
    assert templates.render(file, {"listen": 7}) == "first 7\nsecond\n"
