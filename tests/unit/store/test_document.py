"""A stored session tells the same as the live one did, in the words of the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hdrh.histogram import HdrHistogram

from cortex_tui.results.session_result import SessionResult
from cortex_tui.results.stored import from_stored
from cortex_tui.stats.moments import Moments
from cortex_tui.stats.targets import TargetResult
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.records import (
    EncodedHistogram,
    RunRecord,
    SessionBatch,
    StoredSession,
)
from cortex_tui.store.sqlite.store import SqliteStore
from cortex_tui.store.writer import Writer
from tests.session_documents import session_document
from tests.unit.store import samples

SESSION: dict[str, Any] = {
    "loop": "uvloop",
    "timer": "timerfd",
    "environment": {"python": "3.11", "packages": {"numpy": "2.0"}},
    "clock_cost_ns": 41.5,
    "await_cost_ns": 60.25,
}


def live(batch: SessionBatch, count: int) -> SessionResult:
    """What comes of a session whose batch that is, with its targets judged."""
    runs = tuple(
        msgspec.structs.replace(run, targets=tuple(map(TargetResult, run.profile.targets)))
        for run in batch.runs
    )
    session = samples.session(**SESSION)
    return from_stored(
        StoredSession(
            session=session, state="finished", runs=runs, intervals=tuple(batch.intervals)
        )
    )


async def stored(
    path: Path, batch: SessionBatch, *, finish: bool = True, **session: Any
) -> StoredSession:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session(**SESSION | session))
        await store.write(batch)
        if finish:
            await store.finish_session("s1", "finished")
        await store.name_snapshot("main", "s1")
        return await store.load("main")


async def test_a_stored_session_shows_the_same_as_the_live_one(tmp_path: Path) -> None:
    batch = samples.batch(count=40, state="finished")
    result = live(batch, 40)
    judged = zip(batch.runs, result.runs, strict=True)
    runs = tuple(msgspec.structs.replace(run, targets=reported.targets) for run, reported in judged)
    batch = msgspec.structs.replace(batch, runs=runs)
    loaded = await stored(tmp_path / "s.db", batch)
    reported = session_document(msgspec.structs.replace(result, snapshot="main"))
    assert session_document(from_stored(loaded)) == reported
    assert json.loads(json.dumps(reported)) == reported


def test_the_document_has_the_agreed_shape() -> None:
    document = session_document(live(samples.batch(count=40, state="finished"), 40))
    assert (document["schema"], document["snapshot"]) == ("cortex-tui/session@1", None)
    assert (document["clock_cost_ns"], document["await_cost_ns"]) == (41.5, 60.25)
    assert document["environment"] == {"python": "3.11", "packages": {"numpy": "2.0"}}
    closed, steady = document["runs"]
    expected = {
        "profile": "search.simple-text",
        "params": {"conversations": 30, "text": "Performance"},
        "load": {"model": "closed", "workers": 2, "think_time_ns": 0, "processes": 1},
        "state": "finished",
        "neighbours": ["search.other"],
        "measured_ns": 4_000_000_000,
        "operations": 2_000,
        "errors": {"TimeoutError": 2},
        "unfinished": 1,
        "unstarted": 3,
        "overflow": 0,
        "throughput_per_s": 500.0,
        "response_ns": None,
        "lateness_ns": None,
        "warnings": ["tmpfs"],
        "round": 1,
        "batch": 1,
        "level": 2.0,
        "marks": [{"offset_ns": 5, "text": "paused"}],
        "warmup_ns": 1_000_000_000,
        "warmup_iterations": 77,
        "slowest": "2 of the 5 slowest intervals had a GC pause",
        "tags": [],
        "matrix": {},
        "verdict": "missed",
    }
    assert {key: closed[key] for key in expected} == expected
    assert closed["mean_ns"] == closed["service_ns"]["mean"]
    assert closed["service_ns"]["confidence_ns"] == {"p50": [10_100, 10_400]}
    p95, errors = closed["targets"]
    assert (p95["target"], p95["met"]) == ("p95 < 200ms", True)
    assert p95["value"] == closed["service_ns"]["p95"]
    assert errors == {
        "target": "errors == 0",
        "value": 2.0,
        "verdict": "missed",
        "met": False,
        "note": "",
        "warn": False,
        "more_ns": None,
    }
    assert steady["load"]["model"] == "open"
    assert steady["response_ns"]["count"] == steady["lateness_ns"]["count"] == 2_000
    assert (steady["targets"], steady["verdict"]) == ([], "none")


def test_percentiles_are_those_of_the_histogram_next_to_them() -> None:
    document = session_document(live(samples.batch(count=40, state="finished"), 40))
    service = document["runs"][0]["service_ns"]
    read = HdrHistogram.decode(service["histogram"])
    assert service["p99"] == read.get_value_at_percentile(99)
    assert (service["p99.9"], service["samples_missing"]["p99.9"]) == (None, 8_000)


def test_percentiles_that_too_many_are_missing_from_are_flagged() -> None:
    document = session_document(live(samples.batch(count=40, state="finished"), 40))
    assert document["runs"][0]["flagged"] == ["p99.9", "p99.99"]


async def test_a_session_cut_short_is_reported_as_interrupted_and_its_targets_are_kept(
    tmp_path: Path,
) -> None:
    batch = samples.batch(count=2, state="running")
    gone = Writer(2**22 - 3, "another boot:1")
    loaded = await stored(tmp_path / "s.db", batch, finish=False, writer=gone)
    document = session_document(from_stored(loaded))
    run = document["runs"][0]
    assert (document["state"], run["state"], run["verdict"]) == (
        "interrupted",
        "interrupted",
        "missed",
    )
    assert "process ended before" in run["reason"]
    assert run["operations"] == 100
    assert run["targets"][0]["note"].startswith("needs about ")


async def test_a_run_that_was_cut_before_it_measured_has_no_neighbours(tmp_path: Path) -> None:
    batch = samples.batch(count=2, state="running")
    warming_up = msgspec.structs.replace(
        batch.runs[0], phase="warmup", service=Moments(), failure=Moments()
    )
    batch = msgspec.structs.replace(
        batch,
        runs=(warming_up, batch.runs[1]),
        intervals=tuple(each for each in batch.intervals if each.run == 1),
    )
    gone = Writer(2**22 - 3, "another boot:1")
    loaded = await stored(tmp_path / "s.db", batch, finish=False, writer=gone)
    runs = session_document(from_stored(loaded))["runs"]
    assert [run["neighbours"] for run in runs] == [[], ["search.other"]]


async def test_what_was_found_out_while_a_cut_run_went_on_is_found_out_anew(
    tmp_path: Path,
) -> None:
    batch = samples.batch(runs=2, count=40, state="running")
    gone = Writer(2**22 - 3, "another boot:1")
    loaded = await stored(tmp_path / "s.db", batch, finish=False, writer=gone)
    for run in session_document(from_stored(loaded))["runs"]:
        low_ns, high_ns = run["service_ns"]["confidence_ns"]["p95"]
        assert low_ns <= run["service_ns"]["p95"] <= high_ns
        assert run["slowest"] == ""
        assert run["failure_ns"]["confidence_ns"] == {}


async def test_a_session_that_is_running_is_reported_as_it_stands(tmp_path: Path) -> None:
    loaded = await stored(tmp_path / "s.db", samples.batch(), finish=False)
    document = session_document(from_stored(loaded))
    assert (document["state"], document["runs"][0]["state"]) == ("running", "running")


@pytest.mark.parametrize("moments", [Moments(49, 1.0, 0.0, 1, 2), Moments(50, 1.0, 0.0, 1, 2)])
async def test_histograms_that_do_not_fit_what_was_recorded_are_refused(
    tmp_path: Path, moments: Moments
) -> None:
    batch = samples.batch(runs=1, count=2)
    blob = b"HISTF?" if moments.count == 50 else samples.encoded([1] * 50).blob
    first, *others = batch.intervals
    first = msgspec.structs.replace(first, service=EncodedHistogram(blob, moments))
    batch = msgspec.structs.replace(batch, intervals=(first, *others))
    loaded = await stored(tmp_path / "s.db", batch)
    with pytest.raises(SnapshotError, match=r"session s1 cannot be read: .* remove it"):
        from_stored(loaded)


def test_a_session_before_anything_was_measured_can_be_reported() -> None:
    planned = RunRecord(run=0, profile=samples.OPEN)
    result = from_stored(StoredSession(session=samples.session(), state="running", runs=(planned,)))
    (run,) = session_document(result)["runs"]
    assert (run["operations"], run["throughput_per_s"], run["service_ns"]) == (
        0,
        None,
        None,
    )
    assert (run["mean_ns"], run["verdict"]) == (None, "none")
