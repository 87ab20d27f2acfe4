"""The bounded series of a run's intervals."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.session.intervals import IntervalSeries, interval_of
from cortex_tui.stats.histogram import Histogram
from tests.unit.session.messages import samples

intervals = st.lists(
    st.tuples(st.integers(0, 60), st.lists(st.integers(0, 10**12), max_size=8)), max_size=40
)


@given(intervals)
def test_merging_in_pairs_loses_nothing(pieces: list[tuple[int, list[int]]]) -> None:
    series, whole = IntervalSeries(limit=4), Histogram()
    for index, values in pieces:
        message = samples(index, values)
        series.add(index, interval_of(message))
        whole.fold(message.service)
    merged = Histogram()
    for _, interval in series:
        interval.service.add_to(merged)
    assert len(series) <= 4
    assert merged.total == whole.total
    assert (merged.min_ns, merged.max_ns) == (whole.min_ns, whole.max_ns)
    assert merged.encode() == whole.encode()


def test_a_slot_covers_its_share_of_time_after_merging() -> None:
    series = IntervalSeries(limit=4)
    for index in range(10):
        series.add(index, interval_of(samples(index, [index + 1])))
    assert series.length == 4
    assert [(slot, interval.service.total) for slot, interval in series] == [(0, 4), (1, 4), (2, 2)]


def test_only_changes_are_written_until_slots_merge() -> None:
    series = IntervalSeries(limit=4)
    for index in range(3):
        series.add(index, interval_of(samples(index, [1])))
    anew, changes = series.take_changes()
    assert (anew, [slot for slot, _ in changes]) == (False, [0, 1, 2])
    series.add(2, interval_of(samples(2, [1])))
    assert [slot for slot, _ in series.take_changes()[1]] == [2]
    series.add(4, interval_of(samples(4, [1])))
    anew, changes = series.take_changes()
    assert (anew, [slot for slot, _ in changes]) == (True, [0, 1, 2])
    assert series.take_changes() == (False, [])


def test_what_could_not_be_written_is_written_again() -> None:
    series = IntervalSeries()
    series.add(0, interval_of(samples(0, [1])))
    series.take_changes()
    series.write_again()
    anew, changes = series.take_changes()
    assert (anew, [slot for slot, _ in changes]) == (True, [0])
