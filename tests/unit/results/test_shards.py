"""The parts that several runners have in a run: together the whole, and each by itself."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortex_tui.formats.port import Origin
from cortex_tui.formats.session_json import FORMAT, write_session
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.protocol.joining import joined
from cortex_tui.protocol.messages import (
    ClockKnown,
    MachineChanged,
    Message,
    RunFinished,
    RunnerPlaced,
    RunPlanned,
    Samples,
    ShardChanged,
)
from cortex_tui.protocol.moments import ClockMap
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_records import RunInterval, fold_of, interval_records, record_of
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.shard_result import ShardResult, Unevenness, unevenness
from cortex_tui.results.stored import from_stored
from cortex_tui.session.writer import live_result
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.sqlite.rows import run_of, run_row
from tests.unit.session.messages import SECOND_NS, at_stage, profile, raw, started
from tests.unit.store import samples as stored_samples

MILLION = 1_000_000
VALUES = st.lists(st.integers(0, 10**10), max_size=40)


def shared(of: int, *, is_open: bool = False, batch: int = 1) -> RunFold:
    load = OpenLoad(100.0, processes=of) if is_open else ClosedLoad(of, processes=of)
    return RunFold(
        RunPlanned(0, profile(load=load, batch=batch), (), 1, "", tuple(range(10, 10 + of)))
    )


def measuring(run: RunFold) -> RunFold:
    for stage in ("setup", "set_up", "warmup", "warm", "measure"):
        run.change(at_stage(0, stage, 0))
    return run


def of_runner(runner: int, values: list[int], interval: int = 0, **fields: Any) -> Samples:
    service = raw(values)
    known: dict[str, Any] = {
        "response": service,
        "lateness": service,
        "at_ns": (interval + 1) * 10**8,
        **fields,
    }
    return Samples(
        run=0, phase="measure", interval=interval, runner=runner, service=service, **known
    )


def counts(histogram: Histogram | IntervalHistogram) -> bytes:
    return histogram.encode()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3_000), VALUES), max_size=30),
    st.integers(2, 5),
    st.booleans(),
    st.integers(1, 3),
)
def test_what_runners_measured_together_is_to_the_bit_what_one_would_have_recorded(
    messages: list[tuple[int, int, list[int]]], of: int, is_open: bool, batch: int
) -> None:
    together, alone = shared(of, is_open=is_open, batch=batch), shared(1, is_open=is_open)
    alone.batch = batch
    measuring(together), measuring(alone)
    for runner, interval, values in messages:
        together.add(of_runner(10 + runner % of, values, interval, unstarted=1))
        alone.add(of_runner(0, values, interval, unstarted=1))
    assert counts(together.headline) == counts(alone.headline)
    assert together.headline.moments == alone.headline.moments
    assert together.operations == alone.operations
    # And the parts are the whole.
    pooled = Histogram.of_intervals(together.shards.times)
    assert counts(pooled) == counts(alone.headline)
    assert (pooled.total, pooled.max_ns) == (alone.headline.total, alone.headline.max_ns)
    parts = together.shard_results
    assert len(parts) == of
    assert sum(part.operations for part in parts) == together.operations
    assert sum(part.unstarted for part in parts) == together.unstarted
    assert alone.shard_results == ()


def test_parts_are_stored_and_read_back_and_older_records_have_none() -> None:
    run = measuring(shared(3))
    random = Random(1)
    for interval in range(20):
        for runner in (10, 11, 12):
            values = [random.randrange(MILLION) for _ in range(200)]
            run.add(of_runner(runner, values, interval, errors={"E": 1}, drained=runner - 10))
    run.change_shard(ShardChanged(run=0, runner=11, state="lost", at_ns=SECOND_NS, reason="killed"))
    run.shards.place(12, "b")
    run.shards.bound_clocks("b", 400_000, measuring=False)
    run.finish(RunFinished(run=0, state="finished", at_ns=9, measured_ns=2 * SECOND_NS))
    record = record_of(run, {})
    again = run_of((run_row("s", record)[-1],), Path(), "s")  # fmt: skip
    assert again == record
    intervals = interval_records(
        [RunInterval(run.run, slot, 1, each) for slot, each in run.intervals]
    )
    back = fold_of(again, intervals, stored_samples.session(), "finished")
    assert back.shard_results == run.shard_results
    first, lost, other = back.shard_results
    assert (first.state, lost.state, other.state) == ("finished", "lost", "finished")
    assert (lost.reason, lost.ended_ns, lost.measured_ns) == ("killed", SECOND_NS, 2 * SECOND_NS)
    assert (other.machine, other.clock_bound_ns, other.errors) == ("b", 400_000, 20)
    assert other.throughput_per_s == (4_000 - 40) / 2
    older = msgspec.json.decode(run_row("s", record)[-1])
    del older["shards"]
    text = msgspec.json.encode(older).decode()
    assert run_of((text,), Path(), "s").shards == ()


@pytest.mark.parametrize("announced_last", [True, False])
def test_the_machine_of_a_shard_is_known_whenever_its_run_is_announced(
    announced_last: bool,
) -> None:
    each = profile(load=ClosedLoad(2, processes=2))
    plan = SessionPlan(session="s1", runs=(RunPlan(0, each, 1, (0, 1)),), scratch="", cache="")
    fold = SessionFold(plan, "cluster", "2026-01-01T00:00:00Z")
    announced: list[Message] = [RunPlanned(0, each, (), 1, "", (0, 1))]
    known: list[Message] = [
        RunnerPlaced(0, "red", 0),
        RunnerPlaced(1, "blue", 0),
        ClockKnown("blue", 48_000, ClockMap(), 0),
    ]
    for message in known + announced if announced_last else announced + known:
        fold.apply(message)
    (result,) = fold.results()
    assert [(shard.machine, shard.clock_bound_ns) for shard in result.shards] == [
        ("red", None),
        ("blue", 48_000),
    ]


def session_of_two(slow_from: int = 0) -> SessionFold:
    each = profile(load=ClosedLoad(2, processes=2))
    plan = SessionPlan(
        session="s1", runs=(RunPlan(0, each, 1, (0, 1)),), scratch="", cache=""
    )  # fmt: skip
    fold = SessionFold(plan, "process", "2026-01-01T00:00:00Z")
    fold.apply(started())
    for stage in ("setup", "set_up", "warmup", "warm", "measure"):
        fold.apply(at_stage(0, stage, 0))
    random = Random(2)
    for interval in range(30):
        for runner in (0, 1):
            slower = 2 if runner and interval >= slow_from else 1
            values = [int(random.lognormvariate(13, 0.3) * slower) for _ in range(500)]
            fold.apply(of_runner(runner, values, interval))
    fold.apply(RunFinished(run=0, state="finished", at_ns=9, measured_ns=3 * SECOND_NS))
    return fold


def test_a_shard_that_is_slower_than_the_others_is_a_warning_and_in_the_document() -> None:
    fold = session_of_two()
    (run,) = fold.results()
    assert run.unevenness is not None
    assert (run.unevenness.verdict, run.unevenness.slowest) == ("uneven", 2)
    assert run.unevenness.ratio == pytest.approx(2.0, rel=0.1)
    assert run.unevenness.text in run.warnings
    assert run.unevenness.text == "shard 2's p99 is 2.1 times the median of the others"
    first, second = run.shards
    assert (second.percentiles_ns["p99"] or 0) > (run.percentiles_ns["p99"] or 0)

    result = live_result(fold, None)
    written = write_session(result)
    (document,) = json.loads(written)["runs"]
    assert [shard["operations"] for shard in document["shards"]] == [15_000, 15_000]
    pooled = Histogram()
    for shard in document["shards"]:
        pooled.add(Histogram.decode(shard["times_ns"]["histogram"]))
    assert counts(pooled) == counts(Histogram.decode(document["service_ns"]["histogram"]))
    assert document["unevenness"]["slowest"] == 2
    assert FORMAT.read is not None
    imported = from_stored(FORMAT.read(written, Origin("x.json")))
    assert imported.runs[0].unevenness == run.unevenness
    assert [each.operations for each in imported.runs[0].shards] == [15_000, 15_000]
    assert first.number == 1


def shard(
    number: int, p99: int | None, within: tuple[int, int] | None = None, **fields: Any
) -> ShardResult:
    return ShardResult(
        number=number,
        operations=5_000 if p99 is not None else 400,
        percentiles_ns={"p99": p99},
        samples_missing={} if p99 is not None else {"p99": 600},
        p99_within_ns=within or (None if p99 is None else (p99 - 5, p99 + 5)),
        **fields,
    )


@pytest.mark.parametrize(
    ("shards", "verdict", "text"),
    [
        ([shard(1, 100), shard(2, 119)], "even", "1.2 times"),
        ([shard(1, 100), shard(2, 130)], "uneven", "shard 2's p99 is 1.3 times the median of the"),
        ([shard(1, 90), shard(2, 300), shard(3, 110)], "uneven", "shard 2's p99 is 3.0 times"),
        (
            [shard(1, 100, (80, 140)), shard(2, 130)],
            "cannot tell",
            "cannot tell whether that is more than chance",
        ),
        ([shard(1, 100), shard(2, None)], "cannot tell", "shard 2 needs 600 more operations for"),
        ([shard(1, 100), shard(2, 300), shard(3, None, state="lost")], "uneven", "3.0 times"),
        ([shard(1, 100)], "cannot tell", "fewer than two shards have measured"),
        ([shard(1, 100), ShardResult(number=2)], "cannot tell", "fewer than two shards"),
        ([], "cannot tell", "fewer than two"),
    ],
)
def test_whether_one_is_slower_is_said_only_where_it_can_be_known(
    shards: list[ShardResult], verdict: str, text: str
) -> None:
    found = unevenness(shards)
    assert found.verdict == verdict
    assert text in found.text
    assert isinstance(found, Unevenness)


@pytest.mark.parametrize("of", [2, 8, 32])
def test_equal_shards_seldom_raise_the_warning_and_a_slow_one_does(of: int) -> None:
    """Of heavy-tailed times, the worst that a p99 of few operations can be asked of."""
    random = np.random.default_rng(of)

    def verdicts(slower: float, operations: int) -> list[str]:
        found: list[str] = []
        for _ in range(40):
            run = measuring(shared(of))
            for runner in range(of):
                factor = slower if runner == 0 else 1.0
                times = MILLION * factor * (1 + random.pareto(2.5, operations))
                run.add(of_runner(10 + runner, times.astype(int).tolist()))
            run.finish(RunFinished(run=0, state="finished", at_ns=9, measured_ns=SECOND_NS))
            found.append(unevenness(run.shard_results).verdict)
        return found

    assert verdicts(1.0, 1_000).count("uneven") <= 2
    assert "uneven" not in verdicts(1.0, 200)
    assert verdicts(2.0, 4_000).count("uneven") >= 38


def test_values_wait_until_a_result_is_wanted_or_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thousand runners send ten thousand messages a second: none of them is folded by itself."""
    counted: list[int] = []
    count = IntervalHistogram.of
    none = count(b"")
    run = measuring(shared(2))
    shards = run.shards

    def counting(*buffers: bytes) -> IntervalHistogram:
        counted.append(len(buffers))
        return count(*buffers)

    monkeypatch.setattr(IntervalHistogram, "of", staticmethod(counting))
    for number in range(500):
        each = [of_runner(runner, [number] * 20) for runner in (10, 11)]
        (both,) = joined(each)
        assert isinstance(both, Samples)
        shards.add(both, 10**8, none)
    assert len(counted) <= 1_000 * 20 * 8 // (1 << 16) + 1
    assert sum(part.operations for part in run.shard_results) == 20_000
    before = run.shard_results
    alone = of_runner(10, [1] * 20)
    shards.add(alone, 2 * 10**8, count(alone.service))
    assert run.shard_results is before
    run.measured_ns = 2 * SECOND_NS
    assert sum(part.operations for part in run.shard_results) == 20_020


