"""A session that is exported, imported and exported again is the same document."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import msgspec
import pytest

from cortex_tui.formats.port import FormatError, Origin
from cortex_tui.formats.registry import read_file
from cortex_tui.formats.session_json import write_session
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length, Precision, Profile
from cortex_tui.protocol.lifecycle import RunState, ShardState
from cortex_tui.protocol.messages import Health
from cortex_tui.protocol.plan import Variant
from cortex_tui.results.document import read_document
from cortex_tui.results.interval import TimeName
from cortex_tui.results.session_result import SessionResult
from cortex_tui.results.stored import from_stored
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import EMPTY, Moments, merged
from cortex_tui.stats.targets import TargetResult
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    MarkRecord,
    RunRecord,
    SessionRecord,
    SessionState,
    ShardRecord,
    StoredSession,
)
from tests.unit.formats.recordings import values

SLICES = 8
MANY = 200_000
"""Enough for a p99.99."""
BATCH = 2
HOUR_AND_MORE = IntervalHistogram.of((4_000_000_000_000).to_bytes(8, "little"))
CLOSED, OPEN = ClosedLoad(workers=3), OpenLoad(rate_per_s=400.0)
STAGED = StagedLoad(
    of="rate",
    stages=(Stage(100.0, 400_000_000, ramp=False), Stage(300.0, 400_000_000, ramp=True)),
)


def encoded(counted: IntervalHistogram) -> EncodedHistogram:
    return EncodedHistogram(counted.encode(), counted.moments)


def profile(name: str, load: Load) -> Profile:
    return Profile(
        suite="shop",
        name=f"{name}[n=7]",
        base=name,
        matrix={"n": 7},
        workload="shop_bench:lookup",
        summary="looks one article up",
        params={"n": 7, "query": "select *\n  from article", "share": 0.5, "warm": True},
        load=load,
        warmup=Length(duration_ns=1_000_000_000),
        auto_warmup=True,
        stop=Length(duration_ns=800_000_000, iterations=10_000),
        precision=Precision("p99", 0.02, 1_000_000_000, 60_000_000_000),
        until_decided=Length(duration_ns=500_000_000),
        timeout_ns=2_000_000_000,
        batch=BATCH if load is CLOSED else 1,
        tags=("fast", "ci"),
        targets=("p95 < 200ms", "errors == 0"),
        warn_targets=("p99 < 1ms",),
        database="memory",
        alone=True,
        on_lost="stop",
    )


def a_run(number: int, load: Load, state: RunState) -> tuple[RunRecord, list[IntervalRecord]]:
    """With something in each field that there is."""
    times: list[TimeName] = ["service", "failure"]
    if load.has_schedule:
        times += ["response", "lateness"]
    whole: dict[TimeName, Moments] = {}
    intervals = []
    for slot in range(SLICES):
        count = MANY if (load, state, slot) == (CLOSED, "finished", 0) else 200
        of_slot = {name: values(11 * slot + len(name), count) for name in times}
        if slot == 3:
            of_slot["service"] = of_slot["service"].merge(HOUR_AND_MORE)
        for name, counted in of_slot.items():
            whole[name] = merged(whole.get(name, EMPTY), counted.moments)
        blocked = {1: "at shop.py:3 in lookup", 2: "at shop.py:3 in lookup", 5: ""}
        cause = blocked.get(slot)
        intervals.append(
            IntervalRecord(
                run=number,
                first=slot,
                errors={"KeyError": 200},
                unstarted=1,
                health=Health(loop_lag_ns=30_000_000 + slot, block_cause=cause)
                if cause is not None
                else Health(),
                service=encoded(of_slot["service"]),
                failure=encoded(of_slot["failure"]),
                response=encoded(of_slot["response"]) if load.has_schedule else None,
                lateness=encoded(of_slot["lateness"]) if load.has_schedule else None,
            )
        )
    batch = BATCH if load is CLOSED else 1
    shards = tuple(
        ShardRecord(
            runner=runner,
            machine=f"node{runner}",
            clock_bound_ns=40_000,
            state=each,
            reason="killed by signal 9\nand gone",
            ended_ns=700_000_000,
            measured_ns=750_000_000,
            succeeded=1_500,
            drained=2,
            errors=3,
            failed_in_batches=batch - 1,
            unstarted=4,
            unfinished=5,
            headline=encoded(values(runner, 1_500)),
        )
        for runner, each in enumerate((None, *SHARD_STATES), 2)
    )
    record = RunRecord(
        run=number,
        profile=profile(type(load).__name__, load),
        neighbours=("shop.other",),
        state=state,
        phase="measure",
        round=1 + RUN_STATES.index(state),
        variant="main",
        batch=batch,
        level=300.0,
        marks=(MarkRecord(5, "paused"), MarkRecord(7, "resumed")),
        warmup_ns=900_000_000,
        warmup_iterations=77,
        reason="teardown: it\nfailed",
        partial="process 2 was lost",
        shards=shards,
        traceback="Traceback:\n  late",
        tracebacks={"KeyError": 'Traceback:\n  File "shop.py"'},
        texts={"KeyError": "'n'"},
        measured_ns=800_000_000,
        drain_ns=20_000_000,
        drained=3 * batch,
        failed_in_batches=batch - 1,
        errors={"KeyError": 200 * SLICES},
        unfinished_ns=(9_000_000, 8_000_000),
        unfinished_more=2,
        unstarted=SLICES,
        waits={f"shop.py:{line} in lookup": 40 - line for line in range(7)} | {"": 2},
        warnings=("the event loop was blocked in 3 intervals", "tmpfs"),
        targets=(
            TargetResult("p95 < 200ms", 2_000_000.0, "met"),
            TargetResult("errors == 0", 1_600.0, "missed", "of 3,200"),
            TargetResult("p99 < 1ms", None, "undecided", "too few", True, 3_000_000_000),
        ),
        service=whole["service"],
        failure=whole["failure"],
        response=whole.get("response"),
        lateness=whole.get("lateness"),
        confidence_ns={"service": {"p50": (160_000, 180_000), "p99": (1_500_000, 2_500_000)}},
        slowest="2 of the 5 slowest intervals had a GC pause",
    )
    return record, intervals


def nothing_measured(number: int, state: RunState) -> RunRecord:
    return RunRecord(
        run=number, profile=Profile(suite="shop", name="idle", workload="w", stop=Length()),
        state=state,
    )  # fmt: skip


RUN_STATES: tuple[RunState, ...] = ("planned", "running", "finished", "stopped", "failed")
SHARD_STATES: tuple[ShardState, ...] = ("silent", "lost", "finished", "stopped", "failed")
SESSION_STATES: tuple[SessionState, ...] = ("running", "finished", "stopped", "died", "interrupted")


@cache
def session(state: SessionState) -> SessionResult:
    """A run of each load in each state, and runs that never began."""
    runs: list[RunRecord] = []
    intervals: list[IntervalRecord] = []
    for load, each in itertools.product((CLOSED, OPEN, STAGED), RUN_STATES):
        run, its = a_run(len(runs) + 3, load, each)
        runs.append(run)
        intervals += its
    runs += [nothing_measured(100 + at, each) for at, each in enumerate(RUN_STATES)]
    record = SessionRecord(
        id="20250101T100000-abc",
        started_at="2025-01-01T10:00:00.123Z",
        placement="cluster",
        loop="uvloop",
        timer="timerfd",
        one_by_one=True,
        rounds=len(RUN_STATES),
        variants=(
            Variant(name="main", revision="ab" * 20, dirty=True, folder="/x", python="/usr/bin/py",
                    env={"A": "b"}, loop="uvloop", database="memory", params={"n": 1}, only="s.p"),
            Variant(name="other"),
        ),
        seed=77,
        looks=(4, 8),
        clock_cost_ns=41.5,
        await_cost_ns=33.25,
        environment={"python": "3.11.7", "git_commit": "ab" * 20, "cores": [0, 1]},
    )  # fmt: skip
    return from_stored(
        StoredSession(
            session=record,
            state=state,
            runs=tuple(runs),
            intervals=tuple(intervals),
            note="before the change",
            tags=("ci", "main"),
        )
    )


def through_a_file(result: SessionResult) -> SessionResult:
    return from_stored(read_file(write_session(result), Origin("x.json")))


def differences(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """Where two documents differ; a standard deviation may do so in its last digit."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            yield from differences(before.get(key), after.get(key), f"{where}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{where}[{at}]")
    elif where.endswith(".stddev") and isinstance(before, float) and isinstance(after, float):
        if after != pytest.approx(before, rel=1e-12):
            yield f"{where}: {before!r} → {after!r}"
    elif before != after:
        yield f"{where}: {before!r} → {after!r}"


