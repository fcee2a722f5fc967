"""A quarter of a minute of what `make soak` does for ten."""

from soak import soak


def test_mixed_load_while_everything_changes_costs_no_request():
    result = soak(15)
    assert not result["complaints"], result
    assert result["changes"]["started"] and result["changes"]["routes"] >= 4
