"""A stored session in the place of a controller's newest one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cortex_tui.protocol.messages import Answered
from cortex_tui.results.slices import FiledSlices
from cortex_tui.results.stored import folds_of, from_stored
from cortex_tui.session.control import Control
from cortex_tui.session.stored_control import StoredControl
from cortex_tui.store.background import BackgroundStore
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import open_store
from cortex_tui.store.records import StoredSession
from tests.unit.store import samples

S = 10.0
REFUSED = Answered(False, "this session is stored, it is not running")


def load(path: Path) -> StoredSession:
    async def read() -> StoredSession:
        async with await open_store(path, "read") as store:
            return await store.load("s1")

    return asyncio.run(read())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    async def write() -> None:
        async with await open_store(tmp_path / "s.db") as store:
            await store.begin_session(samples.session("s1"))
            await store.write(samples.batch("s1", state="finished", count=12))
            await store.finish_session("s1", "finished")

    asyncio.run(write())
    return tmp_path / "s.db"


@pytest.fixture
def control(path: Path) -> Iterator[StoredControl]:
    store = BackgroundStore(path)
    control = StoredControl(load(path), store)
    yield control
    control.close()
    store.close()


def test_it_stands_where_a_controller_does(control: StoredControl) -> None:
    as_control: Control = control
    assert as_control.view is not None


def test_its_view_is_that_of_the_session_with_its_log(control: StoredControl, path: Path) -> None:
    stored = load(path)
    view = control.view
    assert view.runs == from_stored(stored).runs == control.result().result(S).runs
    assert (view.state, view.is_live, view.stored) == ("finished", False, True)
    assert [(line.text, line.profile) for line in view.log] == [("hello", "search.simple-text")]
    assert [each.full_name for each in control.profiles] == ["search.simple-text", "search.steady"]


def test_its_intervals_hold_every_operation(control: StoredControl) -> None:
    for run in control.view.runs:
        series = control.series("s1", run.run).result(S)
        assert sum(each.service.total for each in series.slices) == run.operations
        assert len(series.slices) == 12


def test_its_old_intervals_are_in_a_file_without_a_name(path: Path) -> None:
    store = BackgroundStore(path)
    there = {each.name for each in path.parent.iterdir()} | {"s.db-shm", "s.db-wal"}
    stored = load(path)
    longer = samples.batch("s1", state="finished", count=200)
    stored = msgspec.structs.replace(stored, runs=longer.runs, intervals=longer.intervals)
    control = StoredControl(stored, store)
    for run, fold in zip(longer.runs, folds_of(stored), strict=True):
        found, expected = control.series("s1", run.run).result(S), fold.series()
        assert isinstance(found.slices, FiledSlices)
        # Those are the same each time, where others are read anew.
        in_memory = sum(a is b for a, b in zip(found.slices, found.slices, strict=True))
        assert in_memory < 20 < len(found.slices) == len(expected.slices)
        assert found.merged().moments == expected.merged().moments
    assert {each.name for each in path.parent.iterdir()} <= there
    control.close()
    store.close()


def test_what_needs_a_running_session_is_refused(control: StoredControl) -> None:
    with pytest.raises(RuntimeError, match="is stored, it is not running: leave it with escape"):
        control.start([])
    answers = [
        control.stop(),
        control.pause(0),
        control.resume(),
        control.end_phase(phase="measure"),
        control.adjust(0, 1.25),
    ]
    assert [answer.result(S) for answer in answers] == [REFUSED] * 5


def test_names_tags_and_notes_are_stored(control: StoredControl, path: Path) -> None:
    assert control.save("kept", run=1).result(S).run == 1
    control.tag(["nightly"]).result(S)
    assert control.note("s1", 1, 250_000_000, "a stall\x1b").result(S) == Answered(True, "noted")
    stored = load(path)
    assert stored.tags == ("nightly",)
    assert stored.runs[1].marks[-1].text == "note: a stall␛"
    assert control.view.runs[1].marks == stored.runs[1].marks
    assert from_stored(stored).runs == control.view.runs


def test_a_run_that_is_not_in_it_is_an_error(control: StoredControl) -> None:
    for session, run in (("s1", 7), ("other", 0)):
        with pytest.raises(SnapshotError, match="is not here"):
            control.series(session, run).result(S)
        with pytest.raises(SnapshotError, match="is not here"):
            control.note(session, run, 0, "x").result(S)
