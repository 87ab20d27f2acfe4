"""Hands on what the runs of a session have recorded, ten times a second, in small pieces.

Each piece holds the loop for some 100 us at most, whatever the rate and however many runs: then
whoever else has something to do has its turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from cortex_tui.isolation import asyncio
from cortex_tui.limits import MAX_PIECE_BYTES
from cortex_tui.protocol.messages import LogLine, Message, Pulse, Samples
from cortex_tui.protocol.pieces import pieces
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.health import HealthMeter
from cortex_tui.runner.members import Member
from cortex_tui.workloads.failures import describe_error

HOLD_NS = 50_000
"""For how long runs are asked for their values before the loop has its turn."""

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
    """Looks at the runs of a group shortly after the end of each interval."""

    def __init__(self, outbox: Outbox, health: HealthMeter, interval_ns: int) -> None:
        self._outbox = outbox
        self._health = health
        self._interval_ns = interval_ns
        self._reported = ""

    async def keep_on(self, group: Sequence[Member]) -> None:
        """Until it is cancelled; what was recorded by then and not handed on is the runs' own."""
        while True:
            # Aligned to the intervals of the phase, so that each is sent when it is over. After a
            # pause of one run there are two alignments, but never as many as runs.
            boundaries_ns = [b for m in group if (b := m.run.boundary_ns) is not None]
            now_ns = CLOCK.read_ns()
            soonest_ns = now_ns + self._interval_ns // 20
            due_ns = max(soonest_ns, min(boundaries_ns, default=now_ns + self._interval_ns))
            await asyncio.sleep((due_ns - now_ns) / 1e9)
            try:
                await self._hand_on(group)
            except Exception as error:
                # A defect of ours must neither end the hand-over nor go unseen.
                text = f"values could not be handed over: {describe_error(error)}"
                if text != self._reported:
                    self._reported = text
                    self._outbox.report([LogLine(-1, "runner", text, CLOCK.read_ns())])

    async def _hand_on(self, group: Sequence[Member]) -> None:
        report = self._health.take()
        outbox, measuring = self._outbox, sum(member.measuring for member in group)
        outbox.put([Pulse(CLOCK.read_ns(), report.health)])
        began_ns = CLOCK.read_ns()
        for member in group:
            member.neighbours = measuring - member.measuring
            samples = member.run.take_samples(member.neighbours, report)
            outbox.put(samples)
            if outbox.full or CLOCK.read_ns() - began_ns > HOLD_NS:
                await outbox.send()
                began_ns = CLOCK.read_ns()
        await outbox.send()
