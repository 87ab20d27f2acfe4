"""The controller, as a screen or a report uses it."""

from __future__ import annotations

import asyncio
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cortex_tui.loads.open import OpenLoad
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.registry import IN_PROCESS, PLACEMENTS
from cortex_tui.profiles.model import Length, Precision, Profile
from cortex_tui.results import findings
from cortex_tui.results.run_fold import UNSETTLED
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.stored import from_stored
from cortex_tui.results.view import SessionView
from cortex_tui.session import intake
from cortex_tui.session.controller import SessionController
from cortex_tui.session.decisions import replayed
from cortex_tui.session.writer import SessionWriter
from cortex_tui.stats import settling
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.records import SessionBatch, StoredSession
from cortex_tui.store.sqlite.store import SqliteStore
from tests.session_documents import session_document

FOR_EVER = Length(duration_ns=3_600_000_000_000)


class Desk:
    """A controller over a folder, and profiles of the functions written there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / ".cortex-tui" / "snapshots.db"
        self.control = SessionController(self.store)

    def profile(self, function: str, **fields: Any) -> Profile:
        source = """
            import asyncio, time
            from cortex_tui import workload
            async def quick(): pass
            async def slow(): await asyncio.sleep(0.001)
            async def held():
                print("blocks the loop", flush=True)
                while True:
                    pass
            async def dying():
                import os
                os._exit(9)
            @workload
            async def odd():
                print("first \\udcff", flush=True)
                calls = []
                async def operation():
                    calls.append(None)
                    if len(calls) % 2:
                        raise OSError("no file \\udcff")
                yield operation
                print("no end \\udcff", end="")
        """
        path = self.folder / "controlled.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        fields.setdefault("stop", Length(iterations=200))
        return Profile(
            suite="bench",
            name=function,
            workload=f"controlled:{function}",
            source=str(self.folder / "bench.toml"),
            **fields,
        )

    def until(self, condition: Callable[[SessionView], bool]) -> SessionView:
        """The first view that fits; the test's own time limit bounds the wait."""
        while True:
            view = self.control.view
            if view is not None and condition(view):
                return view
            time.sleep(0.005)

    def ended(self) -> SessionView:
        return self.until(lambda view: view.state in ("finished", "died") and view.stored)

    def stored(self, ref: str) -> StoredSession:
        async def load() -> StoredSession:
            async with await SqliteStore.open_for_reading(self.store) as store:
                return await store.load(ref)

        return asyncio.run(load())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.control.close()


def measuring(view: SessionView) -> bool:
    return any(run.operations for run in view.runs)


def test_a_session_is_shown_stored_and_told_alike(desk: Desk) -> None:
    desk.control.start([desk.profile("quick"), desk.profile("slow")])
    view = desk.ended()
    document = session_document(desk.control.result().result())
    read_back = from_stored(desk.stored(view.session))
    stored = session_document(read_back)
    assert read_back.runs == view.runs
    assert [run.operations for run in view.runs] == [200, 200]
    assert [run["operations"] for run in document["runs"]] == [200, 200]
    assert stored == document


def test_a_session_and_a_run_of_it_can_be_saved_while_it_goes_on(desk: Desk) -> None:
    desk.control.start([desk.profile("slow", stop=FOR_EVER), desk.profile("quick")])
    desk.until(measuring)
    whole = desk.control.save("whole", note="under way").result()
    one = desk.control.save("one", run=1).result()
    desk.control.stop()
    desk.ended()
    assert (whole.run, one.run) == (None, 1)
    assert len(desk.stored("whole").runs) == 2
    assert [run.run for run in desk.stored("one").runs] == [1]
    assert desk.stored("whole").runs[0].state == "stopped"


def test_notes_are_kept_with_a_run_that_is_measured_and_with_one_that_has_ended(
    desk: Desk,
) -> None:
    desk.control.start([desk.profile("slow", stop=FOR_EVER), desk.profile("quick")])
    view = desk.until(measuring)
    assert desk.control.note(view.session, 0, 5, "under way").result().done
    desk.control.stop()
    desk.ended()
    assert desk.control.note(view.session, 1, 7, "ended\x1b[31m").result().done
    assert [m.text for m in desk.control.view.runs[1].marks] == ["note: ended␛[31m"]  # type: ignore[union-attr]
    marks = [run.marks for run in desk.stored(view.session).runs]
    assert [(mark.offset_ns, mark.text) for mark in (*marks[0], *marks[1])] == [
        (5, "note: under way"),
        (7, "note: ended␛[31m"),
    ]
    with pytest.raises(SnapshotError, match="not here"):
        desk.control.note("another", 0, 5, "x").result()
    with pytest.raises(SnapshotError, match="not here"):
        desk.control.series(view.session, 9).result()
    series = desk.control.series(view.session, 0).result()
    assert sum(each.service.total for each in series.slices) == desk.control.view.runs[0].operations  # type: ignore[union-attr]


