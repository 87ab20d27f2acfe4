"""When in its rounds a side measured what: its rounds laid over one another."""

from __future__ import annotations

from typing import Any

import msgspec

from cortex_tui.analysis.over_time import OverTime, over_time
from cortex_tui.protocol.messages import Health
from cortex_tui.store.records import IntervalRecord, RunRecord, StoredSession
from tests.unit.store import samples

UNIT_NS = 100_000_000
MINUTE_NS = 60_000_000_000


def run(number: int, **fields: Any) -> RunRecord:
    (record,) = samples.batch(runs=1, state="finished").runs
    return msgspec.structs.replace(record, run=number, round=number + 1, **fields)


def interval(number: int, first: int, values: list[int], **fields: Any) -> IntervalRecord:
    return IntervalRecord(run=number, first=first, service=samples.encoded(values), **fields)


def looked(
    *intervals: IntervalRecord,
    runs: tuple[RunRecord, ...] = (run(0), run(1)),
    variant: str = "",
    clean: bool = False,
) -> OverTime:
    session = samples.session(interval_ns=UNIT_NS)
    stored = StoredSession(session=session, state="finished", runs=runs, intervals=intervals)
    return over_time(stored, variant, samples.CLOSED.full_name, clean=clean)


def counts(found: OverTime) -> dict[int, int]:
    return {at: times.total for at, times in found.times.items()}


def test_the_same_moment_of_all_rounds_is_one_slice() -> None:
    found = looked(
        interval(0, 0, [10_000] * 3), interval(0, 1, [20_000]), interval(1, 0, [30_000] * 2)
    )
    assert found.slice_ns == UNIT_NS
    assert counts(found) == {0: 5, 1: 1}
    assert found.last_ns == 2 * UNIT_NS


def test_slices_are_as_long_as_the_longest_interval_of_any_round() -> None:
    """A long run stores pairs of its intervals as one."""
    found = looked(
        *(interval(0, first, [10_000]) for first in range(6)),
        interval(1, 0, [10_000] * 10, length=2),
        interval(1, 4, [10_000] * 100, length=2),
    )
    assert found.slice_ns == 2 * UNIT_NS
    assert counts(found) == {0: 12, 1: 2, 2: 102}


def test_columns_of_several_slices_hold_the_values_of_all_and_some_are_empty() -> None:
    found = looked(interval(0, 0, [10_000]), interval(0, 1, [50_000]), interval(0, 5, [90_000]))
    columns = found.columns(2 * UNIT_NS, 4)
    assert [each.total for each in columns] == [2, 0, 1, 0]
    low_ns, high_ns = columns[0].percentile(0.01), columns[0].percentile(0.99)
    assert low_ns is not None
    assert high_ns is not None
    assert low_ns < 20_000 < 40_000 < high_ns


def test_runs_of_other_variants_and_profiles_and_those_that_have_not_ended_are_left_out() -> None:
    other = msgspec.structs.replace(samples.CLOSED, name="other")
    runs = (
        run(0, variant="new"),
        run(1, variant="old"),
        run(2, variant="new", profile=other),
        run(3, variant="new", state="running"),
    )
    intervals = [interval(number, 0, [10_000] * 10**number) for number in range(4)]
    assert counts(looked(*intervals, runs=runs, variant="new")) == {0: 1}
    assert counts(looked(*intervals, runs=runs, variant="old")) == {0: 10}


def test_of_an_open_load_it_is_the_headline_that_is_shown() -> None:
    open_run = run(0, profile=msgspec.structs.replace(samples.OPEN, name=samples.CLOSED.name))
    both = interval(0, 0, [10_000], response=samples.encoded([20_000] * 2))
    assert counts(looked(both, runs=(open_run,))) == {0: 2}


def test_an_interval_in_which_nothing_ended_has_no_slice() -> None:
    assert counts(looked(IntervalRecord(run=0, first=0), interval(0, 1, [10_000]))) == {1: 1}


def test_nothing_measured_is_nothing_to_show() -> None:
    found = looked()
    assert found.last_ns == 0
    assert [each.total for each in found.columns(UNIT_NS, 2)] == [0, 0]


def test_what_others_disturbed_is_left_out_on_request() -> None:
    calm = Health(wall_ns=MINUTE_NS)
    stolen = Health(wall_ns=MINUTE_NS, steal_ns=MINUTE_NS // 2)
    intervals = (
        interval(0, 0, [10_000], health=calm),
        interval(0, 1, [10_000], health=stolen),
        interval(1, 1, [10_000] * 10, health=calm),
    )
    assert counts(looked(*intervals)) == {0: 1, 1: 11}
    assert counts(looked(*intervals, clean=True)) == {0: 1, 1: 10}
