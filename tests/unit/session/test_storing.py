"""What a controller writes to the store, and what it does while that cannot be written."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.stored import from_stored
from cortex_tui.results.view import SessionView
from cortex_tui.session.controller import SessionController
from cortex_tui.session.writer import SessionWriter
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.records import SessionBatch
from cortex_tui.store.sqlite.store import SqliteStore
from tests.session_documents import session_document
from tests.unit.session.desk import FOR_EVER, Desk, measuring


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
            time.sleep(0.0001)  # at once, and without taking the lock from who ends it
    desk.control.close()


def test_the_next_session_reports_one_that_was_never_stored(desk: Desk) -> None:
    before = unwritten(desk)
    desk.control.start([desk.profile("quick")])
    view = desk.until(lambda v: v.session != before.session and v.state == "finished")
    assert any("the session before this one was not stored" in line.text for line in view.log)


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