def test_a_machine_that_is_silent_is_so_in_its_shards() -> None:
    each = profile(load=ClosedLoad(2, processes=2))
    plan = SessionPlan(
        session="s1", runs=(RunPlan(0, each, 1, (0, 1)),), scratch="", cache=""
    )  # fmt: skip
    fold = SessionFold(plan, "cluster", "2026-01-01T00:00:00Z")
    for runner, machine in enumerate(("anvil", "forge")):
        fold.apply(RunnerPlaced(runner, machine, 1))
    fold.apply(MachineChanged(machine="forge", state="silent", since_ns=5, at_ns=6))
    assert [each.state for each in fold.runs[0].shard_results] == ["planned", "silent"]
    fold.apply(MachineChanged(machine="forge", state="connected", since_ns=7, at_ns=8))
    assert [each.state for each in fold.runs[0].shard_results] == ["planned", "planned"]


def test_throughput_of_a_lost_shard_is_over_the_time_until_its_last_message() -> None:
    run = measuring(shared(2))
    for interval in range(10):
        run.add(of_runner(11, [1_000] * 100, interval))
    # Ten seconds of silence, after which it counts as lost.
    run.change_shard(
        ShardChanged(run=0, runner=11, state="lost", at_ns=11 * SECOND_NS, reason="silent")
    )
    run.finish(RunFinished(run=0, state="finished", at_ns=9, measured_ns=10 * SECOND_NS))
    lost = run.shard_results[1]
    assert (lost.ended_ns, lost.measured_ns) == (11 * SECOND_NS, SECOND_NS)
    assert lost.throughput_per_s == 1_000


