"""A target on growth speaks of all cells of a matrix that ran together, live, told and stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import (
    Message,
    RunFinished,
    RunPlanned,
    SessionFinished,
)
from cortex_tui.protocol.plan import RunPlan
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.stored import from_stored
from cortex_tui.session.writer import SessionWriter
from cortex_tui.store.records import StoredSession
from cortex_tui.store.sqlite.store import SqliteStore
from cortex_tui.store.writer import Writer
from tests.session_documents import session_document
from tests.unit.session.messages import SECOND_NS, at_stage, plan, samples, started
from tests.unit.session.messages import profile as any_profile

TARGET = "scaling(rows) <= 1.1"


def cell(rows: int, **fields: Any) -> Profile:
    fields.setdefault("targets", (TARGET,))
    matrix = {"rows": rows}
    name = f"grow[rows={rows}]"
    return any_profile(name, base="grow", matrix=matrix, params=matrix, **fields)


def session(*profiles: Profile, rounds: int = 1) -> SessionFold:
    made = plan(*profiles)
    runs = tuple(
        RunPlan(turn * len(profiles) + number, each, turn + 1)
        for turn in range(rounds)
        for number, each in enumerate(profiles)
    )
    fold = SessionFold(msgspec.structs.replace(made, runs=runs), "process", "2026-01-01T00:00:00Z")
    fold_in(fold, started(), *(RunPlanned(r.run, r.profile, (), r.round) for r in runs))
    return fold


def fold_in(fold: SessionFold, *messages: Message) -> None:
    for message in messages:
        fold.apply(message)


def measure(fold: SessionFold, run: int, time_ns: int, count: int = 50) -> None:
    fold_in(
        fold,
        at_stage(run, "measure", 0),
        samples(0, [time_ns] * count, run=run, at_ns=SECOND_NS),
    )


def finish(fold: SessionFold, run: int) -> None:
    fold_in(fold, RunFinished(run=run, state="finished", at_ns=0, measured_ns=SECOND_NS))


def views(fold: SessionFold) -> tuple[RunResult, ...]:
    return fold.view(SECOND_NS, stored=False, store_error="").runs


def test_growth_may_be_a_target_that_only_warns() -> None:
    fold = session(*(cell(n, targets=(), warn_targets=(TARGET,)) for n in (10, 100)))
    for number, time_ns in enumerate((1_000, 100_000)):
        measure(fold, number, time_ns)
        finish(fold, number)
    for run in views(fold):
        assert [(t.verdict, t.warns) for t in run.targets] == [("missed", True)]
        assert run.verdict == "none"


def test_it_is_open_until_all_cells_have_a_median() -> None:
    fold = session(cell(10), cell(100))
    measure(fold, 0, 1_000)
    finish(fold, 0)
    ended, waiting = views(fold)
    assert (ended.state, ended.verdict, waiting.verdict) == ("finished", "pending", "pending")
    assert ended.targets[0].note == "needs 20 more operations of bench.grow[rows=100]"
    measure(fold, 1, 10_000)
    finish(fold, 1)
    assert [run.verdict for run in views(fold)] == ["met", "met"]
    assert [run.targets[0].value for run in views(fold)] == [pytest.approx(1.0, abs=0.001)] * 2


def test_it_is_missed_by_every_cell_when_the_growth_is_too_steep() -> None:
    fold = session(cell(10), cell(100))
    for run, time_ns in ((0, 1_000), (1, 100_000)):
        measure(fold, run, time_ns)
    assert [run.verdict for run in views(fold)] == ["missed", "missed"]


def test_a_cell_without_data_leaves_it_undecided_with_the_reason() -> None:
    fold = session(cell(10), cell(100))
    measure(fold, 0, 1_000)
    finish(fold, 0)
    fold_in(fold, RunFinished(run=1, state="failed", reason="setup: no", at_ns=0))
    first = views(fold)[0]
    assert (first.verdict, first.targets[0].met) == ("undecided", None)
    assert first.targets[0].note == "needs 20 more operations of bench.grow[rows=100]"


def test_one_cell_alone_has_no_growth() -> None:
    fold = session(cell(10), any_profile("other"))
    measure(fold, 0, 1_000)
    finish(fold, 0)
    assert views(fold)[0].targets[0].note == "needs runs with at least two values of rows"
    assert views(fold)[0].verdict == "undecided"


def test_rounds_are_held_to_it_each_by_itself() -> None:
    fold = session(cell(10), cell(100), rounds=2)
    for run, time_ns in ((0, 1_000), (1, 10_000)):
        measure(fold, run, time_ns)
        finish(fold, run)
    assert [run.verdict for run in views(fold)] == ["met", "met", "pending", "pending"]


def test_batches_of_different_size_grow_by_their_operations() -> None:
    fold = session(cell(10, batch=100), cell(100, batch=10))
    for run in (0, 1):
        measure(fold, run, 10_000)
        finish(fold, run)
    assert views(fold)[0].targets[0].value == pytest.approx(1.0, abs=0.001)


# --- stored -----------------------------------------------------------------------------------


async def loaded(path: Path, ref: str) -> StoredSession:
    async with await SqliteStore.open_for_reading(path) as store:
        return await store.load(ref)


async def test_a_cell_that_had_ended_before_is_stored_with_the_final_word(tmp_path: Path) -> None:
    fold, writer = session(cell(10), cell(100)), SessionWriter(tmp_path / "s.db")
    await writer.begin()
    measure(fold, 0, 1_000)
    finish(fold, 0)
    await writer.write(fold)
    measure(fold, 1, 10_000)
    finish(fold, 1)
    fold_in(fold, SessionFinished(SECOND_NS))
    await writer.write(fold)
    document = session_document(writer.result(fold))
    await writer.close()
    stored = await loaded(tmp_path / "s.db", fold.plan.session)
    assert session_document(from_stored(stored)) == document
    assert [run["verdict"] for run in document["runs"]] == ["met", "met"]


async def test_a_session_cut_short_leaves_undecided_what_was_pending(tmp_path: Path) -> None:
    fold, writer = session(cell(10), cell(100)), SessionWriter(tmp_path / "s.db")
    await writer.begin()
    measure(fold, 0, 1_000)
    finish(fold, 0)
    await writer.write(fold)
    await writer.close()
    stored = await loaded(tmp_path / "s.db", fold.plan.session)
    gone = msgspec.structs.replace(stored.session, writer=Writer(2**22 - 3, "another boot:1"))
    stored = msgspec.structs.replace(stored, session=gone, state="interrupted")
    runs = session_document(from_stored(stored))["runs"]
    assert [run["verdict"] for run in runs] == ["undecided", "undecided"]
    assert runs[0]["targets"][0]["note"] == "needs 20 more operations of bench.grow[rows=100]"
