"""A run as the records of a store, and back."""

from __future__ import annotations

import msgspec
import pytest

from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.results.run_records import RunInterval, fold_of, interval_records, record_of
from cortex_tui.stats.targets import TargetResult
from cortex_tui.store.records import BlocksRecord, ShardRecord, StageRecord
from tests.unit.results.folds import facts
from tests.unit.store import samples

COUNT = 4
REQUIRED = ("run", "profile", "first")
MORE = {
    "variant": "work",
    "phase": None,
    "batch": 3,
    "reason": "it was stopped",
    "partial": "process 2 of 2 was lost",
    "traceback": "Traceback: whole",
    "texts": {"TimeoutError": "late"},
    "waits": {"orders.py:14 in operation, awaiting Pool.acquire (pool.py)": 40, "": 2},
    "drain_ns": 5,
    "drained": 7,
    "failed_in_batches": 9,
    "unfinished_more": 11,
    "interrupted": True,
    "known_stages": (
        StageRecord(
            from_ns=0,
            until_ns=9,
            from_level=1.0,
            until_level=2.0,
            operations=3,
            errors=1,
            throughput_per_s=None,
            percentiles_ns={"p50": 5},
            samples_missing={},
            max_ns=7,
        ),
    ),
    "known_blocks": BlocksRecord(intervals=2, longest_ns=40_000_000, at_ns=(5,)),
    "shards": (
        ShardRecord(runner=4, headline=samples.encoded([100, 200])),
        ShardRecord(
            runner=5,
            machine="b",
            clock_bound_ns=400_000,
            state="lost",
            reason="it was killed",
            ended_ns=7,
            measured_ns=8,
            succeeded=9,
            drained=1,
            errors=2,
            failed_in_batches=3,
            failed_in_drain=1,
            unstarted=4,
            unfinished=5,
            headline=samples.encoded([300]),
        ),
    ),
}


@pytest.mark.parametrize("number", [0, 1])
def test_a_run_that_was_stored_is_stored_the_same_again(number: int) -> None:
    batch = samples.batch(count=COUNT, state="finished")
    record = batch.runs[number]
    targets = tuple(TargetResult(text, 12_345, "met") for text in record.profile.targets)
    record = msgspec.structs.replace(record, targets=targets, **MORE)
    intervals = [each for each in batch.intervals if each.run == number]
    run = fold_of(record, intervals, samples.session(), "finished")
    again = msgspec.structs.replace(record_of(run, {}), statistics=record.statistics)
    assert again == record
    length = run.intervals.length
    changes = [
        RunInterval(run.run, slot * length, length, interval) for slot, interval in run.intervals
    ]
    assert interval_records(changes) == intervals


def test_intervals_of_a_run_that_was_cut_off_while_they_merged_are_of_one_length() -> None:
    batch = samples.batch(count=8, state="running")
    intervals = [each for each in batch.intervals if each.run == 1]
    one = fold_of(batch.runs[1], intervals, samples.session(), "interrupted")
    for merged in ((0,), (2, 6), (4, 6), (0, 2, 4, 6)):
        pairs = IntervalSeries(limit=4)
        for slot, interval in one.intervals:
            pairs.add(slot, interval.copy())
        halves = {each.first: each for each in intervals}
        for first in merged:
            (interval,) = (each for slot, each in pairs if slot == first // 2)
            (record,) = interval_records([RunInterval(1, first, 2, interval)])
            halves[first], _ = record, halves.pop(first + 1)
        stored = [halves[first] for first in sorted(halves)]
        run = fold_of(batch.runs[1], stored, samples.session(), "interrupted")
        assert run.intervals.length == 2
        assert {slot: facts(each) for slot, each in run.intervals} == {
            slot: facts(each) for slot, each in pairs
        }
        # One that is in halves has one place in the trend, with what is known of the whole.
        assert run.trend.values() == tuple(each.response.percentile(0.99) for _, each in pairs)


def test_the_sample_has_every_field_of_a_record() -> None:
    batch = samples.batch(count=COUNT, state="finished")
    record = msgspec.structs.replace(batch.runs[1], **MORE)
    assert _left_out(record) == {"phase", "targets", "statistics"}
    assert _left_out(tuple(batch.intervals)[COUNT]) == {"length"}


def _left_out(record: msgspec.Struct) -> set[str]:
    """The fields that have the value of their default."""
    bare = type(record)(
        **{name: getattr(record, name) for name in REQUIRED if hasattr(record, name)}
    )
    fields = set(record.__struct_fields__) - set(REQUIRED)
    return {name for name in fields if getattr(record, name) == getattr(bare, name)}
