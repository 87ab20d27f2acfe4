"""Takes one session in: opens it where it runs, folds its messages, stores and publishes them.

On the intake's thread.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future

from cortex_tui.environment import describe_environment
from cortex_tui.freed import give_back
from cortex_tui.isolation import asyncio
from cortex_tui.placement.port import Place, Placement, Stream
from cortex_tui.protocol.blocked_loop import cause_in
from cortex_tui.protocol.commands import Command, EndPhase, Stop
from cortex_tui.protocol.joining import joined
from cortex_tui.protocol.messages import Answer, Answered, LogLine, SessionFinished, SessionStarted
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.results.interval import counted
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.session.control import VIEW_S, UntilDecided
from cortex_tui.session.decisions import decides, decisions
from cortex_tui.session.requests import Requests
from cortex_tui.session.scratch import Scratch
from cortex_tui.session.writer import SessionWriter

WRITE_S = 1.0
GIVE_BACK_S = 20.0
"""How often memory that was freed is given back to the system."""
ANSWER_S = 3.0
"""How long a runner that is to stop may be silent before it is killed."""
STOP_S = 15.0
"""How long it may take to stop, talking: operations in flight have 5 s, teardown has 5 s."""


class Intake:
    """Of one session, from its plan to its end."""

    def __init__(
        self,
        fold: SessionFold,
        *,
        place: Place,
        placement: Placement,
        writer: SessionWriter,
        scratch: Scratch,
        publish: Callable[[SessionFold], None],
        later: Sequence[SessionPlan] = (),
        until: UntilDecided | None = None,
        view_s: float = VIEW_S,
    ) -> None:
        """`publish` is given the fold every `view_s`, or more often where runs end by what is known
        of them. `later` are the parts of the plan that follow the fold's own for as long as
        something is undecided, `until` how that is found."""
        self.fold = fold
        self._place = place
        self._placement = placement
        self._writer = writer
        self._scratch = scratch
        self._publish = publish
        self._later = later
        self._until = until
        has_decisions = any(decides(run.profile) for run in fold.plan.runs)
        self._look_s = min(view_s, VIEW_S) if has_decisions else view_s
        self._requests = Requests()
        self._stream: Stream | None = None
        self._asked_to_stop_ns: int | None = None
        self._stopping: Future[Answered] | None = None
        """The answer to that."""
        self._decided: set[EndPhase] = set()

    async def run(self) -> None:
        """Whatever becomes of the session, it is over then. Its end is not published."""
        fold = self.fold
        try:
            # Watches the other processes for a moment, which must not see our own runner.
            fold.environment = await asyncio.to_thread(
                describe_environment, self._scratch.root, servers=fold.plan.servers
            )
            await self._writer.begin()
            self._scratch.make(fold.plan.session)
            await self._take_in()
        except OSError as error:
            fold.die(f"its files cannot be written: {error}", time.perf_counter_ns())
        except Exception as error:
            fold.die(f"the session could not be started: {error!r}", time.perf_counter_ns())
        finally:
            self._stream = None
            if not fold.over:
                fold.die("the session was given up", time.perf_counter_ns())
            self._requests.end()
            try:
                await asyncio.to_thread(self._scratch.remove, fold.plan.session)
                await self._writer.write(fold)
                give_back()
            except Exception as error:
                self._writer.error = f"what was measured last could not be written: {error!r}"

    def request(self, command: Command, answer: Future[Answered]) -> None:
        """Sends a command to the session; one that is starting gets it when it has."""
        if command == Stop() and self._asked_to_stop_ns is None:
            self._asked_to_stop_ns = time.perf_counter_ns()
            self._stopping = answer
        self._requests.send(command, answer)

    def kill(self, reason: str) -> None:
        if self._stream is not None:
            self._stream.kill(reason)

    async def _take_in(self) -> None:
        fold = self.fold
        beats = [
            asyncio.ensure_future(self._beat(self._look_s, self._supervise)),
            asyncio.ensure_future(self._beat(WRITE_S, lambda: self._writer.write(fold))),
            asyncio.ensure_future(self._beat(GIVE_BACK_S, self._give_back)),
        ]
        try:
            ended = await self._take_part(fold.plan)
            for part in self._later:
                if ended is None or ended.stopped or not await self._wants(part):
                    break
                fold.extend(part)
                ended = await self._take_part(part)
            if ended is not None:
                fold.apply(ended)
        except Exception as error:
            what = "continue" if fold.started is not None else "be started"
            fold.die(f"the session could not {what}: {error}", time.perf_counter_ns())
        finally:
            for beat in beats:
                beat.cancel()
            # A write under way is not cut off in the middle.
            await asyncio.gather(*beats, return_exceptions=True)

    async def _take_part(self, plan: SessionPlan) -> SessionFinished | None:
        """Everything from a plan but its end, which is returned; None where the session died."""
        ended = None
        async with self._placement.open(plan) as stream:
            self._stream = stream
            self._requests.begin(stream)
            async for batch in stream:
                for message, times in counted(joined(batch)):
                    if isinstance(message, SessionFinished):
                        ended = message
                    elif not isinstance(message, SessionStarted) or self.fold.started is None:
                        # The session began with its first part.
                        self.fold.apply(message, times)
                    if isinstance(message, Answer):
                        self._requests.take_answer(message)
        self._stream = None
        if ended is not None:
            self._requests.pause()
        return ended

    async def _wants(self, part: SessionPlan) -> bool:
        """Whether the session continues with that part: something is undecided, and there is time.

        Nothing is measured meanwhile. What is stored is what is looked at, as everybody will later.
        """
        fold, until = self.fold, self._until
        await self._writer.write(fold)
        if until is None or self._asked_to_stop_ns is not None:
            return False
        done = fold.rounds
        try:
            undecided = await asyncio.to_thread(until.undecided, fold.plan.session)
            text = f"without a verdict: {undecided}" if undecided else "all is decided"
        except Exception as error:
            undecided = text = f"it could not be looked at: {error}"
        following = max(run.round for run in part.runs)
        taken_ns = time.perf_counter_ns() - (fold.started.at_ns if fold.started else 0)
        in_time = taken_ns * following / done <= until.at_most_ns
        if undecided:
            text += (
                f"; continuing to round {following}" if in_time else "; there is no time for more"
            )
        now_ns = time.perf_counter_ns()
        fold.apply(LogLine(-1, "runner", f"after {done} rounds {text}", now_ns))
        return bool(undecided) and in_time and self._asked_to_stop_ns is None

    async def _beat(self, period_s: float, action: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(period_s)
            try:
                await asyncio.shield(asyncio.ensure_future(action()))
            except Exception as error:
                # A defect of ours must neither stop the views nor go unseen.
                text = f"an error while receiving results, which continues: {error!r}"
                if not any(line.text == text for line in self.fold.log.lines):
                    line = LogLine(-1, "runner", text, time.perf_counter_ns())
                    self.fold.apply(line)

    async def _give_back(self) -> None:
        give_back()

    async def _supervise(self) -> None:
        fold = self.fold
        for decision in decisions(fold.runs.values()):
            if decision not in self._decided:
                self._decided.add(decision)
                self._requests.send(decision)
        if not fold.over:  # its end is published when it is stored, and the next may begin
            self._publish(fold)
        if self._asked_to_stop_ns is not None:
            tests = any(spec.program == "pytest" for spec in fold.plan.runners)
            blocked = "a call had not returned" if tests else self._blocked()
            now_ns = time.perf_counter_ns()
            # Of tests nothing is sent between the last call and the end.
            answered = tests and self._stopping is not None and self._stopping.done()
            received_ns = now_ns if answered else fold.received_ns
            why = _overdue(now_ns, self._asked_to_stop_ns, received_ns, blocked)
            if why:
                killed = self._place.can_be_killed
                self.kill(f"{why}, so {'the runner was killed' if killed else 'it was given up'}")

    def _blocked(self) -> str:
        """That the runner's event loop was blocked, and by what, where the runner has written that
        since its last message."""
        causes = (
            cause_in(line.text)
            for line in reversed(self.fold.log.lines)
            if line.stream == "stderr" and line.at_ns > self.fold.received_ns
        )
        cause = next(filter(None, causes), "")
        return f"its event loop was blocked{cause and f': {cause}'}"


def _overdue(now_ns: int, asked_ns: int, received_ns: int, blocked: str) -> str:
    """Why a runner that was asked to stop is not waited for any longer; "" while it is. `blocked`
    is what keeps one from answering."""
    if now_ns - max(received_ns, asked_ns) > ANSWER_S * 1e9:
        return f"it was asked to stop and did not answer for {ANSWER_S:.0f} s ({blocked})"
    if now_ns - asked_ns > STOP_S * 1e9:
        return f"it did not stop within {STOP_S:.0f} s"
    return ""