def test_a_view_looks_at_the_values_of_a_hundred_shards_at_most() -> None:
    """Nothing is received meanwhile. All have their turn, and what is lost is seen at once."""
    of = 350
    run = measuring(shared(of))

    def add_values(interval: int) -> None:
        for runner in range(of):
            run.add(of_runner(10 + runner, [1_000] * 2_000, interval))

    def looked_at() -> int:
        return sum(each.percentiles_ns["p99"] is not None for each in run.shard_results)

    add_values(0)
    begun_ns = run.measured_ns
    assert [looked_at() for _ in range(5)] == [100, 200, 300, of, of]
    assert all(each.operations == 2_000 for each in run.shard_results)
    assert run.shards.unevenness is not None

    add_values(1)
    stands_ns = of * 5_000_000
    run.measured_ns = begun_ns + stands_ns - 1
    assert {each.operations for each in run.shard_results} == {2_000}
    lost = ShardChanged(run=0, runner=10 + of - 1, state="lost", at_ns=SECOND_NS, reason="silent")
    run.change_shard(lost)
    *others, last = run.shard_results
    assert (last.state, last.operations) == ("lost", 4_000)
    assert {(each.state, each.operations) for each in others} == {("running", 2_000)}

    run.measured_ns = begun_ns + stands_ns
    for turn in range(1, 5):
        found = [each.operations for each in run.shard_results]
        assert found.count(4_000) == min(100 * turn + (turn < 4), of)

    add_values(2)
    run.finish(RunFinished(run=0, state="finished", at_ns=9, measured_ns=10 * SECOND_NS))
    assert {each.operations for each in run.shard_results} == {6_000}


def test_a_clock_that_is_known_as_well_as_before_takes_no_look_at_its_shards() -> None:
    run = measuring(shared(2))
    run.shards.bound_clocks("", 5, measuring=True)
    before = run.shard_results
    for bound_ns in (5, 3):
        run.shards.bound_clocks("", bound_ns, measuring=True)
        assert run.shard_results is before
    run.shards.bound_clocks("", 7, measuring=True)
    assert [each.clock_bound_ns for each in run.shard_results] == [7, 7]
