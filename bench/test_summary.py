"""The arithmetic behind every figure."""

from harness import summary


def rounds(*values):
    return [{"cpu_us": value} if value is not None else {"discarded": "2 errors"} for value in values]


def test_spread_is_the_median_with_its_range_and_passes_over_what_is_missing():
    assert summary.spread([3.0, None, 1.0, 10.0]) == {"median": 3.0, "min": 1.0, "max": 10.0}
    assert summary.spread([1.0, 2.0])["median"] == 1.5
    assert summary.spread([None, None]) is None
    assert summary.spread([]) is None


def test_ratios_are_taken_within_a_round():
    assert summary.ratios([10, 30, None, 5], [20, 20, 20, None]) == [0.5, 1.5, None, None]
    assert summary.ratios([1], [0]) == [None]


def test_the_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_the_medians():
    # The machine is half as fast in the second round and in the third; our share of the reference stays what it is.
    by_proxy = {"ripstop": rounds(5, 16, 24), "haproxy": rounds(10, 20, 40)}
    found = summary.summarize(by_proxy, "haproxy", ["cpu_us"])
    assert found["ripstop"]["ratio"]["cpu_us"] == {"median": 0.6, "min": 0.5, "max": 0.8}
    assert found["haproxy"]["ratio"]["cpu_us"]["median"] == 1.0
    assert found["ripstop"]["cpu_us"] == {"median": 16, "min": 5, "max": 24}


def test_a_discarded_round_counts_neither_for_a_proxy_nor_for_its_ratio():
    by_proxy = {"ripstop": rounds(5, None, 6), "haproxy": rounds(10, 20, None)}
    found = summary.summarize(by_proxy, "haproxy", ["cpu_us"])["ripstop"]
    assert found["cpu_us"]["max"] == 6
    assert found["discarded"] == ["2 errors"]
    assert found["ratio"]["cpu_us"] == {"median": 0.5, "min": 0.5, "max": 0.5}


def test_without_the_reference_there_is_no_ratio():
    assert summary.summarize({"ripstop": rounds(5)}, "haproxy", ["cpu_us"])["ripstop"]["ratio"] == {}


def test_everyone_is_first_once_and_behind_everyone_once():
    names = ["a", "b", "c"]
    assert [summary.rotation(names, i) for i in range(4)] == [
        ["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["a", "b", "c"]]
    assert summary.rotation([], 3) == []
