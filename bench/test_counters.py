"""What the counting tools print."""

from harness import counters, scenarios

STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 52.10    0.010420           5      2000           writev
 40.00    0.008000           4      1999        12 recvfrom
  7.90    0.001580          15       100           epoll_wait
------ ----------- ----------- --------- --------- ----------------
100.00    0.020000           4      4099        12 total
"""


def test_strace_summaries_are_read_with_and_without_errors():
    assert counters.parse_strace(STRACE) == {"writev": 2000, "recvfrom": 1999, "epoll_wait": 100}
    assert counters.parse_strace("strace: nothing\n") == {}


def test_instructions_are_read_where_the_machine_counts_them():
    assert counters.parse_perf("123456,,instructions:u,1000,100.00,,\n") == 123456
    assert counters.parse_perf("<not supported>,,instructions,0,100.00,,\n") is None
    assert counters.parse_perf("") is None


def test_only_an_open_loop_is_slowed_down():
    assert "1000" in counters.slowed(scenarios.SCENARIOS["S1o"]).drive
    assert counters.slowed(scenarios.SCENARIOS["S1c"]) == scenarios.SCENARIOS["S1c"]


def test_bodies_are_counted_by_the_mebibyte():
    assert counters.units_per_answer(scenarios.SCENARIOS["S7"]) == 10
    assert counters.units_per_answer(scenarios.SCENARIOS["S4b"]) == 1
    assert counters.units_per_answer(scenarios.SCENARIOS["S1c"]) == 1
