"""What a session reports of a profile that ran in several rounds, and stores of every run."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram

from cortex_tui.analysis.stored_arms import stored_arms
from cortex_tui.loads.open import OpenLoad
from cortex_tui.protocol.messages import (
    Calibrated,
    Health,
    LevelChanged,
    Mark,
    RunFinished,
    SessionFinished,
    SessionStarted,
)
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.stored import from_stored
from cortex_tui.session.writer import SessionWriter
from tests.session_documents import session_document
from tests.unit.results.test_matrix import fold_in, loaded, measure, session
from tests.unit.session.messages import SECOND_NS, at_stage, profile, samples

TENTH_NS = SECOND_NS // 10


def document_of(fold: SessionFold) -> dict[str, Any]:
    return session_document(SessionWriter(Path("unused")).result(fold))


def two_rounds(*batches: int) -> SessionFold:
    fold = session(profile("p", batch=0 if batches else 1), rounds=2)
    for run, time_ns in ((0, 500), (1, 1_500)):
        if batches:
            fold_in(fold, Calibrated(run, batches[run], 10.0))
        measure(fold, run, time_ns, count=100)
        fold_in(fold, RunFinished(run=run, state="finished", at_ns=0, measured_ns=SECOND_NS))
    return fold


def test_each_round_is_there_and_all_of_them_together() -> None:
    document = document_of(two_rounds())
    assert [(run["run"], run["round"]) for run in document["runs"]] == [(0, 1), (1, 2)]
    (together,) = document["profiles"]
    assert (document["rounds"], together["rounds"]) == (2, [1, 2])
    assert (together["operations"], together["throughput_per_s"]) == (200, 100.0)
    assert (together["mean_ns"], together["service_ns"]["p90"]) == (1_000, 1_500)
    merged = HdrHistogram.decode(together["service_ns"]["histogram"])
    assert merged.get_total_count() == 200


def test_the_spread_between_rounds_is_reported_for_each_statistic() -> None:
    spread = document_of(two_rounds())["profiles"][0]["spread"]
    assert spread["p50"] == {"values": [500, 1_500], "share": 1.0}
    assert spread["throughput_per_s"] == {"values": [100.0, 100.0], "share": 0.0}
    assert spread["p99"] == {"values": [None, None], "share": None}


def test_batches_of_different_size_are_not_merged() -> None:
    (together,) = document_of(two_rounds(10, 20))["profiles"]
    assert (together["batch"], together["service_ns"]) == (None, None)
    assert (together["operations"], together["mean_ns"]) == (3_000, pytest.approx(200_000 / 3_000))
    (alike,) = document_of(two_rounds(10, 10))["profiles"]
    assert (alike["batch"], alike["operations"], alike["service_ns"]["count"]) == (10, 2_000, 200)


def test_one_round_needs_no_summary() -> None:
    fold = session(profile("p"))
    measure(fold, 0, 1_000)
    assert "profiles" not in document_of(fold)


def eventful() -> SessionFold:
    """A session with everything in it that a document has."""
    steady = profile("steady", load=OpenLoad(rate_per_s=1_000.0), auto_warmup=True, tags=("x",))
    fold = session(steady, profile("short", batch=0), rounds=2)
    noise = random.Random(1)
    fold_in(fold, SessionStarted(0, 1, "CPython 3.11", "uvloop", "timerfd", 1, 41.5, 60.25))
    for run in range(4):
        fold_in(fold, at_stage(run, "warmup", 0))
        if run % 2:
            fold_in(fold, Calibrated(run, 50, 20.0))
        fold_in(fold, at_stage(run, "measure", 0), LevelChanged(run, 1_000.0, 0))
        for index in range(30):
            values = [noise.randrange(10_000, 30_000) for _ in range(100)]
            more: dict[str, Any] = {"run": run, "at_ns": (index + 1) * TENTH_NS}
            if run % 2 == 0:
                more |= {"response": [2 * v for v in values], "lateness": [5] * 100}
            more["health"] = Health(gc_pauses=1, gc_pause_ns=10**6, wall_ns=TENTH_NS)
            fold_in(fold, samples(index, values, **more))
        fold_in(fold, LevelChanged(run, 1_250.0, 0), Mark(run, 5, "1000 → 1250/s", 0))
        fold_in(fold, samples(30, [2_000_000] * 5, run=run, failures=[7], errors={"OSError": 1}))
        fold_in(
            fold,
            RunFinished(
                run=run,
                state="finished",
                at_ns=0,
                measured_ns=3 * SECOND_NS,
                warmup_ns=2 * SECOND_NS,
                warmup_iterations=123,
            ),
        )
    fold_in(fold, SessionFinished(SECOND_NS))
    return fold


def test_a_run_shows_what_was_done_to_it_and_how_sure_it_is() -> None:
    document = document_of(eventful())
    steady, short = document["runs"][:2]
    assert (document["clock_cost_ns"], document["await_cost_ns"]) == (41.5, 60.25)
    assert (steady["warmup_ns"], steady["warmup_iterations"]) == (2 * SECOND_NS, 123)
    assert (steady["auto_warmup"], steady["tags"], steady["level"]) == (True, ["x"], 1_250.0)
    assert steady["marks"] == [{"offset_ns": 5, "text": "1000 → 1250/s"}]
    for name in ("service_ns", "response_ns"):
        low_ns, high_ns = steady[name]["confidence_ns"]["p90"]
        assert low_ns <= steady[name]["p90"] <= high_ns
    assert steady["lateness_ns"]["confidence_ns"]["p50"] == [5, 5]
    assert (short["batch"], short["operations"]) == (50, 3_005 * 50)
    assert short["mean_ns"] == pytest.approx(short["service_ns"]["mean"] / 50)
    assert short["throughput_per_s"] == pytest.approx(3_005 * 50 / 3)


async def test_the_mean_is_of_the_time_that_speaks_for_the_load(tmp_path: Path) -> None:
    fold, writer = eventful(), SessionWriter(tmp_path / "s.db")
    await writer.begin()
    await writer.write(fold)
    await writer.close()
    document = document_of(fold)
    steady, together = document["runs"][0], document["profiles"][0]
    assert steady["headline"] == together["headline"] == "response"
    assert steady["mean_ns"] == steady["response_ns"]["mean"]
    assert together["mean_ns"] == pytest.approx(together["response_ns"]["mean"], rel=0.01)
    assert together["spread"]["mean_ns"]["values"][0] == steady["mean_ns"]
    kept = await loaded(tmp_path / "s.db", fold.plan.session)
    assert kept.runs[0].statistics["mean"] == pytest.approx(steady["mean_ns"])
    arm = stored_arms(kept, clean=False)[steady["profile"]]
    assert arm.rounds[0].mean_ns == pytest.approx(steady["mean_ns"])


async def test_a_stored_session_is_reported_as_the_live_one(tmp_path: Path) -> None:
    fold, writer = eventful(), SessionWriter(tmp_path / "s.db")
    fold.environment = {"cpu": "some", "cores": 2}
    await writer.begin()
    await writer.write(fold)
    document = session_document(writer.result(fold))
    await writer.close()
    stored = await loaded(tmp_path / "s.db", fold.plan.session)
    assert session_document(from_stored(stored)) == document
    assert [interval.level for interval in stored.intervals[29:31]] == [1_000.0, 1_250.0]
