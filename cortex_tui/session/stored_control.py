"""A stored session in the place of one that has just run: see `session.control.Control`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NoReturn

import msgspec

from cortex_tui.limits import MAX_MARKS, MAX_NOTE_CHARS
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import Answered
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.series import RunSeries
from cortex_tui.results.session_result import SessionResult
from cortex_tui.results.stored import folds_of, result_from
from cortex_tui.results.view import LogEntry, SessionView
from cortex_tui.session.control import ONLY_STORED, STORED, SavedSnapshot, TimedPhase, UntilDecided
from cortex_tui.session.versions import Version
from cortex_tui.store.background import BackgroundStore
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import Store
from cortex_tui.store.records import MarkRecord, RunRecord, SessionBatch, StoredSession
from cortex_tui.text import lines

_STREAMS: dict[str, Literal["stderr", "runner"]] = {"stderr": "stderr", "runner": "runner"}


class StoredControl:
    """Has one view, which changes only with notes. What needs a running session is refused."""

    def __init__(self, stored: StoredSession, store: BackgroundStore) -> None:
        """`store` is where it was loaded from, and where names and notes go. Blocks while the
        session is decoded; SnapshotError where it is damaged."""
        self.profiles = tuple({run.profile.full_name: run.profile for run in stored.runs}.values())
        """What it ran, each profile once."""
        file = IntervalFile(Path(store.url).absolute().parent)
        self._folds = {run.run: run for run in folds_of(stored, file)}
        # Its intervals are in the file: 20 runs of an hour have 24,000 of them.
        self._stored = msgspec.structs.replace(stored, intervals=())
        self._store = store
        self._result = result_from(stored, list(self._folds.values()))
        self._view = _view_of(stored, self._result)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="intervals")

    @property
    def view(self) -> SessionView:
        return self._view

    def start(
        self,
        profiles: Sequence[Profile],
        *,
        one_by_one: bool = False,
        repeat: int = 1,
        versions: Sequence[Version] = (),
        until: UntilDecided | None = None,
    ) -> NoReturn:
        raise RuntimeError(ONLY_STORED)

    def stop(self, run: int | None = None) -> Future[Answered]:
        return _refused()

    def pause(self, run: int | None = None) -> Future[Answered]:
        return _refused()

    def resume(self, run: int | None = None) -> Future[Answered]:
        return _refused()

    def end_phase(
        self, run: int | None = None, *, phase: TimedPhase | None = None
    ) -> Future[Answered]:
        return _refused()

    def adjust(self, run: int | None, factor: float) -> Future[Answered]:
        return _refused()

    def save(self, name: str, *, run: int | None = None, note: str = "") -> Future[SavedSnapshot]:
        session = self._stored.session.id

        async def save(store: Store) -> SavedSnapshot:
            await store.name_snapshot(name, session, run, note)
            return SavedSnapshot(name, session, run)

        return self._store.write(save)

    def tag(self, tags: Sequence[str]) -> Future[None]:
        session = self._stored.session.id

        async def tag(store: Store) -> None:
            await store.change_tags(session, tags)

        return self._store.write(tag)

    def result(self) -> Future[SessionResult]:
        found: Future[SessionResult] = Future()
        found.set_result(self._result)
        return found

    def note(self, session: str, run: int, offset_ns: int, text: str) -> Future[Answered]:
        async def write(store: Store) -> Answered:
            record = self._record(session, run)
            if self._stored.state == "running":
                return Answered(False, "the session is still running, where it was started")
            if len(record.marks) >= MAX_MARKS:
                return Answered(False, f"the run has {MAX_MARKS:,} notes and marks already")
            mark = MarkRecord(offset_ns, f"note: {lines(text[:MAX_NOTE_CHARS])}")
            noted = msgspec.structs.replace(record, marks=(*record.marks, mark))
            await store.write(SessionBatch(session=session, runs=(noted,)))
            self._take(noted)
            return Answered(True, "noted")

        return self._store.write(write)

    def series(self, session: str, run: int) -> Future[RunSeries]:
        return self._thread.submit(self._series, session, run)

    def close(self) -> None:
        """Nothing of the session itself is open."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _record(self, session: str, run: int) -> RunRecord:
        if session == self._stored.session.id:
            for record in self._stored.runs:
                if record.run == run:
                    return record
        raise SnapshotError(f"run {run} of session {session} is not here")

    def _series(self, session: str, run: int) -> RunSeries:
        return self._folds[self._record(session, run).run].series()

    def _take(self, noted: RunRecord) -> None:
        """Has another record of a run, which differs in its marks."""
        records = tuple(noted if each.run == noted.run else each for each in self._stored.runs)
        self._stored = msgspec.structs.replace(self._stored, runs=records)
        self._folds[noted.run].marks = list(noted.marks)
        runs = tuple(
            msgspec.structs.replace(each, marks=noted.marks) if each.run == noted.run else each
            for each in self._result.runs
        )
        self._result = msgspec.structs.replace(self._result, runs=runs)
        self._view = msgspec.structs.replace(self._view, runs=runs)


def _refused() -> Future[Answered]:
    answer: Future[Answered] = Future()
    answer.set_result(Answered(False, STORED))
    return answer


def _view_of(stored: StoredSession, result: SessionResult) -> SessionView:
    """As of a session that has ended: one that another process is measuring is seen as it was."""
    profiles = {run.run: run.profile.full_name for run in stored.runs}
    return msgspec.structs.replace(
        result.view(),
        state="finished",
        log=tuple(
            LogEntry(
                line.text,
                _STREAMS.get(line.stream, "stdout"),
                profiles.get(line.run, ""),
                line.offset_ns,
            )
            for line in stored.log
        ),
    )
