"""Suites made from the tests that pytest collected."""

from __future__ import annotations

from cortex_tui.profiles.model import Length, Suite
from cortex_tui.pytest_runner.profiles import Collected, FoundTest, suites_of


def suites(*node_ids: str, duration_ns: int | None = None) -> tuple[Suite, ...]:
    tests = tuple(FoundTest(each, f"/code/{each.partition('::')[0]}") for each in node_ids)
    collected = Collected(folder="/code", rootdir="/code", options="-k x", tests=tests)
    return suites_of(collected, duration_ns=duration_ns)


def test_a_suite_is_named_after_its_file_with_as_many_folders_as_it_needs() -> None:
    found = suites("a/x/test_1.py::t", "b/x/test_1.py::t", "b/test_2.py::t")
    assert [suite.name for suite in found] == ["a/x/test_1", "b/x/test_1", "test_2"]


def test_classes_are_joined_by_dots_and_parameters_stay_as_they_are() -> None:
    (suite,) = suites("test_1.py::A::B::t[a::b]", "test_1.py::A::B::t[a.b]", "test_1.py::t[x[y]]")
    assert [each.name for each in suite.profiles] == ["A.B.t[a::b]", "A.B.t[a.b]", "t[x[y]]"]


def test_a_duration_replaces_the_time_that_a_test_asks_for() -> None:
    lengths = [suites("test_1.py::t", duration_ns=each)[0].profiles[0].stop for each in (None, 5)]
    assert lengths == [Length(1_000_000_000), Length(5)]