def test_a_session_that_was_told_to_end_is_told_from_one_that_came_to_its_end(desk: Desk) -> None:
    desk.control.start([desk.profile("slow", stop=FOR_EVER), desk.profile("quick")])
    desk.until(measuring)
    desk.control.stop()
    stopped = desk.ended()
    document = session_document(desk.control.result().result())
    assert (stopped.state, stopped.stopped, document["state"]) == ("finished", True, "stopped")
    assert session_document(from_stored(desk.stored(stopped.session))) == document
    desk.control.start([desk.profile("quick")])
    desk.until(lambda view: view.session != stopped.session)
    assert not desk.ended().stopped
    assert session_document(desk.control.result().result())["state"] == "finished"


def test_a_name_that_is_taken_is_refused_and_nothing_is_lost(desk: Desk) -> None:
    desk.control.start([desk.profile("quick")])
    desk.ended()
    desk.control.save("taken").result()
    with pytest.raises(SnapshotError, match="the name 'taken' is taken"):
        desk.control.save("taken").result()
    assert desk.stored("taken").runs[0].service.count == 200


def test_there_is_nothing_to_save_before_the_first_session(desk: Desk) -> None:
    assert desk.control.view is None
    with pytest.raises(SnapshotError, match="no session"):
        desk.control.save("early").result()


def test_only_one_session_at_a_time(desk: Desk) -> None:
    desk.control.start([desk.profile("slow", stop=FOR_EVER)])
    with pytest.raises(RuntimeError, match="a session is running"):
        desk.control.start([desk.profile("quick")])
    desk.control.stop()
    desk.ended()


def test_rounds_come_one_after_the_other(desk: Desk) -> None:
    profiles = [desk.profile("quick"), desk.profile("slow")]
    desk.control.start(profiles, one_by_one=True, repeat=2)
    view = desk.ended()
    assert [(run.profile.name, run.round) for run in view.runs] == [
        ("quick", 1),
        ("slow", 1),
        ("quick", 2),
        ("slow", 2),
    ]
    assert {run.state for run in view.runs} == {"finished"}


def test_the_next_session_begins_after_a_runner_has_died(desk: Desk) -> None:
    desk.control.start([desk.profile("dying"), desk.profile("slow", stop=FOR_EVER)])
    died = desk.ended()
    desk.control.start([desk.profile("quick")])
    view = desk.until(lambda v: v.session != died.session and v.state == "finished")
    assert died.died == "the runner exited with code 9 before its session had ended"
    assert {run.state for run in died.runs} == {"failed"}
    assert view.runs[0].operations == 200


def test_a_runner_that_does_not_answer_a_stop_is_killed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "ANSWER_S", 0.2)
    desk.control.start([desk.profile("held"), desk.profile("slow", stop=FOR_EVER)])
    desk.until(lambda view: any("blocks the loop" in line.text for line in view.log))
    desk.control.stop()
    view = desk.ended()
    assert view.state == "died"
    assert "its event loop was blocked" in view.died


def test_why_no_runner_was_started_ahead_of_time_is_in_the_log_of_the_next_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(placement: InRunnerProcess) -> None:
        raise OSError(11, "no more processes")

    monkeypatch.setattr(InRunnerProcess, "prepare", refused)
    desk = Desk(tmp_path)
    desk.control.close()
    desk.control = SessionController(desk.store, warm=True)
    desk.control.start([desk.profile("quick")])
    view = desk.ended()
    desk.control.close()
    assert view.runs[0].state == "finished"
    (line,) = [line for line in map(str, view.log) if "ahead of time" in line]
    assert "no more processes" in line


