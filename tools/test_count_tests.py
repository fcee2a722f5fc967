"""The counter of tests against results folders as scripts/test leaves them."""

import subprocess
from pathlib import Path

import pytest

COUNT = Path(__file__).resolve().parent / "count_tests.py"


def ctest(*rooms):
    cases = "".join(
        f'<testcase name="{name}" status="{"run" if good else "fail"}">{"" if good else "<failure/>"}</testcase>'
        for name, good in rooms)
    return f"<testsuite>{cases}</testsuite>"


def gtest(passed, failed=0, skipped=0):
    cases = ('<testcase name="a" result="completed"/>' * passed
             + '<testcase name="b" result="completed"><failure/></testcase>' * failed
             + '<testcase name="c" result="skipped"><skipped/></testcase>' * skipped)
    return f"<testsuites><testsuite>{cases}</testsuite></testsuites>"


@pytest.fixture
def count(tmp_path):
    def run(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        done = subprocess.run([COUNT, tmp_path], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()[-1]
    return run


def test_cases_of_rooms_and_scenarios_are_summed(count):
    assert count({"ctest.xml": ctest(("base", True), ("net", True)), "gtest/base_test.xml": gtest(3),
                  "gtest/net_test.xml": gtest(4), "pytest.xml": gtest(2, skipped=1),
                  "stages": "check 0\nunit tests 0\n"}) == (0, "9 passed, 0 failed")


def test_a_failed_case_fails_the_run(count):
    assert count({"ctest.xml": ctest(("base", False)), "gtest/base_test.xml": gtest(3, failed=2),
                  "stages": "unit tests 8\n"}) == (1, "3 passed, 2 failed")


def test_a_program_that_died_is_a_failure_even_with_good_cases(count):
    assert count({"ctest.xml": ctest(("base", False), ("net", False)), "gtest/base_test.xml": gtest(3),
                  "stages": "unit tests 8\n"}) == (1, "3 passed, 2 failed")


def test_a_room_without_cases_file_counts_as_one(count):
    assert count({"ctest.xml": ctest(("base", True))}) == (0, "1 passed, 0 failed")


def test_a_truncated_file_is_a_failure(count):
    assert count({"ctest.xml": ctest(("base", True)), "gtest/base_test.xml": "<testsuites><tests"}) == (
        1, "0 passed, 1 failed")


def test_a_failed_check_counts_though_every_test_passed(count):
    assert count({"ctest.xml": ctest(("base", True)), "gtest/base_test.xml": gtest(5),
                  "stages": "check 1\nunit tests 0\n"}) == (1, "5 passed, 1 failed")


def test_a_stage_that_failed_without_a_failed_test_counts(count):
    assert count({"pytest.xml": gtest(5), "stages": "tools and scenarios 2\n"}) == (1, "5 passed, 1 failed")


def test_no_test_at_all_is_a_failure(count):
    assert count({"stages": "check 0\n"}) == (1, "0 passed, 0 failed")


def test_without_results_one_failure_is_reported(tmp_path):
    done = subprocess.run([COUNT, tmp_path / "absent"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "0 passed, 1 failed\n")
