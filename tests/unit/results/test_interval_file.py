"""Intervals in a file are those that would be in memory, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cortex_tui.protocol.messages import Health
from cortex_tui.results.interval import Interval, interval_of
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.results.time_columns import TimeColumns
from cortex_tui.results.window import numbers_within
from tests.unit.results.folds import facts
from tests.unit.session.messages import samples

TENTH_NS = 100_000_000

steps = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 120), st.lists(st.integers(0, 10**13), max_size=8)),
        st.just("written"),
        st.integers(0, 120),
    ),
    max_size=120,
)
"""Values of an interval, health of one, or what happens once a second: it is written."""


def run_of(series: IntervalSeries) -> RunSeries:
    slice_ns = series.length * TENTH_NS
    return RunSeries(
        run=0,
        headline="service",
        slice_ns=slice_ns,
        end_ns=121 * TENTH_NS,
        slices=series.slices(TENTH_NS),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_a_run_is_the_same_with_a_file_and_without(tmp_path: Path, taken: list[object]) -> None:
    filed, plain = IntervalSeries(32, IntervalFile(tmp_path)), IntervalSeries(32)
    for step in taken:
        for series in (filed, plain):
            match step:
                case (int(index), values):
                    series.add(index, interval_of(samples(index, values), level=index / 2))  # type: ignore[arg-type]
                case int(index):
                    series.add_health(index, Health(index * 1_000_000, 5, 1))
        if step == "written":
            (again, changes), (expected_again, expected) = (
                filed.take_changes(),
                plain.take_changes(),
            )
            assert again == expected_again
            assert [(n, facts(each)) for n, each in changes] == [(n, facts(e)) for n, e in expected]
    assert len(filed) == len(plain) <= 32
    assert filed.blocks(TENTH_NS) == plain.blocks(TENTH_NS)
    assert [(n, facts(each)) for n, each in filed] == [(n, facts(each)) for n, each in plain]
    run, expected_run = run_of(filed), run_of(plain)
    assert [(each.from_ns, each.until_ns, facts(each)) for each in run.slices] == [
        (each.from_ns, each.until_ns, facts(each)) for each in expected_run.slices
    ]
    for each in run.slices:
        at = (each.from_ns - run.slices[0].from_ns) // run.slice_ns
        found = run.interruptions
        health = each.health
        assert found.blocked_ns[at] == health.loop_lag_ns
        assert (found.gc_pause_ns[at], found.steal_ns[at]) == (health.gc_pause_ns, health.steal_ns)
    window = TimeWindow(9 * TENTH_NS, 31 * TENTH_NS)
    assert numbers_within(run, window) == numbers_within(expected_run, window)


def filled(file: IntervalFile | None, count: int, limit: int = 40) -> IntervalSeries:
    series = IntervalSeries(limit, file)
    for index in range(count):
        series.add(index, interval_of(samples(index, [index + 1] * 3)))
    return series


def test_what_was_read_once_stays_readable_when_slots_merge(tmp_path: Path) -> None:
    series = filled(IntervalFile(tmp_path), 40)
    before = run_of(series)
    for index in range(40, 200):
        series.add(index, interval_of(samples(index, [9])))
    del series
    assert [each.service.moments.max_ns for each in before.slices] == list(range(1, 41))
    assert list(tmp_path.iterdir()) == []  # the file has no name


def test_without_a_place_for_a_file_all_stays_in_memory(tmp_path: Path) -> None:
    nowhere, plain = IntervalFile(tmp_path / "gone"), filled(None, 100)
    series = filled(nowhere, 100)
    assert [facts(each) for _, each in series] == [facts(each) for _, each in plain]


def test_what_was_made_of_a_slice_is_kept_until_it_changes(tmp_path: Path) -> None:
    series, columns = filled(IntervalFile(tmp_path), 40), TimeColumns()
    before = columns.of(run_of(series), 10 * TENTH_NS)
    again = columns.of(run_of(series), 10 * TENTH_NS)
    assert [a is b for a, b in zip(before, again, strict=True)] == [True] * 4
    series.add_health(0, Health(7, 7, 7))
    changed = columns.of(run_of(series), 10 * TENTH_NS)
    assert [a is b for a, b in zip(before, changed, strict=True)] == [False, True, True, True]


def test_every_kind_of_count_is_read_back(tmp_path: Path) -> None:
    file, interval = IntervalFile(tmp_path), Interval()
    for number in (3, 300, 70_000):
        interval.service = interval_of(samples(0, [1_000_000] * number)).service
        (place,) = file.write([interval])
        assert facts(file.read(place)) == facts(interval)


def test_other_threads_may_continue_while_many_intervals_are_gone_over(tmp_path: Path) -> None:
    waits: list[int] = []
    series = filled(IntervalFile(tmp_path, lambda: waits.append(looked_at)), 2_000, limit=4_000)
    looked_at = 0
    for looked_at, _ in enumerate(series, 1):  # noqa: B007
        pass
    assert looked_at == 2_000
    assert len(waits) > 3
    assert waits == sorted(set(waits))

    file = IntervalFile(tmp_path, lambda: waits.append(0))
    together = filled(file, 2_000, limit=4_000)
    waits.clear()
    assert len(list(together)) == 2_000
    alone = len(waits)
    file = IntervalFile(tmp_path, lambda: waits.append(0))
    in_turns = [IntervalSeries(4_000, file) for _ in range(2)]
    for index in range(2_000):
        for each in in_turns:
            each.add(index, interval_of(samples(index, [index + 1] * 3)))
    waits.clear()
    assert len(list(in_turns[0])) == 2_000
    assert len(waits) <= alone  # it matters how much is looked at, not how often is read

    waits.clear()
    slices = run_of(series).slices
    assert [slices[at].service.total for at in (3, 700, 1_999)] == [3, 3, 3]
    assert waits == []  # which is what a screen does: it need not wait for others


@pytest.mark.parametrize("before", [200, 1_100])
def test_what_stayed_in_memory_is_filed_once_the_disk_takes_some_again(
    before: int, tmp_path: Path
) -> None:
    def in_memory(series: IntervalSeries) -> int:
        # Those are the same each time, where others are read anew.
        twice = zip(series.slices(TENTH_NS), series.slices(TENTH_NS), strict=True)
        return sum(a is b for a, b in twice)

    folder = tmp_path / "later"
    series = filled(IntervalFile(folder), before, limit=1_000)
    assert in_memory(series) == len(series)
    folder.mkdir()
    for index in range(before, before + 20 * series.length):
        series.add(index, interval_of(samples(index, [9])))
    assert in_memory(series) < 20
