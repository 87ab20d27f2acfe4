"""Runs sessions for a screen or a report: intake thread, placement, store, views.

The thread has a loop of its own, so that neither a busy screen nor a stalled terminal delays
reading, folding and storing, and nothing of that delays the screen.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from cortex_tui.environment import file_system_of
from cortex_tui.isolation import asyncio
from cortex_tui.limits import MAX_MARKS, MAX_NOTE_CHARS
from cortex_tui.loop_thread import LoopThread
from cortex_tui.placement.port import Place
from cortex_tui.placement.registry import PROCESS
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.commands import Adjust, Command, EndPhase, Pause, Resume, Stop
from cortex_tui.protocol.messages import Answered, LogLine, Mark
from cortex_tui.protocol.plan import LoopName
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.series import RunSeries
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.session_result import SessionResult
from cortex_tui.results.view import SessionView
from cortex_tui.scheduling import never_preempt
from cortex_tui.session.control import VIEW_S, SavedSnapshot, TimedPhase, UntilDecided
from cortex_tui.session.giving_way import give_way
from cortex_tui.session.intake import ANSWER_S, WRITE_S, Intake
from cortex_tui.session.planning import plan_of, shared_by
from cortex_tui.session.scratch import Scratch
from cortex_tui.session.versions import Version
from cortex_tui.session.writer import SessionWriter
from cortex_tui.store.errors import SnapshotError

CLOSE_S = 1.0
"""How long a session may take to stop when everything is closed."""
KILL_S = 5.0
"""How long one that was killed may take to end, and what was made ready for the next one."""

_NO_SESSION = "no session is running"


class SessionController:
    """See `session.control.Control`. One session at a time; everything may be called anywhere."""

    def __init__(
        self,
        store: Path,
        *,
        place: Place = PROCESS,
        loop: LoopName = "auto",
        processes: int | None = None,
        measuring_loop: asyncio.AbstractEventLoop | None = None,
        warm: bool = False,
        view_s: float = VIEW_S,
        needed: Collection[str] = (),
    ) -> None:
        """`store` is the snapshots' file. `measuring_loop` is where a session of this process
        runs, if that is the place. `processes` is among how many runner processes each load is
        shared, None where the loads say it. A view is made every `view_s`.
        The stored sessions whose ids are `needed` stay, however old they are.

        With `warm` the next runner is started ahead of time: now, and after each session.
        """
        self._place = place
        self._placement = place.make(measuring_loop)
        self._loop_name: LoopName = loop
        self._processes = processes
        self._warm = warm
        self._view_s = view_s
        self._scratch = Scratch(store.parent)
        self._writer = SessionWriter(store, needed)
        self._view: SessionView | None = None
        self._intake: Intake | None = None
        """Of the newest session."""
        self._session: Future[None] | None = None
        self._late: asyncio.Task[None] | None = None
        """Stores a session that has ended and could not be written."""
        self._no_more_waiting = asyncio.Event()
        """Set while that must come to its end."""
        self._not_ready = ""
        """Why no runner could be started ahead of time."""
        self._starting = threading.RLock()
        """Of two threads that start a session, one gets it; nor is another one shown meanwhile."""
        self._closed = False
        self._thread = LoopThread("intake")
        self._thread.call_soon(never_preempt)
        self._thread.call_soon(self._make_ready if warm else self._scratch.sweep)

    @property
    def view(self) -> SessionView | None:
        return self._view

    def start(
        self,
        profiles: Sequence[Profile],
        *,
        one_by_one: bool = False,
        repeat: int = 1,
        versions: Sequence[Version] = (),
        until: UntilDecided | None = None,
    ) -> None:
        with self._starting:
            self._start(profiles, one_by_one, repeat, versions, until)

    def _start(
        self,
        profiles: Sequence[Profile],
        one_by_one: bool,
        repeat: int,
        versions: Sequence[Version],
        until: UntilDecided | None,
    ) -> None:
        if self._closed or (self._session is not None and not self._session.done()):
            raise RuntimeError("a session is running")
        self._scratch.settle()
        started_at = datetime.now(UTC)
        plan = plan_of(
            shared_by(self._processes, profiles, self._place.slots),
            started_at=started_at,
            place=self._place,
            scratch=self._scratch,
            one_by_one=one_by_one,
            rounds=repeat,
            loop=self._loop_name,
            versions=versions,
            looks=until.looks if until else (),
        )
        first, *later = plan.parts
        fold = SessionFold(
            first,
            self._place.name,
            started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            file_system_of(self._scratch.root),
            IntervalFile(self._scratch.root, give_way),
            self._place.words,
            self._place.cluster,
        )
        self._intake = Intake(
            fold,
            place=self._place,
            placement=self._placement,
            writer=self._writer,
            scratch=self._scratch,
            publish=self._publish,
            later=later,
            until=until,
            view_s=self._view_s,
        )
        self._publish(fold)
        intake, self._session = self._intake, self._thread.submit(self._run(self._intake))
        # Whoever sees its end may start the next one at once.
        self._session.add_done_callback(lambda done: self._publish_newest(intake))

    def stop(self, run: int | None = None) -> Future[Answered]:
        return self._ask(Stop(run))

    def pause(self, run: int | None = None) -> Future[Answered]:
        return self._ask(Pause(run))

    def resume(self, run: int | None = None) -> Future[Answered]:
        return self._ask(Resume(run))

    def end_phase(
        self, run: int | None = None, *, phase: TimedPhase | None = None
    ) -> Future[Answered]:
        return self._ask(EndPhase(run, phase, "phase skipped"))

    def adjust(self, run: int | None, factor: float) -> Future[Answered]:
        return self._ask(Adjust(run, factor))

    def _ask(self, command: Command) -> Future[Answered]:
        answer: Future[Answered] = Future()
        answer.set_running_or_notify_cancel()  # whoever waits for it may give up, it is answered
        try:
            self._thread.call_soon(self._request, command, answer)
        except RuntimeError:  # everything is closed
            answer.set_result(Answered(False, _NO_SESSION))
        return answer

    def save(self, name: str, *, run: int | None = None, note: str = "") -> Future[SavedSnapshot]:
        return self._thread.submit(self._save(name, run, note))

    def tag(self, tags: Sequence[str]) -> Future[None]:
        return self._thread.submit(self._tag(tags))

    def result(self) -> Future[SessionResult]:
        return self._thread.submit(self._result())

    def note(self, session: str, run: int, offset_ns: int, text: str) -> Future[Answered]:
        return self._thread.submit(self._note(session, run, offset_ns, text))

    def series(self, session: str, run: int) -> Future[RunSeries]:
        return self._thread.submit(self._series(session, run))

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            with contextlib.suppress(concurrent.futures.TimeoutError):
                self._thread.submit(self._shut_down()).result(timeout=CLOSE_S + KILL_S + 10)
        finally:
            self._thread.close()

    # Everything below runs on the intake's thread.

    def _make_ready(self) -> None:
        self._scratch.sweep()
        try:
            self._placement.prepare()
        except OSError as error:
            # The next session starts a runner itself, and its log has the reason.
            self._not_ready = f"no runner could be started ahead of time: {error}"

    async def _run(self, intake: Intake) -> None:
        if lost := await self._end_late():
            text = f"the session before this one was not stored: {lost}"
            intake.fold.apply(LogLine(-1, "runner", text, time.perf_counter_ns()))
        if self._not_ready:
            intake.fold.apply(LogLine(-1, "runner", self._not_ready, time.perf_counter_ns()))
            self._not_ready = ""
        try:
            await intake.run()
        finally:
            if self._writer.error:
                self._late = asyncio.ensure_future(self._store_late(intake))
            if self._warm and not self._closed:
                # Before this one counts as done, which is two turns of the loop away.
                asyncio.get_running_loop().call_soon(self._make_ready)

    async def _store_late(self, intake: Intake) -> None:
        """Tries to write what has ended until that is possible, the last time when it has to be
        over: the next session begins, or everything is closed."""
        while self._writer.error:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WRITE_S):
                    await self._no_more_waiting.wait()
            last = self._no_more_waiting.is_set()
            await self._writer.write(intake.fold)
            self._publish_newest(intake)
            if last:
                return

    async def _end_late(self) -> str:
        """Why the session that has ended is not stored; "" where it is."""
        late, self._late = self._late, None
        if late is None:
            return ""
        self._no_more_waiting.set()
        await late
        self._no_more_waiting.clear()
        return self._writer.error

    def _publish_newest(self, intake: Intake) -> None:
        """Publishes a session that has ended, unless another one has begun."""
        with self._starting:
            if self._intake is intake:
                self._publish(intake.fold)

    def _publish(self, fold: SessionFold) -> None:
        self._view = fold.view(
            time.perf_counter_ns(),
            stored=self._writer.has_all_of(fold),
            store_error=self._writer.error,
            between_runs=give_way,
        )

    def _request(self, command: Command, answer: Future[Answered]) -> None:
        if self._intake is None or self._intake.fold.over:
            # What is kept for a stream that never comes would reach the next session.
            answer.set_result(Answered(False, _NO_SESSION))
        else:
            self._intake.request(command, answer)

    async def _save(self, name: str, run: int | None, note: str) -> SavedSnapshot:
        if self._intake is None:
            raise SnapshotError("there is no session to save yet: run a profile first")
        fold = self._intake.fold
        if run is not None and run not in fold.runs:
            raise SnapshotError(f"the session has no run {run}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                while fold.started is None and not fold.over:
                    await asyncio.sleep(VIEW_S / 10)
        await self._writer.save(fold, name, run, note)
        return SavedSnapshot(name, fold.plan.session, run)

    async def _tag(self, tags: Sequence[str]) -> None:
        if self._intake is None:
            raise SnapshotError("there is no session to tag yet: run a profile first")
        await self._writer.tag(self._intake.fold, tags)

    async def _result(self) -> SessionResult:
        if self._intake is None:
            raise SnapshotError("there is no session yet")
        return self._writer.result(self._intake.fold)

    async def _note(self, session: str, run: int, offset_ns: int, text: str) -> Answered:
        fold = self._fold_with(session, run)
        if len(fold.runs[run].marks) >= MAX_MARKS:
            return Answered(False, f"the run has {MAX_MARKS:,} notes and marks already")
        now_ns = time.perf_counter_ns()
        fold.apply(Mark(run, offset_ns, f"note: {text[:MAX_NOTE_CHARS]}", now_ns))
        if fold.over:
            await self._writer.write(fold)
        self._publish(fold)
        if self._writer.error:
            return Answered(False, f"noted, but not stored: {self._writer.error}")
        return Answered(True, "noted")

    async def _series(self, session: str, run: int) -> RunSeries:
        return self._fold_with(session, run).runs[run].series()

    def _fold_with(self, session: str, run: int) -> SessionFold:
        fold = self._intake.fold if self._intake is not None else None
        if fold is None or fold.plan.session != session or run not in fold.runs:
            raise SnapshotError(f"run {run} of session {session} is not here any more")
        return fold

    async def _shut_down(self) -> None:
        """Closes everything, whatever fails: a store that stays open keeps a thread, and with it
        the process."""
        async with contextlib.AsyncExitStack() as closing:
            closing.push_async_callback(self._writer.close)
            closing.push_async_callback(self._close_placement)
            await self._end_session()
            await self._end_late()

    async def _close_placement(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KILL_S):
                await self._placement.aclose()

    async def _end_session(self) -> None:
        session = self._session
        if session is not None and not session.done():
            for _ in range(2):
                # Stopped twice, a run does not wait for its operations in flight.
                self._request(Stop(), Future())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLOSE_S):
                        await asyncio.shield(asyncio.wrap_future(session))
                if session.done():
                    break
            if not session.done():
                if self._intake is not None:
                    self._intake.kill("the workbench was closed")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(KILL_S):
                        await asyncio.shield(asyncio.wrap_future(session))
