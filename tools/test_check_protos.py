"""The subsets in api/ agree with the full protos, and the check that says so notices when they do not."""

import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_protos  # noqa: E402

API = check_protos.ROOT / "api"
CACHE = check_protos.ROOT / "build/protos"


def differences_of(api):
    if shutil.which("protoc") is None:
        pytest.skip("protoc is not installed")
    try:
        return check_protos.check(api, CACHE)
    except check_protos.Unavailable as reason:
        pytest.skip(str(reason))


def test_everything_in_our_subset_is_in_the_full_protos_in_the_same_form():
    assert differences_of(API) == []


@pytest.mark.parametrize(
    ("ours", "wrong", "sentence"),
    [
        ("string alt_stat_name = 28;", "string alt_stat_name = 29;", ".Cluster.alt_stat_name is"),
        ("string alt_stat_name = 28;", "bytes alt_stat_name = 28;", ".Cluster.alt_stat_name is"),
        ("string alt_stat_name = 28;", "repeated string alt_stat_name = 28;", ".Cluster.alt_stat_name is"),
        ("string alt_stat_name = 28;", "string other_name = 28;", ".Cluster.other_name does not exist"),
        ("oneof lb_config", "oneof balancer", ".Cluster.least_request_lb_config is"),
        ("EDS = 3;", "EDS = 7;", ".DiscoveryType.EDS is 3 there and 7 here"),
        ("message UpstreamConnectionOptions {", "message Other {}\n\nmessage UpstreamConnectionOptions {", ".Other does not"),
    ],
)
def test_a_mistake_in_the_subset_is_told(tmp_path, ours, wrong, sentence):
    api = tmp_path / "api"
    shutil.copytree(API, api)
    target = api / "envoy/config/cluster/v3/cluster.proto"
    text = target.read_text()
    assert ours in text
    target.write_text(text.replace(ours, wrong, 1))
    assert any(sentence in found for found in differences_of(api))
