"""How the measuring loop and its process fare: what may have disturbed an interval."""

from __future__ import annotations

import contextlib
import gc
import resource
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from cortex_tui.isolation import asyncio
from cortex_tui.limits import MAX_BLOCKS, MAX_SPANNED
from cortex_tui.protocol.messages import Health
from cortex_tui.runner.block_watch import BlockWatch
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.machine_time import MachineTime

BEAT_NS = 10_000_000
"""How often it is looked whether the loop still turns: a block that lasts longer is always seen."""
MIN_BLOCK_NS = 1_000_000
"""Shorter ones belong to no interval in particular."""

Span = tuple[int, int]
"""From and until, in ns of the measuring clock."""


class Block(NamedTuple):
    """A time in which the event loop was blocked, in ns of the measuring clock."""

    from_ns: int
    until_ns: int
    cause: str = ""
    """What blocked it, where that is known."""


class HealthReport(NamedTuple):
    """What happened between two calls of `take`."""

    health: Health
    """All of it together."""
    blocks: tuple[Block, ...] = ()
    """When the event loop was blocked."""
    pauses_ns: tuple[Span, ...] = ()
    """When the garbage was collected."""

    def but_within(self, span: Span) -> HealthReport:
        """Without what began and ended within that time."""
        from_ns, until_ns = span

        def within(began_ns: int, ended_ns: int) -> bool:
            return from_ns <= began_ns and ended_ns <= until_ns

        return HealthReport(
            self.health,
            tuple(each for each in self.blocks if not within(each.from_ns, each.until_ns)),
            tuple(each for each in self.pauses_ns if not within(*each)),
        )

    def by_interval(
        self, interval: int, interval_at: Callable[[int], int], *, since_ns: int
    ) -> tuple[Health, dict[int, Health]]:
        """What belongs to the interval that is reported, and what to others.

        What blocked the loop belongs to every interval that it spans, with its whole length since
        the phase began, at `since_ns`: an operation that waited for it ended in one of them. What
        is only counted belongs to the one that is reported.
        """
        blocked: dict[int, tuple[int, str]] = {}
        for began_ns, until_ns, cause in self.blocks:
            from_ns = max(began_ns, since_ns)
            if from_ns > began_ns and until_ns - from_ns < MIN_BLOCK_NS:
                continue
            for each in _intervals(from_ns, until_ns, interval_at):
                blocked[each] = max(blocked.get(each, _NOT_BLOCKED), (until_ns - from_ns, cause))
        paused: dict[int, list[int]] = {}
        for began_ns, until_ns in self.pauses_ns:
            from_ns = max(began_ns, since_ns)
            if until_ns <= from_ns:
                continue
            for each in _intervals(from_ns, until_ns, interval_at):
                paused.setdefault(each, []).append(until_ns - from_ns)

        def of(each: int, rest: Health) -> Health:
            pauses, (lag_ns, cause) = paused.get(each, []), blocked.get(each, _NOT_BLOCKED)
            return msgspec.structs.replace(
                rest,
                loop_lag_ns=lag_ns,
                block_cause=cause,
                gc_pause_ns=sum(pauses),
                gc_pauses=len(pauses),
            )

        others = sorted((blocked.keys() | paused.keys()) - {interval})
        return of(interval, self.health), {each: of(each, Health()) for each in others}


_NOT_BLOCKED = (0, "")


def _intervals(from_ns: int, until_ns: int, interval_at: Callable[[int], int]) -> Iterable[int]:
    """Those that a span of time touches, the last MAX_SPANNED of them."""
    last = interval_at(until_ns)
    return range(max(interval_at(from_ns), last - MAX_SPANNED + 1), last + 1)


