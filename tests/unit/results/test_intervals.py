"""The bounded series of a run's intervals."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cortex_tui.protocol.messages import Health
from cortex_tui.results.blocked import LOOP_BLOCKED_NS
from cortex_tui.results.interval import interval_of, series_of
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.results.slices import FiledSlices
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SHOWN
from tests.unit.results.folds import facts
from tests.unit.results.stored import Stored
from tests.unit.session.messages import samples

TENTH_NS = 100_000_000

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
    assert (anew, [slot for slot, _ in changes]) == (False, [0, 1, 2])
    assert (series.length, changes.length) == (2, 2)
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
    assert (series.unwritten(), len(series.take_changes()[1])) == (0, 0)


def test_what_could_not_be_written_is_written_again_after_it_has_merged() -> None:
    series = IntervalSeries(limit=4)
    for index in range(4):
        series.add(index, interval_of(samples(index, [1])))
    series.take_changes()
    series.write_again()
    series.add(4, interval_of(samples(4, [1])))
    anew, changes = series.take_changes()
    assert (anew, [slot for slot, _ in changes]) == (True, [0, 1, 2])


steps = st.lists(
    st.one_of(
        st.just("next"),
        st.integers(1, 40),
        st.integers(-200, -1),
        st.just("health"),
        st.just("written"),
    ),
    max_size=60,
)
"""What comes now and then in between: a gap of that many intervals, or (less than 0) something that
is late by that many, or health of an earlier one; or what has changed is written."""


def store_of(limit: int, file: IntervalFile | None, taken: list[object]) -> Stored:
    """Long enough for several mergings."""
    stored, index = Stored(IntervalSeries(limit, file)), 0
    series = stored.series
    for number in range(max(260, len(taken))):
        step = taken[number // 4] if number % 4 == 0 and number // 4 < len(taken) else "next"
        match step:
            case "written":
                stored.write()
            case "health":
                series.add_health(index // 3, Health(index * 1_000, index, 1))
            case int(away) if away > 0:
                index += away
            case int(late):
                at = max(0, index + late)
                series.add(at, interval_of(samples(at, [at, 10**9], errors={"Late": 1})))
        values = [index * 1_000, index * 1_001 + 7] * (1 + index % 3 * 130)
        health = Health(index * 100_000, index % 5, 1, wall_ns=TENTH_NS)
        message = samples(index, values, response=values[:2], health=health, unstarted=1)
        series.add(index, interval_of(message, float(index)))
        index += 1
    return stored


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(steps)
def test_slots_that_merge_ahead_of_time_become_what_all_at_once_do(
    tmp_path: Path, taken: list[object]
) -> None:
    ahead, at_once = store_of(80, IntervalFile(tmp_path), taken), store_of(80, None, taken)
    assert ahead.series.length == at_once.series.length > 1
    assert {n: facts(each) for n, each in ahead.series} == {
        n: facts(each) for n, each in at_once.series
    }
    blocked = [each.series.slices(TENTH_NS) for each in (ahead, at_once)]
    assert isinstance(blocked[0], FiledSlices)
    assert [
        blocked[0].interruptions.blocked_ns[(each.from_ns - blocked[1][0].from_ns) // each_ns]
        for each in blocked[1]
        if (each_ns := each.until_ns - each.from_ns)
    ] == [each.health.loop_lag_ns for each in blocked[1]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(steps)
def test_what_is_stored_at_any_time_is_what_is_in_the_series(
    tmp_path: Path, taken: list[object]
) -> None:
    for file in (None, IntervalFile(tmp_path)):
        stored = store_of(80, file, taken)
        stored.write()
        assert stored.merged == {slot: facts(each) for slot, each in stored.series}
        stored.write(whole=True)
        length = stored.series.length
        assert {first: (own, facts(each)) for first, (own, each) in stored.rows.items()} == {
            slot * length: (length, facts(each)) for slot, each in stored.series
        }
        assert stored.write(whole=True) == 0


def merged_once() -> Stored:
    """All 40 slots were stored before they became 20, and one more came after that."""
    stored = Stored(IntervalSeries(limit=40))
    for index in range(40):
        stored.series.add(index, interval_of(samples(index, [index])))
    assert stored.write() == 40
    stored.series.add(40, interval_of(samples(40, [40])))
    return stored


def test_slots_that_have_merged_are_stored_a_few_at_a_time_and_all_at_the_end() -> None:
    stored = merged_once()
    unwritten = stored.series.unwritten
    assert (unwritten(), unwritten(whole=True)) == (3, 21)
    assert [stored.write() for _ in range(3)] == [3, 1, 1]
    assert (unwritten(), unwritten(whole=True)) == (1, 16)
    assert stored.write(whole=True) == 16
    assert (unwritten(), unwritten(whole=True)) == (0, 0)
    assert {length for length, _ in stored.rows.values()} == {2}
    again = merged_once().series
    assert [len(again.take_changes()[1]) for _ in range(2)] == [3, 1]


def test_slots_that_merge_before_all_of_them_are_stored_are_stored_anew() -> None:
    for left in (21, 18, 1):
        stored = merged_once()
        while stored.series.unwritten(whole=True) > left:
            stored.write()
        for index in range(41, 81):
            stored.series.add(index, interval_of(samples(index, [index])))
        assert stored.series.unwritten() == 21
        assert stored.write() == 21
        assert {length for length, _ in stored.rows.values()} == {4}
        assert stored.merged == {slot: facts(each) for slot, each in stored.series}


def test_when_the_loop_was_blocked_is_what_is_known_by_now() -> None:
    def add(index: int, lag_ns: int, foreign_ns: int = 0) -> None:
        health = Health(loop_lag_ns=lag_ns, foreign_ns=foreign_ns, wall_ns=TENTH_NS)
        series.add(index, interval_of(samples(index, [1], health=health)))

    def found() -> tuple[int, int, tuple[int, ...], float | None]:
        known = series.blocks(TENTH_NS)
        assert series.blocks(TENTH_NS) is known
        return known.intervals, known.longest_ns, known.at_ns, known.used_by_others

    series = IntervalSeries(limit=4)
    assert series.unwritten() == 0
    assert found() == (0, 0, (), None)
    add(0, LOOP_BLOCKED_NS - 1)
    assert found() == (0, 0, (), None)
    add(1, LOOP_BLOCKED_NS)
    assert found() == (1, LOOP_BLOCKED_NS, (TENTH_NS,), None)
    add(2, 0, foreign_ns=1)
    assert found() == (1, LOOP_BLOCKED_NS, (TENTH_NS,), 0.0)
    add(3, LOOP_BLOCKED_NS + 5, foreign_ns=TENTH_NS)
    assert found() == (2, LOOP_BLOCKED_NS + 5, (TENTH_NS, 3 * TENTH_NS), 0.5)
    add(7, 0)
    assert found() == (2, LOOP_BLOCKED_NS + 5, (0,), 0.5)
