"""The bounded series of a run's intervals."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.protocol.messages import Health
from cortex_tui.results.interval import interval_of, series_of
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SHOWN
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
        merged.add_interval(interval.service)
    assert len(series) <= 4
    assert merged.total == whole.total
    assert (merged.min_ns, merged.max_ns) == (whole.min_ns, whole.max_ns)
    assert merged.encode() == whole.encode()


@given(intervals)
def test_percentiles_of_merged_slots_are_those_of_the_run_to_the_bit(
    pieces: list[tuple[int, list[int]]],
) -> None:
    quantiles = tuple(SHOWN.values())
    slots, whole = IntervalSeries(limit=4), Histogram()
    for index, values in pieces:
        interval = interval_of(samples(index, values))
        whole.add_interval(interval.service)
        slots.add(index, interval)
    merged = Histogram.of_intervals(each.service for _, each in slots)
    assert merged.percentiles(quantiles) == whole.percentiles(quantiles)
    pairs = [each.service for _, each in slots]
    while len(pairs) > 1:
        odd = [pairs.pop()] if len(pairs) % 2 else []
        pairs = [a.merge(b) for a, b in zip(pairs[::2], pairs[1::2], strict=True)] + odd
    if pairs:
        assert Histogram.of_intervals(pairs).percentiles(quantiles) == whole.percentiles(quantiles)


def test_what_happened_in_a_slot_adds_up_when_slots_merge() -> None:
    series = IntervalSeries(limit=1)
    first = Health(5_000, 10, 1, 100, 1_000, 3, 1, 7)
    later = Health(2_000, 20, 2, 200, 1_000, 4, 2, 8)
    series.add(0, interval_of(samples(0, [1], health=first, neighbours=2), level=100.0))
    series.add(1, interval_of(samples(1, [1], health=later, neighbours=1), level=50.0))
    ((_, merged),) = series
    assert merged.health == Health(5_000, 30, 3, 300, 2_000, 7, 3, 15)
    assert (merged.neighbours, merged.level) == (2, 50.0)


def test_the_series_of_a_time_has_a_place_for_every_slot() -> None:
    slots = IntervalSeries()
    for index in (2, 3, 6):
        slots.add(index, interval_of(samples(index, [1] * index)))
    assert [each.total for each in series_of(slots, "service")] == [2, 3, 0, 0, 6]
    assert not list(series_of(IntervalSeries(), "service"))


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
    anew, changes = series.take_changes()
    assert (anew, list(changes)) == (False, [])


def test_changes_stay_as_they_were_when_they_were_taken(tmp_path: Path) -> None:
    for file in (None, IntervalFile(tmp_path)):
        series = IntervalSeries(limit=32, file=file)
        for index in range(30):
            series.add(index, interval_of(samples(index, [1], errors={"E": 1})))
        _, changes = series.take_changes()
        for index in range(100):
            series.add(index, interval_of(samples(index, [1, 2], errors={"E": 1})))
        assert (len(changes), changes.length, series.length) == (30, 1, 4)
        for _ in range(2):
            assert [(slot, each.service.total, each.errors) for slot, each in changes] == [
                (slot, 1, {"E": 1}) for slot in range(30)
            ]


def test_what_could_not_be_written_is_written_again() -> None:
    series = IntervalSeries()
    series.add(0, interval_of(samples(0, [1])))
    series.take_changes()
    series.write_again()
    anew, changes = series.take_changes()
    assert (anew, [slot for slot, _ in changes]) == (True, [0])