class HealthMeter:
    """Sums up, between two calls of `take`, what blocked the loop or took the processor away.

    A beat costs the loop some 5 us, a `take` some 25 us.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None,
        *,
        program: int | None = None,
        shared: bool = False,
        report_block: Callable[[int, str], None] | None = None,
    ) -> None:
        """Without a loop, all but what blocks one; for `report_block` see `BlockWatch`, for the
        others `MachineTime`."""
        self._loop = loop
        self._beat: asyncio.TimerHandle | None = None
        self._due_ns = 0
        self._watch: BlockWatch | None = None
        self._report_block = report_block
        self._blocks: list[Block] = []
        self._lag_ns, self._lag_cause = 0, ""
        self._gc_began_ns = 0
        # A tuple, never changed: the collector may call `_collected` within any allocation, and a
        # list that grows while the interpreter copies it is a crash (CPython 3.11).
        self._pauses_ns: tuple[Span, ...] = ()
        self._gc_pauses = 0
        self._gc_pause_ns = 0
        self._collected_ns = self._collected_before_ns = 0
        """All pauses of the collector, now and when the next beat was set."""
        self._usage = resource.getrusage(resource.RUSAGE_SELF)
        self._taken_ns = CLOCK.read_ns()
        self._cpu_ns = CLOCK.process_ns()
        self._others = MachineTime(program, shared=shared)

    def begin(self) -> None:
        """Watches from now on."""
        self.take()
        self._others.begin()
        gc.callbacks.append(self._collected)
        if self._loop is not None and self._watch is None:
            # Elsewhere it is not known what blocked the loop.
            with contextlib.suppress(OSError):
                self._watch = BlockWatch(self._report_block)
        self._schedule()

    def end(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None
        if self._watch is not None:
            self._watch.rest()
        # A workload may have emptied the list.
        with contextlib.suppress(ValueError):
            gc.callbacks.remove(self._collected)

    def close(self) -> None:
        """Gives back what it holds; nothing can be taken any more."""
        self._others.close()
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def report(self) -> HealthReport:
        """What blocked the loop since the last `take`, which stays to be taken."""
        self._see_block()
        health = Health(loop_lag_ns=self._lag_ns, block_cause=self._lag_cause)
        return HealthReport(health, tuple(self._blocks), self._pauses_ns)

    def take(self) -> HealthReport:
        """What happened since the last call."""
        self._see_block()
        now_ns, cpu_ns = CLOCK.read_ns(), CLOCK.process_ns()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        others = self._others.take()
        health = Health(
            loop_lag_ns=self._lag_ns,
            gc_pause_ns=self._gc_pause_ns,
            gc_pauses=self._gc_pauses,
            cpu_ns=cpu_ns - self._cpu_ns,
            wall_ns=now_ns - self._taken_ns,
            voluntary_switches=usage.ru_nvcsw - self._usage.ru_nvcsw,
            involuntary_switches=usage.ru_nivcsw - self._usage.ru_nivcsw,
            steal_ns=others.steal_ns,
            foreign_ns=others.foreign_ns,
            block_cause=self._lag_cause,
        )
        report = HealthReport(health, tuple(self._blocks), self._pauses_ns)
        self._taken_ns, self._cpu_ns, self._usage = now_ns, cpu_ns, usage
        self._lag_ns = self._gc_pause_ns = self._gc_pauses = 0
        self._lag_cause = ""
        self._blocks, self._pauses_ns = [], ()
        return report

    def _see_block(self) -> None:
        """Notes a block that no beat has seen yet, because this is called within or right after
        it; the beat that comes late then notes it whole."""
        if self._beat is None:
            return
        now_ns = CLOCK.read_ns()
        self._note_block(now_ns)

    def _note_block(self, now_ns: int) -> None:
        lag_ns, cause = now_ns - self._due_ns, ""
        if self._watch is not None:
            cause = self._watch.cause(now_ns, self._collected_ns - self._collected_before_ns)
        if lag_ns > self._lag_ns:
            self._lag_ns, self._lag_cause = lag_ns, cause
        if lag_ns < MIN_BLOCK_NS:
            return
        block = Block(self._due_ns, now_ns, cause)
        if self._blocks and self._blocks[-1].from_ns == self._due_ns:
            self._blocks[-1] = block
        elif len(self._blocks) < MAX_BLOCKS:
            self._blocks.append(block)

    def _schedule(self) -> None:
        if self._loop is None:
            return
        self._due_ns = CLOCK.read_ns() + BEAT_NS
        self._collected_before_ns = self._collected_ns
        self._beat = self._loop.call_later(BEAT_NS / 1e9, self._beaten)
        if self._watch is not None:
            self._watch.expect(self._due_ns)

    def _beaten(self) -> None:
        self._note_block(CLOCK.read_ns())
        self._schedule()

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        now_ns = CLOCK.read_ns()
        if phase == "start":
            self._gc_began_ns = now_ns
            return
        self._gc_pauses += 1
        self._gc_pause_ns += now_ns - self._gc_began_ns
        self._collected_ns += now_ns - self._gc_began_ns
        if len(self._pauses_ns) < MAX_BLOCKS:
            self._pauses_ns += ((self._gc_began_ns, now_ns),)
