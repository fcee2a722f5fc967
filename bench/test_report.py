"""Tables and verdicts, from figures that are given."""

import json

import pytest
from harness import report, rounds, scenarios, summary


def result(name, by_proxy, left_out=None):
    scenario = scenarios.SCENARIOS[name]
    figures = rounds.FIGURES[scenario.kind]
    return {"rounds": by_proxy, "left_out": left_out or {}, "figures": figures, "machine": {"cores": 2},
            "command": f"bench/run.py --scenario {name}",
            "summary": summary.summarize(by_proxy, scenario.reference, figures)}


def test_a_target_is_judged_by_the_ratio_or_by_the_value():
    found = result("S1o", {"ripstop": [{"cpu_us": 10, "syscalls": 8}], "haproxy": [{"cpu_us": 20, "syscalls": 9}]})
    verdicts = report.judged(scenarios.SCENARIOS["S1o"], found["summary"])
    assert verdicts["cpu_us"] == (True, "CPU µs 0.50 x haproxy, target 0.80")
    assert verdicts["syscalls"][0] is False


def test_the_sidecar_path_is_judged_by_its_shared_hop_where_that_was_measured():
    by_proxy = {"ripstop": [{"cpu_us": 9}], "ripstop-h2": [{"cpu_us": 4}], "haproxy": [{"cpu_us": 10}]}
    scenario = scenarios.SCENARIOS["S2c"]
    assert report.judged(scenario, result("S2c", by_proxy)["summary"])["cpu_us"][1].startswith("CPU µs 0.40")
    del by_proxy["ripstop-h2"]
    assert report.judged(scenario, result("S2c", by_proxy)["summary"])["cpu_us"][1].startswith("CPU µs 0.90")


def test_memory_is_shown_in_mebibytes():
    found = result("S5", {"ripstop": [{"process_kib": 5120, "idle_bytes": 399.6, "idle_tls_bytes": 20000}]})
    verdicts = report.judged(scenarios.SCENARIOS["S5"], found["summary"])
    assert verdicts["process_kib"] == (True, "process MiB 5.0, target 6.0")
    assert verdicts["idle_bytes"][0] and not verdicts["idle_tls_bytes"][0]


def test_a_table_has_everyone_even_who_took_no_part():
    by_proxy = {"ripstop": [{"cpu_us": 10}, {"cpu_us": 12}], "haproxy": [{"cpu_us": 20}, {"discarded": "3 errors"}]}
    text = report.section("S1c", result("S1c", by_proxy, {"envoy": "not installed (scripts/setup --peers)"}))
    assert "| ripstop | 11.0 (10.0-12.0) | 0.50 (0.50-0.50) | 2 |" in text
    assert "| haproxy | 20.0 | 1.00 (1.00-1.00) | 1 of 2 |" in text
    assert "| envoy | not installed" in text
    assert "discarded round of haproxy: 3 errors" in text
    assert "- met: CPU" in text


def test_every_row_has_as_many_cells_as_the_head():
    found = result("S9", {"ripstop": [{"start_ms": 20, "process_kib": 1, "services_ms": 1, "services_kib": 1}],
                          "nghttpx": [{"start_ms": 20, "process_kib": 1}]}, {"nginx": "not supported"})
    assert len({line.count("|") for line in report.table(scenarios.SCENARIOS["S9"], found)}) == 1


def test_results_survive_the_way_through_their_files_into_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "OUT", tmp_path / "out")
    monkeypatch.setattr(report, "RESULTS", tmp_path / "RESULTS.md")
    report.save("S7", result("S7", {"ripstop": [{"cpu_us": 600}], "haproxy": [{"cpu_us": 800}]}))
    report.save("S1c", result("S1c", {"ripstop": [{"cpu_us": 9}], "haproxy": [{"cpu_us": 20}]}))
    text = report.write_results(report.saved()).read_text()
    assert text.index("## S1c") < text.index("## S7")
    assert "| S7 | CPU µs 0.75 x haproxy | 0.55 | **not met** |" in text
    assert "- `bench/run.py --scenario S7`" in text
    assert json.loads((tmp_path / "out/S7.json").read_text())["rounds"]["ripstop"] == [{"cpu_us": 600}]


def test_a_round_with_errors_has_no_figures():
    report_of = {"requests": 100, "errors": 1, "failures": {"connection ended": 1}, "bytes": 0}
    assert "1 errors" in rounds.figures_of(report_of, scenarios.SCENARIOS["S1c"])["discarded"]
    assert "nothing" in rounds.figures_of({**report_of, "requests": 0}, scenarios.SCENARIOS["S1c"])["discarded"]


@pytest.mark.parametrize(("name", "resumptions", "kept"), [("S6r", 990, True), ("S6r", 500, False), ("S6f", 0, True),
                                                           ("S6f", 1, False)])
def test_handshakes_must_be_of_the_kind_that_the_scenario_is_about(name, resumptions, kept):
    latency = {"p50": 1, "p99": 1, "p999": 1}
    one = {"requests": 1000, "errors": 0, "failures": {}, "bytes": 1, "connections": 1000, "resumptions": resumptions,
           "cpu_seconds": 1, "seconds": 1, "load_cpu_seconds": 1, "latency_us": latency, "unanswered": 0}
    assert ("discarded" not in rounds.figures_of(one, scenarios.SCENARIOS[name])) is kept


def test_plots_are_drawn_where_matplotlib_is(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(report, "OUT", tmp_path)
    files = report.plot("S1c", result("S1c", {"ripstop": [{"cpu_us": 9}], "haproxy": [{"cpu_us": 20}]}))
    assert [file.suffix for file in files] == [".png", ".svg"]
    assert all(file.stat().st_size > 1000 for file in files)
    assert report.plot("S1c", result("S1c", {"ripstop": [{"discarded": "errors"}]})) == []
