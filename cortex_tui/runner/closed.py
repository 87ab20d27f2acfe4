"""The closed load: workers that start their next operation when the last has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice

from cortex_tui.load import Levels
from cortex_tui.profiles.model import ClosedLoad, StagedLoad
from cortex_tui.runner.loops import CHECK_NS, LoopTurns, closed_worker
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.phase import ActivePhase
from cortex_tui.runner.timer import ArrivalTimer

LEVEL_S = 0.02
"""How often the number of workers follows a level that changes."""


class ClosedDriver:
    """Drives one phase with workers. Their number follows the load's level."""

    def __init__(
        self,
        load: ClosedLoad | StagedLoad,
        phase: ActivePhase,
        operations: Operations,
        indices: Iterator[int],
        iterations: int | None,
        *,
        turns: LoopTurns,
        timer: ArrivalTimer,
        timeout_ns: int | None,
    ) -> None:
        self._load = load
        self._phase = phase
        self._operations = operations
        self._turns = turns
        self._timer = timer
        self._timeout_ns = timeout_ns
        self._staged = isinstance(load, StagedLoad)
        self._think_time_ns = load.think_time_ns
        batch = phase.recorder.batch
        if iterations is not None:
            indices = islice(indices, max(1, iterations // batch) * batch)
        self._indices = indices
        self._levels = Levels(load, phase.start_ns)
        self._starts: list[int] = []
        self._working: set[int] = set()
        self._sent_home: set[int] = set()
        self._wanted = 0

    def begin(self) -> None:
        self._follow()
        if self._staged:
            self._phase.spawn(self._keep_following(), lambda: None)

    @property
    def level(self) -> float:
        return self._wanted

    def started_ns(self) -> Sequence[int]:
        """When each operation under way began."""
        return [since for since in self._starts if since]

    def pause(self) -> None:
        """Workers see the pause when they look up."""

    def finish(self) -> None:
        """Workers see the end of the phase when they look up."""

    def resume(self, by_ns: int, paused_ns: int) -> None:
        self._levels.shift(by_ns, paused_ns)

    def adjust(self, factor: float) -> None:
        """Multiplies the number of workers; it changes by one at least, and stays above none."""
        now_ns = self._phase.now_ns()
        level = self._levels.at(now_ns)
        if not level:
            return
        wanted = round(level * factor)
        wanted = max(wanted, round(level) + 1) if factor > 1 else min(wanted, round(level) - 1)
        self._levels.scale(max(1, wanted) / level, now_ns)
        self._follow()

    def _follow(self) -> None:
        self._wanted = round(self._levels.at(self._phase.now_ns()))
        for slot in range(self._wanted):
            if slot not in self._working:
                self._employ(slot)

    async def _keep_following(self) -> None:
        while not self._phase.over.is_set() and self._phase.now_ns() < self._phase.end_ns:
            await asyncio.sleep(LEVEL_S)
            self._follow()

    def _employ(self, slot: int) -> None:
        while len(self._starts) <= slot:
            self._starts.append(0)
        phase = self._phase
        self._working.add(slot)

        def ended() -> None:
            self._working.discard(slot)
            if slot not in self._sent_home:
                # It has found nothing left to start.
                phase.over.set()
                return
            self._sent_home.discard(slot)
            if slot < self._wanted and not phase.over.is_set():
                self._employ(slot)

        phase.spawn(self._work(slot), ended)

    async def _work(self, slot: int) -> None:
        phase = self._phase
        batched = phase.recorder.batch > 1
        async with self._operations.for_worker(slot) as operation:
            work = closed_worker(operation, timeout_ns=self._timeout_ns, batched=batched)
            await work(
                slot, operation.function, self._indices, self._starts, phase.clock,
                phase.recorder, phase.fail, self._checkpoint, self._breathe,
            )  # fmt: skip

    def _checkpoint(self, slot: int, now_ns: int) -> int:
        """Until when a worker may go on without looking up again; 0 when it is to end."""
        phase = self._phase
        if phase.paused:
            return now_ns
        if now_ns >= phase.end_ns or phase.over.is_set():
            return 0
        if slot >= self._wanted:
            self._sent_home.add(slot)
            return 0
        phase.recorder.reach(now_ns)
        if self._think_time_ns:
            return now_ns
        return min(now_ns + CHECK_NS, phase.recorder.boundary_ns, phase.end_ns)

    async def _breathe(self) -> None:
        """What a worker does between operations when it has looked up."""
        if self._think_time_ns:
            until_ns = self._phase.clock() + self._think_time_ns
            await self._timer.sleep_until(min(until_ns, self._phase.end_ns))
        else:
            await self._turns.turn()
        while self._phase.paused and not self._phase.over.is_set():
            await self._phase.resumed.wait()
