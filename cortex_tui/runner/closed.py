"""The closed load: workers that start their next operation when the last has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

from cortex_tui.isolation import asyncio
from cortex_tui.runner.deadlines import Deadlines
from cortex_tui.runner.driver import DriverTask
from cortex_tui.runner.loops import CHECK_NS, closed_worker
from cortex_tui.runner.phase import contained, wake

LEVEL_NS = 20_000_000
"""How often the number of workers follows a level that changes."""


class ClosedDriver:
    """Drives one phase with workers. Their number follows the load's level."""

    def __init__(self, task: DriverTask) -> None:
        """The load must have workers."""
        rules = task.load.worker_rules
        if rules is None:
            raise ValueError("a load without workers")
        self._load = task.load
        self._share = task.share
        self._phase = phase = task.phase
        self._operations = task.operations
        self._turns = task.turns
        self._timer = task.timer
        self._think_time_ns = rules.think_time_ns
        self._thinking: set[asyncio.Future[None]] = set()
        self._finishing = False
        batch = phase.recorder.batch
        self._iterations: int | None = None
        self._indices = task.indices
        if task.iterations is not None:
            self._iterations = task.share.in_batches(task.iterations, batch)
            if phase.name == "warmup":
                # What a process has not warmed up would be measured cold.
                self._iterations = max(batch, self._iterations)
            self._indices = islice(task.indices, self._iterations)
        self._levels = task.load.levels(phase.start_ns)
        self._starts: list[int] = []
        self._limits: list[int] = []
        self._working: set[int] = set()
        self._sent_home: set[int] = set()
        self._wanted = 0
        self._worked_ns = 0
        """By all workers, up to the moment since which there are those that are wanted now."""
        self._since_ns = phase.start_ns
        phase.recorder.worker_ns = self._worker_ns
        self._check_ns = CHECK_NS
        self._deadlines: Deadlines | None = None
        self._settle: Callable[..., None] = phase.recorder.record_of_worker
        self._fail = phase.fail
        if (timeout_ns := task.timeout_ns) is not None:
            # Who looks up that often finds each operation that is overdue when it ends.
            self._check_ns = min(CHECK_NS, timeout_ns)
            watched = Deadlines(
                timeout_ns, phase, task.timer, lambda: enumerate(self._starts), self._settle
            )
            self._deadlines = watched
            self._settle, self._fail = watched.settle, watched.fail

    def begin(self) -> None:
        self._follow()
        if self._levels.vary:
            self._timer.at(
                self._phase.clock() + LEVEL_NS, self._phase.guarded(self._keep_following)
            )
        if self._deadlines is not None:
            self._deadlines.begin()

    @property
    def level(self) -> float:
        return round(self._levels.at(self._phase.now_ns()))

    def started_ns(self) -> Sequence[int]:
        """When each operation under way began."""
        return [since for since in self._starts if since]

    @property
    def next_start_ns(self) -> None:
        """It has a next operation whenever one has ended."""

    def pause(self) -> None:
        self._yielded()

    async def finish(self) -> None:
        """Starts nothing new, and waits for nobody who only thinks."""
        self._finishing = True
        self._yielded()
        for woken in self._thinking:
            wake(woken)

    def put_off(self, by_ns: int, from_ns: int) -> None:
        self._levels.shift(by_ns, from_ns)
        self._since_ns += by_ns

    def _worker_ns(self) -> int:
        """For how long workers have been at work while the clock ran, in all."""
        return self._worked_ns + self._wanted * (self._phase.now_ns() - self._since_ns)

    def adjust(self, factor: float, at_ns: int) -> None:
        """Multiplies the number of workers."""
        level = self._levels.at(at_ns)
        if level:
            self._levels.scale(self._load.adjusted(level, factor) / level, at_ns)
            self._follow()

    def _follow(self) -> None:
        self._worked_ns, self._since_ns = self._worker_ns(), self._phase.now_ns()
        before, self._wanted = self._wanted, self._share.count(round(self.level))
        if self._wanted < before:
            self._yielded()
        for slot in range(self._wanted):
            if slot not in self._working:
                self._start_worker(slot)

    def _keep_following(self) -> None:
        phase = self._phase
        if not phase.over.is_set() and phase.now_ns() < phase.end_ns:
            self._follow()
            self._timer.at(phase.clock() + LEVEL_NS, phase.guarded(self._keep_following))

    def _yielded(self) -> None:
        """Lets no worker start another operation before it has looked up."""
        self._limits[:] = [0] * len(self._limits)

    def _start_worker(self, slot: int) -> None:
        while len(self._starts) <= slot:
            self._starts.append(0)
            self._limits.append(0)
        phase, deadlines = self._phase, self._deadlines
        self._working.add(slot)

        def ended() -> None:
            self._working.discard(slot)
            if deadlines is not None:
                deadlines.forget(slot)
            if slot not in self._sent_home:
                # It has found nothing left to start.
                phase.over.set()
                return
            self._sent_home.discard(slot)
            if slot < self._wanted and not phase.over.is_set():
                self._start_worker(slot)

        task = phase.spawn(contained(self._work, slot), ended)
        if deadlines is not None:
            deadlines.watch(slot, task)

    async def _work(self, slot: int) -> None:
        phase = self._phase
        async with self._operations.for_worker(slot) as operation:
            await self._until_resumed()
            work = closed_worker(operation, batched=phase.recorder.batch > 1)
            await work(
                slot, operation.function, self._indices, self._starts, self._limits, phase.clock,
                phase.recorder, self._settle, self._fail, self._checkpoint, self._yield_to_loop,
            )  # fmt: skip

    def _checkpoint(self, slot: int, now_ns: int) -> bool:
        """Whether a worker may continue; until when without the next check is in its limit."""
        phase = self._phase
        if now_ns >= phase.end_ns or phase.over.is_set():
            return False
        if slot >= self._wanted:
            self._sent_home.add(slot)
            return False
        phase.recorder.reach(now_ns)
        if self._think_time_ns:
            self._limits[slot] = 0
        else:
            boundary_ns = min(phase.recorder.boundary_ns, phase.end_ns)
            self._limits[slot] = min(now_ns + self._check_ns, boundary_ns)
        return True

    async def _yield_to_loop(self) -> None:
        """What a worker does between operations when it has looked up."""
        if self._think_time_ns:
            await self._think()
        else:
            await self._turns.turn()
        await self._until_resumed()

    async def _until_resumed(self) -> None:
        while self._phase.paused and not self._phase.over.is_set():
            await self._phase.resumed.wait()

    def _is_ending(self) -> bool:
        """Whether there is no operation left that a thinking worker could come back for."""
        if self._finishing or self._phase.over.is_set():
            return True
        if self._iterations is None:
            return False
        left = self._iterations - self._phase.recorder.ended
        return left <= len(self._starts) and left <= len(self.started_ns())

    async def _think(self) -> None:
        """For the think time on the clock of the phase, which stands in a pause."""
        phase, now_ns, left_ns = self._phase, self._phase.clock(), self._think_time_ns
        while left_ns > 0 and now_ns < phase.end_ns and not self._is_ending():
            from_ns = now_ns
            woken = asyncio.get_running_loop().create_future()
            self._timer.at(min(from_ns + left_ns, phase.end_ns), partial(wake, woken))
            self._thinking.add(woken)
            try:
                await woken
            finally:
                self._thinking.discard(woken)
            await self._until_resumed()
            now_ns = phase.clock()
            left_ns -= now_ns - from_ns - phase.recorder.paused_ns(from_ns, now_ns)