def test_closing_ends_a_session_that_holds_its_loop(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.control.start([desk.profile("held")])
    desk.until(lambda view: view.runs[0].phase == "measure")
    threads = threading.active_count()
    desk.control.close()
    assert threading.active_count() < threads
    assert not list((tmp_path / ".cortex-tui" / "scratch").iterdir())


@pytest.fixture
def slow_store(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[threading.Event, threading.Event]]:
    """The last write of a session: set when it begins, and what it waits for."""
    begun, go_on = threading.Event(), threading.Event()
    write = SessionWriter.write

    async def slow_write(self: SessionWriter, fold: SessionFold) -> None:
        if fold.over and not begun.is_set():
            begun.set()
            await asyncio.to_thread(go_on.wait)
        await write(self, fold)

    monkeypatch.setattr(SessionWriter, "write", slow_write)
    yield begun, go_on
    go_on.set()


def test_what_is_asked_of_a_session_that_is_being_stored_is_answered_and_not_kept(
    desk: Desk, slow_store: tuple[threading.Event, threading.Event]
) -> None:
    begun, go_on = slow_store
    desk.control.start([desk.profile("quick")])
    begun.wait()
    answer = desk.control.stop().result()
    assert (answer.done, answer.text) == (False, "no session is running")
    go_on.set()
    desk.ended()
    while not _started(desk):
        time.sleep(0.005)
    assert [run.state for run in desk.ended().runs] == ["finished"]


def _started(desk: Desk) -> bool:
    try:
        desk.control.start([desk.profile("quick")])
    except RuntimeError:  # the one before counts as running until all of it is done
        return False
    return True


def test_whoever_gives_up_an_answer_does_no_harm_to_the_session(desk: Desk) -> None:
    desk.control.start([desk.profile("slow")])
    desk.control.pause().cancel()
    assert desk.control.resume().result().text
    assert [run.state for run in desk.ended().runs] == ["finished"]


def test_pause_resume_skip_and_adjust_reach_the_run(desk: Desk) -> None:
    profile = desk.profile("slow", stop=FOR_EVER, load=OpenLoad(rate_per_s=200.0))
    desk.control.start([profile])
    desk.until(measuring)
    desk.control.adjust(0, 2.0)
    desk.until(lambda view: view.runs[0].level == 400.0)
    desk.control.pause()
    desk.until(lambda view: view.runs[0].life.paused)
    desk.control.resume()
    desk.until(lambda view: not view.runs[0].life.paused)
    desk.control.end_phase(0)
    view = desk.ended()
    assert view.runs[0].state == "finished"
    texts = [mark.text for mark in view.runs[0].marks]
    assert texts[:2] == ["200 → 400/s", "paused"]
    assert texts[2].startswith("resumed after ")
    assert texts[3] == "phase skipped"


def test_a_store_that_cannot_be_written_does_not_stop_a_session(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (tmp_path / ".cortex-tui").mkdir()
    desk.store.mkdir()  # a folder is in the way
    desk.control.start([desk.profile("quick")])
    view = desk.until(lambda v: v.state == "finished" and bool(v.store_error))
    assert view.runs[0].operations == 200
    with pytest.raises(SnapshotError):
        desk.control.save("now").result()
    desk.store.rmdir()
    desk.control.save("later").result()
    assert desk.stored("later").runs[0].service.count == 200
    desk.control.close()


def unwritten(desk: Desk) -> SessionView:
    """A session that has ended while a folder was in the way of the store."""
    (desk.folder / ".cortex-tui").mkdir()
    desk.store.mkdir()
    desk.control.start([desk.profile("quick")])
    return desk.until(lambda v: v.state == "finished" and bool(v.store_error))


def test_a_session_that_could_not_be_written_is_stored_as_soon_as_it_can_be(desk: Desk) -> None:
    unwritten(desk)
    desk.store.rmdir()
    view = desk.until(lambda v: v.stored)
    assert not view.store_error
    assert desk.stored(view.session).runs[0].service.count == 200


@pytest.mark.parametrize("what", ["the next session", "closing"])
def test_it_is_stored_at_last_before(
    desk: Desk, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortex_tui.session.controller.WRITE_S", 3600.0)
    before = unwritten(desk)
    desk.store.rmdir()
    if what == "closing":
        desk.control.close()
        view = desk.control.view
        assert view is not None
        assert not view.store_error
    else:
        desk.control.start([desk.profile("quick")])
        assert "not stored" not in " ".join(line.text for line in desk.ended().log)
    assert desk.stored(before.session).runs[0].service.count == 200


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("writable", [False, True])
def test_whoever_sees_the_end_of_a_session_may_start_the_next(
    tmp_path: Path, *, warm: bool, writable: bool
) -> None:
    desk = Desk(tmp_path)
    desk.control.close()
    if not writable:
        desk.store.mkdir(parents=True)
    desk.control = SessionController(desk.store, warm=warm)
    for _ in range(5):
        desk.control.start([desk.profile("quick")])
        while (view := desk.control.view) is None or view.is_live:
            pass  # at once
    desk.control.close()


def test_the_next_session_reports_one_that_was_never_stored(desk: Desk) -> None:
    before = unwritten(desk)
    desk.control.start([desk.profile("quick")])
    view = desk.until(lambda v: v.session != before.session and v.state == "finished")
    assert any("the session before this one was not stored" in line.text for line in view.log)


async def test_in_process_runs_share_the_callers_loop(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.control.close()
    control = SessionController(
        desk.store, place=IN_PROCESS, measuring_loop=asyncio.get_running_loop()
    )
    control.start([desk.profile("slow")])
    while (view := control.view) is None or view.state != "finished":  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert view.runs[0].operations == 200
    assert "shares its loop with the screen" in view.runs[0].warnings
    await asyncio.to_thread(control.close)


@pytest.mark.parametrize("placement", PLACEMENTS)
async def test_odd_texts_and_an_unfinished_line_are_kept_wherever_it_runs(
    tmp_path: Path, placement: str
) -> None:
    desk = Desk(tmp_path)
    desk.control.close()
    control = SessionController(
        desk.store, place=PLACEMENTS[placement], measuring_loop=asyncio.get_running_loop()
    )
    control.start([desk.profile("odd")])
    while (view := control.view) is None or not (view.state == "finished" and view.stored):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await asyncio.wrap_future(control.save("odd", note="\udcff"))
    document = session_document(await asyncio.wrap_future(control.result()))
    await asyncio.to_thread(control.close)
    async with await SqliteStore.open_for_reading(desk.store) as store:
        stored = await store.load("odd")
    printed = [line.text for line in stored.log if line.stream == "stdout"]
    assert printed == ["first \\udcff", "no end \\udcff"]
    assert stored.snapshot is not None
    assert stored.snapshot.note == "\\udcff"
    assert session_document(from_stored(stored)) == document
    assert sum(stored.runs[0].errors.values()) == 100


def test_a_write_that_fails_through_a_defect_is_made_up_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = SqliteStore.write
    failures: list[SessionBatch] = []

    async def fails_once(store: SqliteStore, batch: SessionBatch) -> None:
        if batch.intervals and not failures:
            failures.append(batch)
            raise ZeroDivisionError
        await write(store, batch)

    monkeypatch.setattr(SqliteStore, "write", fails_once)
    desk.control.start([desk.profile("slow", stop=FOR_EVER)])
    desk.until(lambda view: bool(failures) and measuring(view))
    desk.control.stop()
    # The first write of all may be the last one, then saving writes again.
    view = desk.until(lambda view: view.state == "finished")
    desk.control.save("whole").result()
    document = session_document(desk.control.result().result())
    assert session_document(from_stored(desk.stored("whole"))) == document
    assert desk.stored("whole").runs[0].service.count == view.runs[0].operations


async def test_a_profile_that_is_alone_is_measured_after_the_others(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.control.close()
    control = SessionController(
        desk.store, place=IN_PROCESS, measuring_loop=asyncio.get_running_loop()
    )
    control.start([desk.profile("slow", alone=True), desk.profile("slow"), desk.profile("quick")])
    while (view := control.view) is None or view.state != "finished":  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert [run.neighbours for run in view.runs] == [(), ("bench.quick",), ("bench.slow",)]
    assert {run.state for run in view.runs} == {"finished"}
    document = session_document(control.result().result())
    assert [run["alone"] for run in document["runs"]] == [True, False, False]
    await asyncio.to_thread(control.close)


def test_warm_up_ends_when_it_has_settled_and_measure_when_the_percentile_is_known(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine may make the times vary for ever; the rules themselves are tested elsewhere.
    for name in ("MARGIN", "TOLERANCE"):
        monkeypatch.setattr(settling, name, 1e9)
    monkeypatch.setattr(findings, "MIN_TO_END", 20)
    monkeypatch.setattr(findings, "MIN_INDEPENDENT", 0.0)
    profile = desk.profile(
        "slow",
        stop=FOR_EVER,
        warmup=FOR_EVER,
        auto_warmup=True,
        precision=Precision("p50", 1e9, at_least_ns=1, at_most_ns=FOR_EVER.duration_ns or 0),
    )
    desk.control.start([profile])
    desk.until(lambda view: "settling: " in view.runs[0].progress_note)
    (run,) = desk.ended().runs
    assert run.state == "finished"
    assert run.marks == ()
    assert UNSETTLED not in run.warnings
    low_ns, high_ns = run.confidence_ns["p50"]
    median_ns = run.percentiles_ns["p50"]
    assert median_ns is not None
    assert low_ns <= median_ns <= high_ns
    record = desk.stored(desk.ended().session).runs[0]
    assert record.warmup_ns == run.warmup_ns > 1_000_000_000
    again = replayed(profile, record)
    assert (again.auto_warmup, again.warmup.duration_ns) == (False, record.warmup_ns)