def plain(result: SessionResult) -> Any:
    return json.loads(write_session(result))


@pytest.mark.parametrize("state", [each for each in SESSION_STATES if each != "running"])
def test_an_imported_session_is_exported_as_it_was(state: SessionState) -> None:
    before = session(state)
    expected = plain(before)
    # The session that an import makes has an id of its own.
    found = plain(through_a_file(before)) | {"session": expected["session"]}
    assert list(differences(expected, found)) == []
    assert found["state"] == state


def test_a_session_that_still_ran_was_interrupted_by_its_document() -> None:
    before = session("running")
    expected = plain(before)
    found = plain(through_a_file(before))
    assert {run["state"] for run in expected["runs"]} == set(RUN_STATES)
    assert found["state"] == "interrupted"
    for one, other in zip(expected["runs"], found["runs"], strict=True):
        live = one["state"] in ("planned", "running")
        assert other["state"] == ("interrupted" if live else one["state"])
        assert {key: other[key] for key in ("operations", "measured_ns", "service_ns")} == {
            key: one[key] for key in ("operations", "measured_ns", "service_ns")
        }
        assert bool(other["reason"]) == (live or one["reason"] != "")


def structs_in(value: Any) -> Iterator[msgspec.Struct]:
    if isinstance(value, msgspec.Struct):
        yield value
        for field in msgspec.structs.fields(value):
            yield from structs_in(getattr(value, field.name))
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from structs_in(each)


