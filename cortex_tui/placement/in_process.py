"""Sessions on a loop of this program, for breakpoints."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stdout

from cortex_tui.isolation import asyncio
from cortex_tui.limits import MAX_LINE_CHARS
from cortex_tui.placement.port import Deliver, Stream
from cortex_tui.protocol.commands import ToRunner
from cortex_tui.protocol.frames import FrameReader, decode_messages, encode_messages
from cortex_tui.protocol.messages import LogLine, Message, RunnerDied, SessionFinished
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.runner.printing import origin_of_print
from cortex_tui.runner.session import Session

_running: list[Session] = []
"""Those of this process that are under way."""


def interrupted(error: BaseException | None) -> None:
    """The loop on which sessions of this process run has ended too early, with what was raised, and
    is started again: the sessions report that. Without a session it is raised."""
    if error is not None and not _running:
        raise error
    for session in _running:
        session.note_interruption(error)


class InProcess:
    """Runs sessions on a loop of this program, in whose thread the workloads run then."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @asynccontextmanager
    async def open(self, plan: SessionPlan) -> AsyncIterator[Stream]:
        intake = asyncio.get_running_loop()
        sessions: list[Session] = []
        killed: list[str] = []

        def deliver(batch: list[Message]) -> None:
            # As a frame, like the messages of a process: the same texts are escaped on the way.
            frame = encode_messages(batch)
            with contextlib.suppress(RuntimeError):  # the intake's loop may be closed by now
                intake.call_soon_threadsafe(take, frame)

        def take(frame: bytes) -> None:
            for body in FrameReader().feed(frame):
                stream.deliver(decode_messages(body))

        early: list[ToRunner] = []

        def send(request: ToRunner) -> None:
            self._loop.call_soon_threadsafe(receive, request)

        def receive(request: ToRunner) -> None:
            if sessions:
                sessions[0].receive(request)
            else:
                early.append(request)

        async def run_session() -> None:
            try:
                printed = _Lines(deliver)

                def emit(batch: list[Message]) -> None:
                    if any(isinstance(message, SessionFinished) for message in batch):
                        printed.end_line()  # nobody reads what comes after the last message
                    deliver(batch)

                with redirect_stdout(printed), contextlib.closing(printed):
                    session = Session(plan, emit)
                    sessions.append(session)
                    _running.append(session)
                    for request in early:
                        session.receive(request)
                    await session.run()
            except BaseException as error:
                reason = killed[0] if killed else f"the session failed: {error!r}"
                deliver([RunnerDied(reason, time.perf_counter_ns())])
                if not isinstance(error, Exception | asyncio.CancelledError):
                    raise

        def kill(reason: str) -> None:
            killed.append(reason)
            running.cancel()
            # A loop that is blocked cannot say so itself.
            stream.deliver([RunnerDied(reason, time.perf_counter_ns())])

        stream = Stream(send, kill)
        running = asyncio.run_coroutine_threadsafe(run_session(), self._loop)
        try:
            yield stream
        finally:
            running.cancel()
            _running[:] = [session for session in _running if session not in sessions]

    def prepare(self) -> None:
        """Nothing to prepare: the loop is there."""

    async def aclose(self) -> None:
        """Nothing to give up."""


class _Lines(io.TextIOBase):
    """What a workload prints while it shares our process: standard output is for results."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        if len(self._rest) > MAX_LINE_CHARS:
            lines.append(self._rest)
            self._rest = ""
        if lines:
            run, at_ns = origin_of_print()
            self._deliver([LogLine(run, "stdout", one[:MAX_LINE_CHARS], at_ns) for one in lines])
        return len(text)

    def end_line(self) -> None:
        """Delivers what was printed last, which may have no end of line."""
        if self._rest:
            self.write("\n")

    def close(self) -> None:
        self.end_line()
        super().close()
