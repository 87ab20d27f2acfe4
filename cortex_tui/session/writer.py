"""Writes a session into the store while it runs, and names it. On the intake's thread.

A store that cannot be written never stops a session: everything is kept in memory, the reason is
shown, and the whole of it is written as soon as that is possible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from cortex_tui.isolation import asyncio
from cortex_tui.results.intervals import SlotChanges
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_records import RunInterval, interval_records, record_of
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.session_result import SessionResult
from cortex_tui.session.giving_way import give_way
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import Store, open_store
from cortex_tui.store.records import (
    IntervalRecord,
    LogRecord,
    RunRecord,
    SessionBatch,
    SessionEnd,
    SessionRecord,
)
from cortex_tui.store.writer import this_process
from cortex_tui.text import encodable

AT_ONCE = 500
"""Intervals that are written in one transaction, and those of one run where it has more."""
_TOGETHER = 32
"""Of them, those that are read and encoded before other threads continue."""
_A_FEW = 4
"""Records of runs that are made before that."""


class SessionWriter:
    """One store, opened when it is first needed; one session at a time."""

    def __init__(self, store: Path | str, needed: Collection[str] = ()) -> None:
        """`needed` are the ids of sessions that stay when a new one takes the place of old ones."""
        self._needed = needed
        self.error = ""
        """Why the last write failed; empty when everything up to then is on disk."""
        self._written = -1
        """How many messages of the session are on disk."""
        self._url = store
        self._store: Store | None = None
        self._writing = asyncio.Lock()
        """One write after the other: each takes out of the fold what is new, and one that fails has
        to put all of it back before another one may find that nothing is missing."""
        self._begun = ("", 0)
        """The session that is in the store, and its rounds as they are there."""
        self._ended = ""
        self._logged = 0
        self._names: dict[str, str] = {}
        self._notes: dict[str, str] = {}
        self._tags: dict[str, tuple[str, ...]] = {}

    async def begin(self) -> None:
        """Makes ready for a session; what cannot be opened now is tried again with each write."""
        self._written = -1
        self._logged = 0
        for known in (self._names, self._notes, self._tags):
            known.clear()  # those of an earlier session, which nobody asks for any more
        try:
            store = await self._opened()
            await store.prune_unsaved(needed=self._needed)
            self.error = ""
        except SnapshotError as error:
            self.error = str(error)

    async def write(self, fold: SessionFold) -> None:
        """Writes what is new since the last call that succeeded."""
        async with self._writing:
            if fold.started is not None or fold.over:
                await self._write(fold)

    async def _write(self, fold: SessionFold) -> None:
        taken_in = fold.messages
        try:
            store = await self._opened()
            begun = fold.plan.session, fold.rounds
            if self._begun != begun:
                await store.begin_session(_session_record(fold))
                self._begun = begun
            for batch in self._batches(fold):
                await store.write(batch)
            if fold.over and self._ended != fold.plan.session:
                await store.finish_session(fold.plan.session, _end_of(fold))
                self._ended = fold.plan.session
        except Exception as error:
            # A defect of ours, too, must not lose what was taken out of the fold for this write.
            self.error = str(error) if isinstance(error, SnapshotError) else repr(error)
            self._written = -1
            self._begun, self._logged = ("", 0), 0
            for run in fold.runs.values():
                run.changed = True
                run.intervals.write_again()
        else:
            self.error, self._written = "", taken_in

    def has_all_of(self, fold: SessionFold) -> bool:
        """Whether everything that was taken in of the session is on disk."""
        return self._written == fold.messages

    async def save(self, fold: SessionFold, name: str, run: int | None, note: str) -> None:
        """Names the session, or one of its runs, with everything up to now written first."""
        store = await self._with_all_of(fold)
        await store.name_snapshot(name, fold.plan.session, run, note)
        if run is None:
            self._names[fold.plan.session] = name
            self._notes[fold.plan.session] = str(encodable(note))

    async def tag(self, fold: SessionFold, tags: Sequence[str]) -> None:
        """Adds tags to the session, with everything up to now written first."""
        session = fold.plan.session
        self._tags[session] = await (await self._with_all_of(fold)).change_tags(session, tags)

    async def _with_all_of(self, fold: SessionFold) -> Store:
        """The store, once it has everything up to now."""
        await self.write(fold)
        if self.error:
            raise SnapshotError(self.error, retryable=True)
        if self._begun[0] != fold.plan.session:
            raise SnapshotError("the session has not begun yet: save it once it runs")
        return await self._opened()

    def result(self, fold: SessionFold) -> SessionResult:
        """The session as it is in memory, on disk or not."""
        session = fold.plan.session
        found = live_result(fold, self._names.get(session))
        note, tags = self._notes.get(session, ""), self._tags.get(session, ())
        return msgspec.structs.replace(found, note=note, tags=tags)

    async def close(self) -> None:
        if self._store is not None:
            store, self._store = self._store, None
            await store.close()

    async def _opened(self) -> Store:
        if self._store is None:
            self._store = await open_store(self._url)
        return self._store

    def _batches(self, fold: SessionFold) -> Iterator[SessionBatch]:
        """What is new, in parts: where all intervals of many runs are written again, all of them at
        once would take much memory."""
        part: list[RunFold] = []
        count = 0
        for run in fold.runs.values():
            part.append(run)
            count += run.intervals.unwritten(whole=fold.over or not run.live)
            if count >= AT_ONCE:
                yield self._batch(fold, part)
                part, count = [], 0
        yield self._batch(fold, part)

    def _batch(self, fold: SessionFold, of: Sequence[RunFold]) -> SessionBatch:
        runs: list[RunRecord] = []
        taken: list[tuple[int, SlotChanges]] = []
        rewritten: list[int] = []
        cells = fold.cells()
        for number, run in enumerate(of):
            if run.changed:
                run.changed = False
                runs.append(record_of(run, cells))
                if number % _A_FEW == 0:
                    give_way()
            all_anew, changes = run.intervals.take_changes(whole=fold.over or not run.live)
            if all_anew:
                rewritten.append(run.run)
            taken.append((run.run, changes))
        first = fold.log.dropped
        log = tuple(
            LogRecord(number, line.run, line.stream, line.text, fold.log.offset_ns(line))
            for number, line in enumerate(fold.log.lines, first)
            if number >= self._logged
        )
        self._logged = fold.log.total
        return SessionBatch(
            session=fold.plan.session,
            runs=tuple(runs),
            intervals=_Encoded(taken),
            rewritten=tuple(rewritten),
            log=log,
        )


class _Encoded:
    """The intervals of a batch, read and encoded each time that they are gone over."""

    def __init__(self, taken: Sequence[tuple[int, SlotChanges]]) -> None:
        """By run, what has changed of its intervals."""
        self._taken = taken

    def __len__(self) -> int:
        return sum(len(changes) for _, changes in self._taken)

    def __iter__(self) -> Iterator[IntervalRecord]:
        changes = (
            RunInterval(run, slot * changes.length, changes.length, interval)
            for run, changes in self._taken
            for slot, interval in changes
        )
        while part := tuple(islice(changes, _TOGETHER)):
            yield from interval_records(part)
            give_way()


def _end_of(fold: SessionFold) -> SessionEnd:
    if fold.died:
        return "died"
    return "stopped" if fold.stopped else "finished"


def _session_record(fold: SessionFold) -> SessionRecord:
    started = fold.started
    return SessionRecord(
        id=fold.plan.session,
        started_at=fold.started_at,
        placement=fold.placement,
        loop=started.loop if started else "",
        timer=started.timer if started else "",
        one_by_one=fold.plan.one_by_one,
        rounds=fold.rounds,
        variants=fold.plan.variants,
        seed=fold.plan.seed,
        looks=fold.plan.looks,
        interval_ns=fold.plan.interval_ns,
        clock_cost_ns=started.clock_cost_ns if started else 0.0,
        await_cost_ns=started.await_cost_ns if started else 0.0,
        environment=fold.environment,
        writer=this_process(),
    )


def live_result(fold: SessionFold, snapshot: str | None) -> SessionResult:
    """The session as it is in memory, for its document; the histograms are copies."""
    return SessionResult(
        record=_session_record(fold),
        state=_end_of(fold) if fold.over else fold.state,
        snapshot=snapshot,
        runs=fold.results(),
        histograms={
            number: {name: times.copy() for name, times in run.times.items()}
            for number, run in sorted(fold.runs.items())
        },
        shard_times={
            number: run.shards.times for number, run in fold.runs.items() if run.shards.each
        },
    )
