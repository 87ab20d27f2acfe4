"""Hands on what the runs of a session have recorded, ten times a second, in small pieces.

Each piece holds the loop for some 100 us at most, whatever the rate and however many runs: then
whoever else has something to do has its turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from random import Random

from cortex_tui.isolation import asyncio, own_task
from cortex_tui.limits import MAX_PIECE_BYTES
from cortex_tui.protocol.messages import LogLine, Message, Pulse, Samples
from cortex_tui.protocol.pieces import pieces
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.health import HealthMeter
from cortex_tui.runner.members import Member
from cortex_tui.runner.phase import wake
from cortex_tui.runner.run import Run
from cortex_tui.runner.timer import ArrivalTimer
from cortex_tui.workloads.failures import describe_error

HOLD_NS = 50_000
"""For how long runs are asked for their values before the loop has its turn."""
_SPREAD = 8
"""Values are handed on at any moment of the first eighth of the next interval, and wait for a quiet
one for another eighth at most."""
_MOST_NS = 1_000_000
"""For how long a quiet moment has to last at most: what takes longer gives way meanwhile."""
_TRIES = 8
"""How many operations are awaited for that: each try takes time of the loop, too."""

Emit = Callable[[list[Message]], None]


class Outbox:
    """Messages on their way out, in the order in which they were reported."""

    def __init__(self, emit: Emit) -> None:
        """`emit` sends a batch, a frame each."""
        self._emit = emit
        self._waiting: deque[Message] = deque()
        self._bytes = 0

    def report(self, batch: Sequence[Message]) -> None:
        """Sends a batch at once, after everything that still waits."""
        batch = [*self._waiting, *batch]
        # Before they are sent: whoever takes them may have something reported at once.
        self._waiting.clear()
        self._bytes = 0
        self._emit(batch)

    def put(self, batch: Sequence[Message]) -> None:
        """Has a batch wait to be sent, values in pieces of a frame each."""
        for message in batch:
            for piece in pieces(message) if isinstance(message, Samples) else (message,):
                self._waiting.append(piece)
                self._bytes += _size(piece)

    @property
    def full(self) -> bool:
        return self._bytes >= MAX_PIECE_BYTES

    async def send(self) -> None:
        """Sends what waits, a frame in each of the next turns of the loop."""
        while self._waiting:
            await asyncio.sleep(0)
            frame: list[Message] = []
            size = 0
            while self._waiting and (
                not frame or size + _size(self._waiting[0]) <= MAX_PIECE_BYTES
            ):
                size += _size(self._waiting[0])
                frame.append(self._waiting.popleft())
            self._bytes -= size
            if frame:
                self._emit(frame)


def _size(message: Message) -> int:
    if not isinstance(message, Samples):
        return 0
    return sum(map(len, message.values))


class HandOver:
    """Looks at the runs of a group shortly after the end of each interval.

    An operation that ends meanwhile, or is to start, has to wait for that: at 500 evenly spaced
    arrivals a second it was the first of each interval, at their moment, which is 2 % of all. So
    the moment is drawn by lot, and then one is awaited at which no operation is under way.

    Which operations are under way is looked at by itself, at any moment of each interval: at a
    quiet one there are none, and at the intervals' ends it is always the same part of those that
    arrive evenly.
    """

    def __init__(
        self, outbox: Outbox, health: HealthMeter, timer: ArrivalTimer, interval_ns: int
    ) -> None:
        self._outbox = outbox
        self._health = health
        self._timer = timer
        self._interval_ns = interval_ns
        self._reported = ""
        self._takes_ns = 0
        """How long the loop was taken by the last one."""
        # Of its own: the workload's random numbers stay what they would be without it.
        self._draw = Random(0).randrange

    async def keep_on(self, group: Sequence[Member]) -> None:
        """Until it is cancelled; what was recorded by then and not handed on is the runs' own."""
        looking = own_task(self._look(group))
        try:
            await self._keep_on(group)
        finally:
            looking.cancel()

    async def _look(self, group: Sequence[Member]) -> None:
        interval_ns = self._interval_ns
        start_ns = CLOCK.read_ns()
        while True:
            await self._at(start_ns + self._draw(interval_ns))
            with self._reporting("operations under way could not be looked at"):
                for member in group:
                    member.run.look()
            # Intervals in which the loop was blocked have passed.
            start_ns = max(start_ns + interval_ns, CLOCK.read_ns() - interval_ns)

    async def _keep_on(self, group: Sequence[Member]) -> None:
        while True:
            # Aligned to the intervals of the phase, so that each is sent when it is over. After a
            # pause of one run there are two alignments, but never as many as runs.
            boundaries_ns = [b for m in group if (b := m.run.boundary_ns) is not None]
            now_ns = CLOCK.read_ns()
            soonest_ns = now_ns + self._interval_ns // 20
            due_ns = max(soonest_ns, min(boundaries_ns, default=now_ns + self._interval_ns))
            due_ns += self._draw(max(1, self._interval_ns // _SPREAD))
            await self._at(due_ns)
            with self._reporting("values could not be handed over"):
                await self._quiet(group, due_ns + self._interval_ns // _SPREAD)
                await self._hand_on(group)

    @contextmanager
    def _reporting(self, what: str) -> Iterator[None]:
        """A defect of ours must neither end the hand-over nor go unseen."""
        try:
            yield
        except Exception as error:
            text = f"{what}: {describe_error(error)}"
            if text != self._reported:
                self._reported = text
                self._outbox.report([LogLine(-1, "runner", text, CLOCK.read_ns())])

    async def _at(self, due_ns: int) -> None:
        # A loop's own timers come with the next arrival, where that is less than a millisecond
        # away: it would always have just begun.
        due = asyncio.get_running_loop().create_future()
        self._timer.at(due_ns, partial(wake, due))
        await due

    async def _quiet(self, group: Sequence[Member], until_ns: int) -> None:
        """Waits until no operation is under way and none is to start before values are handed on;
        not where workers have one under way at any time."""
        for _ in range(_TRIES):
            now_ns = CLOCK.read_ns()
            busy: Run | None = None
            for member in group:
                quiet_ns = member.run.quiet_ns(now_ns)
                if quiet_ns is None:
                    return
                if quiet_ns < self._takes_ns:
                    busy = member.run
            if busy is None or now_ns >= until_ns:
                return
            await busy.until_ended(until_ns - now_ns)

    async def _hand_on(self, group: Sequence[Member]) -> None:
        start_ns = CLOCK.read_ns()
        report = self._health.take()
        outbox = self._outbox
        # Some may be paused or resumed while frames are sent.
        measuring = [member.measuring for member in group]
        outbox.put([Pulse(CLOCK.read_ns(), report.health)])
        began_ns = CLOCK.read_ns()
        for member, is_one in zip(group, measuring, strict=True):
            member.neighbours = sum(measuring) - is_one
            samples = member.run.take_samples(member.neighbours, report)
            outbox.put(samples)
            if outbox.full or CLOCK.read_ns() - began_ns > HOLD_NS:
                await outbox.send()
                began_ns = CLOCK.read_ns()
        await outbox.send()
        self._takes_ns = min(CLOCK.read_ns() - start_ns, _MOST_NS)