def test_these_sessions_have_something_in_each_field_of_a_document() -> None:
    known: set[str] = set()
    filled: set[str] = set()
    for state in SESSION_STATES:
        for struct in structs_in(read_document(write_session(session(state)))):
            for field in msgspec.structs.fields(struct):
                value, name = getattr(struct, field.name), f"{type(struct).__name__}.{field.name}"
                known.add(name)
                if value and value != field.default:
                    filled.add(name)
    assert {each.split(".")[0] for each in known} >= {
        "SessionDocument", "RunDocument", "StageRecord", "BlockCause", "Waits", "Variant",
    }  # fmt: skip
    # These are the store's, and the schema is always the same.
    assert known - filled == {"SessionDocument.schema", "SessionDocument.snapshot"}
    assert set(RUN_STATES) == set(flat(RunState))
    assert set(SESSION_STATES) == set(flat(SessionState))
    assert {*SHARD_STATES, "planned", "running"} == set(flat(ShardState))


def flat(literal: Any) -> Iterator[str]:
    for each in get_args(literal):
        if isinstance(each, str):
            yield each
        else:
            yield from flat(each)


def test_the_machine_tab_has_the_blocks_of_an_imported_run() -> None:
    run = through_a_file(session("finished")).runs[0]
    assert run.blocks.intervals == 3
    assert [each.words for each in run.blocks.causes] == ["at shop.py:3 in lookup", "not known"]


def test_two_runs_of_one_number_are_no_session() -> None:
    document = plain(session("finished"))
    for each in document["runs"]:
        each["run"] = 1
    with pytest.raises(FormatError, match="several runs have one number"):
        read_file(json.dumps(document).encode(), Origin("x.json"))
