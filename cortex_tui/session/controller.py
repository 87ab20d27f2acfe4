"""Runs sessions for a screen or a report: intake thread, placement, store, views.

The thread has a loop of its own, so that neither a busy screen nor a stalled terminal delays
reading, folding and storing, and nothing of that delays the screen.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from cortex_tui.environment import describe_environment, file_system_of
from cortex_tui.isolation import asyncio
from cortex_tui.placement.in_process import InProcess
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.port import Placement, PlacementName, Stream
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.commands import Adjust, Command, EndPhase, Pause, Request, Resume, Stop
from cortex_tui.protocol.messages import Answer, Answered, LogLine
from cortex_tui.protocol.plan import LoopName, RunPlan, SessionPlan
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.session_result import SessionResult
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import SavedSnapshot, TimedPhase
from cortex_tui.session.decisions import decisions
from cortex_tui.session.scratch import Scratch
from cortex_tui.session.writer import SessionWriter
from cortex_tui.store.errors import SnapshotError

VIEW_S = 0.2
"""How often a view is published: a little more often than a screen that looks 4 times a second."""
WRITE_S = 1.0
ANSWER_S = 3.0
"""How long a runner that was told to stop may keep silent before it is killed."""
STOP_S = 15.0
"""How long it may take to stop, talking: operations in flight have 5 s, teardown has 5 s."""
CLOSE_S = 1.0
"""How long a session may take to stop when everything is closed."""

_NO_SESSION = "no session is running"

T = TypeVar("T")


class SessionController:
    """See `session.control.Control`. One session at a time; everything may be called anywhere."""

    def __init__(
        self,
        store: Path,
        *,
        placement: PlacementName = "process",
        loop: LoopName = "auto",
        measuring_loop: asyncio.AbstractEventLoop | None = None,
        warm: bool = False,
    ) -> None:
        """`store` is the snapshots' file. `measuring_loop` is where an in-process session runs.

        With `warm` the next runner is started ahead of time: now, and after each session.
        """
        if placement == "in-process":
            if measuring_loop is None:
                raise ValueError("an in-process placement needs the loop to measure on")
            self._placement: Placement = InProcess(measuring_loop)
        else:
            self._placement = InRunnerProcess()
        self._loop_name: LoopName = loop
        self._warm = warm
        self._scratch = Scratch(store.parent)
        self._writer = SessionWriter(store)
        self._view: SessionView | None = None
        self._fold: SessionFold | None = None
        self._stream: Stream | None = None
        self._session: Future[None] | None = None
        self._asked_to_stop_ns: int | None = None
        self._decided: set[EndPhase] = set()
        self._numbers = count(1)
        self._unanswered: dict[int, Future[Answered]] = {}
        self._early: list[Request] = []
        """Commands that came before there was a stream."""
        self._starting = threading.Lock()
        """Of two threads that start a session, one gets it."""
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="intake", daemon=True)
        self._thread.start()
        self._loop.call_soon_threadsafe(self._make_ready if warm else self._scratch.sweep)

    @property
    def view(self) -> SessionView | None:
        return self._view

    def start(
        self, profiles: Sequence[Profile], *, one_by_one: bool = False, repeat: int = 1
    ) -> None:
        with self._starting:
            self._start(profiles, one_by_one=one_by_one, repeat=repeat)

    def _start(self, profiles: Sequence[Profile], *, one_by_one: bool, repeat: int) -> None:
        if self._closed or (self._session is not None and not self._session.done()):
            raise RuntimeError("a session is running")
        self._scratch.settle()
        started_at = datetime.now(UTC)
        session = f"{started_at:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
        plan = SessionPlan(
            session=session,
            runs=tuple(
                RunPlan(
                    turn * len(profiles) + number,
                    profile,
                    turn + 1,
                    tuple(range(profile.load.shared_by if self._placement.has_fleets else 1)),
                )
                for turn in range(repeat)
                for number, profile in enumerate(profiles)
            ),
            scratch=str(self._scratch.folder_of(session)),
            cache=str(self._scratch.cache),
            one_by_one=one_by_one,
            loop=self._loop_name,
        )
        self._asked_to_stop_ns = None
        self._decided = set()
        fold = SessionFold(
            plan,
            self._placement.name,
            started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            file_system_of(self._scratch.root),
        )
        self._fold = fold
        self._view = self._view_of(fold)
        self._session = self._submit(self._run_session(fold))

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
            self._loop.call_soon_threadsafe(self._request, command, answer)
        except RuntimeError:  # everything is closed
            answer.set_result(Answered(False, _NO_SESSION))
        return answer

    def save(self, name: str, *, run: int | None = None, note: str = "") -> Future[SavedSnapshot]:
        return self._submit(self._save(name, run, note))

    def result(self) -> Future[SessionResult]:
        return self._submit(self._result())

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(concurrent.futures.TimeoutError):
            self._submit(self._shut_down()).result(timeout=CLOSE_S + 10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    # Everything below runs on the intake's thread.

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def _submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _make_ready(self) -> None:
        self._scratch.sweep()
        # No process to be had is told when one is needed.
        with contextlib.suppress(OSError):
            self._placement.prepare()

    async def _run_session(self, fold: SessionFold) -> None:
        try:
            # Watches the other processes for a moment, which must not see our own runner.
            environment = await asyncio.to_thread(describe_environment, self._scratch.root)
            await self._writer.begin(fold, environment)
            self._scratch.make(fold.plan.session)
            await self._take_in(fold)
        except OSError as error:
            fold.die(f"there is no place for its files: {error}", time.perf_counter_ns())
        except Exception as error:
            fold.die(f"the session could not be started: {error!r}", time.perf_counter_ns())
        finally:
            self._stream = None
            if not fold.over:
                fold.die("the session was given up", time.perf_counter_ns())
            self._answer_the_rest()
            try:
                await asyncio.to_thread(self._scratch.remove, fold.plan.session)
                await self._writer.write(fold)
            except Exception as error:
                self._writer.error = f"what was measured last could not be written: {error!r}"
            finally:
                # Whatever went before, its end is seen.
                self._publish(fold)
            if self._warm and not self._closed:
                # When this one counts as done: whoever sees its end may start the next at once.
                self._loop.call_soon(self._make_ready)

    async def _take_in(self, fold: SessionFold) -> None:
        beats = [
            asyncio.ensure_future(self._beat(VIEW_S, self._look_after, fold)),
            asyncio.ensure_future(self._beat(WRITE_S, self._writer.write, fold)),
        ]
        try:
            async with self._placement.open(fold.plan) as stream:
                self._stream = stream
                while self._early:
                    stream.send(self._early.pop(0))
                async for batch in stream:
                    for message in batch:
                        fold.apply(message)
                        if isinstance(message, Answer):
                            self._take_answer(message)
        except Exception as error:
            fold.die(f"the session could not continue: {error}", time.perf_counter_ns())
        finally:
            for beat in beats:
                beat.cancel()
            # A write under way is not cut off in the middle.
            await asyncio.gather(*beats, return_exceptions=True)

    @staticmethod
    async def _beat(
        period_s: float,
        action: Callable[[SessionFold], Coroutine[Any, Any, None]],
        fold: SessionFold,
    ) -> None:
        while True:
            await asyncio.sleep(period_s)
            try:
                await asyncio.shield(asyncio.ensure_future(action(fold)))
            except Exception as error:
                # A defect of ours must neither stop the views nor go unseen.
                said = f"the intake failed and continues: {error!r}"
                if not any(line.text == said for line in fold.log):
                    fold.apply(LogLine(-1, "runner", said))

    async def _look_after(self, fold: SessionFold) -> None:
        for decision in decisions(fold.runs.values()):
            if decision not in self._decided:
                self._decided.add(decision)
                self._send(Request(next(self._numbers), decision))
        if not fold.over:  # its end is shown when it is stored, and the next may begin
            self._publish(fold)
        asked_ns, stream = self._asked_to_stop_ns, self._stream
        if asked_ns is None or stream is None:
            return
        now_ns = time.perf_counter_ns()
        silent_s = (now_ns - max(fold.heard_ns, asked_ns)) / 1e9
        if silent_s > ANSWER_S:
            stream.kill(
                f"it was asked to stop and did not answer for {ANSWER_S:.0f} s (its event loop "
                "was blocked), so the runner was killed"
            )
        elif (now_ns - asked_ns) / 1e9 > STOP_S:
            stream.kill(f"it did not stop within {STOP_S:.0f} s, so the runner was killed")

    def _publish(self, fold: SessionFold) -> None:
        self._view = self._view_of(fold)

    def _view_of(self, fold: SessionFold) -> SessionView:
        return fold.view(
            time.perf_counter_ns(),
            stored=self._writer.has_all_of(fold),
            store_error=self._writer.error,
        )

    def _request(self, command: Command, answer: Future[Answered]) -> None:
        """Sends a command to the session; one that is starting gets it when it has."""
        if self._fold is None or self._fold.over:
            # What is kept for a stream that never comes would reach the next session.
            answer.set_result(Answered(False, _NO_SESSION))
            return
        if command == Stop() and self._asked_to_stop_ns is None:
            self._asked_to_stop_ns = time.perf_counter_ns()
        request = Request(next(self._numbers), command)
        self._unanswered[request.id] = answer
        self._send(request)

    def _send(self, request: Request) -> None:
        if self._stream is None:
            self._early.append(request)
        else:
            self._stream.send(request)

    def _take_answer(self, message: Answer) -> None:
        answer = self._unanswered.pop(message.id, None)
        if answer is not None:
            answer.set_result(message.answered)

    def _answer_the_rest(self) -> None:
        """Of a session that has ended: nothing more comes of what it was asked."""
        self._early.clear()
        while self._unanswered:
            _, answer = self._unanswered.popitem()
            answer.set_result(Answered(False, "the session has ended"))

    async def _save(self, name: str, run: int | None, note: str) -> SavedSnapshot:
        fold = self._fold
        if fold is None:
            raise SnapshotError("there is no session to save yet: run a profile first")
        if run is not None and run not in fold.runs:
            raise SnapshotError(f"the session has no run {run}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                while fold.started is None and not fold.over:
                    await asyncio.sleep(VIEW_S / 10)
        await self._writer.save(fold, name, run, note)
        return SavedSnapshot(name, fold.plan.session, run)

    async def _result(self) -> SessionResult:
        if self._fold is None:
            raise SnapshotError("there is no session yet")
        return self._writer.result(self._fold)

    async def _shut_down(self) -> None:
        session = self._session
        if session is not None and not session.done():
            for _ in range(2):
                # Told twice, a run does not wait for what is in flight.
                self._request(Stop(), Future())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLOSE_S):
                        await asyncio.shield(asyncio.wrap_future(session))
                if session.done():
                    break
            if not session.done():
                if self._stream is not None:
                    self._stream.kill("the workbench was closed")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(5):
                        await asyncio.shield(asyncio.wrap_future(session))
        await self._placement.aclose()
        await self._writer.close()
