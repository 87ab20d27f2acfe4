"""One run: a profile's workload under its load, through its phases."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import count, islice
from typing import Any, Literal

from cortex_tui.load import ConstantArrivals
from cortex_tui.profiles.model import ClosedLoad, Length, OpenLoad, Profile
from cortex_tui.protocol import Health, Samples
from cortex_tui.runner.loops import CHECK_NS, LoopTurns, closed_worker, open_arrival
from cortex_tui.runner.recorder import Recorder
from cortex_tui.runner.timer import ArrivalTimer
from cortex_tui.workloads.api import Operation, WorkloadError

DRAIN_NS = 5_000_000_000
"""How long operations in flight are awaited at the end of a phase."""

_NEVER_NS = 1 << 62

Clock = Callable[[], int]


class Run:
    """The operations of one run. The session decides when its phases begin; all on its loop."""

    def __init__(
        self,
        number: int,
        profile: Profile,
        *,
        turns: LoopTurns,
        timer: ArrivalTimer,
        interval_ns: int,
        clock: Clock = time.perf_counter_ns,
    ) -> None:
        self.number = number
        self.profile = profile
        self.recorder: Recorder | None = None
        self.unfinished_ns: tuple[int, ...] = ()
        self.measured_ns = 0
        self.stopping = False
        self._turns = turns
        self._timer = timer
        self._interval_ns = interval_ns
        self._clock = clock
        self._indices: Iterator[int] = count()
        self._end_ns = _NEVER_NS
        self._starts: list[int] | dict[int, int] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None
        self._over = asyncio.Event()
        self._abandoned = asyncio.Event()

    def stop(self) -> None:
        """Starts nothing new; what is in flight is awaited, but not if asked a second time."""
        if self.stopping:
            self._abandoned.set()
        self.stopping = True
        self._end_ns = min(self._end_ns, self._clock())
        self._over.set()

    def in_flight(self) -> tuple[int, int]:
        """How many operations are under way, and the age of the oldest in ns."""
        started = self._started()
        return len(started), self._clock() - min(started) if started else 0

    async def warm_up(self, operation: Operation) -> None:
        """Runs the warm-up, if there is one; its values are handed on, but never counted."""
        if self.profile.warmup and not self.stopping:
            await self._phase("warmup", operation, self.profile.warmup, self._clock())

    async def measure(self, operation: Operation, start_ns: int) -> None:
        """Runs the measure phase from `start_ns` to its end, operations in flight included."""
        if not self.stopping:
            await self._phase("measure", operation, self.profile.stop, start_ns)

    def take_samples(self, neighbours: int, health: Health) -> list[Samples]:
        """What was recorded since the last call; the last one tells of this moment, too.

        Called by the session every tenth of a second.
        """
        recorder = self.recorder
        if recorder is None:
            return []
        now_ns = self._clock()
        recorder.reach(now_ns)
        return self._hand_on(recorder, now_ns, neighbours, health)

    def finish_samples(self, neighbours: int, health: Health) -> list[Samples]:
        """The rest of a phase that is over, its last and shorter interval included."""
        recorder, self.recorder = self.recorder, None
        if recorder is None:
            return []
        recorder.seal()
        return self._hand_on(recorder, self._clock(), neighbours, health)

    def _hand_on(
        self, recorder: Recorder, now_ns: int, neighbours: int, health: Health
    ) -> list[Samples]:
        in_flight, oldest_ns = self.in_flight()
        now = Samples(
            run=self.number,
            phase=recorder.phase,
            interval=max(0, recorder.interval - 1),
            in_flight=in_flight,
            oldest_ns=oldest_ns,
            neighbours=neighbours,
            at_ns=now_ns,
            health=health,
        )
        return [*recorder.take(), now]

    async def _phase(
        self,
        phase: Literal["warmup", "measure"],
        operation: Operation,
        length: Length,
        start_ns: int,
    ) -> None:
        self.recorder = Recorder(self.number, phase, start_ns, self._interval_ns)
        self._over.clear()
        self._end_ns = _NEVER_NS if length.duration_ns is None else start_ns + length.duration_ns
        load = self.profile.load
        if isinstance(load, ClosedLoad):
            await self._closed(load, operation, length.iterations)
        else:
            await self._open(load, operation, length.iterations, start_ns)
        over_ns = self._clock()
        unfinished_ns = await self._drain()
        if phase == "measure":
            self.unfinished_ns = unfinished_ns
            # The wait for operations that never ended is not part of what was measured.
            self.measured_ns = (over_ns if unfinished_ns else self._clock()) - start_ns
        if self._broken is not None:
            raise self._broken

    async def _closed(self, load: ClosedLoad, operation: Operation, iterations: int | None) -> None:
        recorder = self._recorder
        starts = self._starts = [0] * load.workers
        indices = self._indices if iterations is None else islice(self._indices, iterations)
        worker = closed_worker(awaits=operation.awaits, takes_index=operation.takes_index)
        for slot in range(load.workers):
            self._spawn(
                worker(
                    slot, operation.function, indices, starts, self._clock, recorder,
                    self._fail, self._checkpoint, self._turns.turn,
                )
            )  # fmt: skip
        await self._until_over()

    async def _open(
        self, load: OpenLoad, operation: Operation, iterations: int | None, start_ns: int
    ) -> None:
        recorder = self._recorder
        starts: dict[int, int] = {}
        self._starts = starts
        arrival = open_arrival(awaits=operation.awaits, takes_index=operation.takes_index)
        end_ns = None if self._end_ns == _NEVER_NS else self._end_ns
        arrivals = ConstantArrivals(load, start_ns, end_ns, iterations)
        over = self._over

        def arrive() -> None:
            if over.is_set():
                return
            for intended_ns in arrivals.take_due(self._clock()):
                i = next(self._indices)
                if len(self._tasks) >= load.max_in_flight:
                    recorder.unstarted += 1
                    continue
                self._spawn(
                    arrival(
                        i, intended_ns, operation.function, starts, self._clock, recorder,
                        self._fail,
                    )
                )  # fmt: skip
            if arrivals.next_ns is not None:
                self._timer.at(arrivals.next_ns, arrive)
            elif end_ns is None:
                over.set()

        if arrivals.next_ns is not None:
            self._timer.at(arrivals.next_ns, arrive)
        await self._until_over()

    async def _until_over(self) -> None:
        """Waits for the end of the phase, by the clock or because something ended it earlier."""
        while not self._over.is_set():
            wait_ns = self._end_ns - self._clock()
            if wait_ns <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait_ns / 1e9, 3600.0)):
                    await self._over.wait()

    async def _idle(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
            if self._broken is not None:
                return

    async def _drain(self) -> tuple[int, ...]:
        """Awaits what is in flight, for DRAIN_NS at most; the ages of what has not ended then."""
        if self._tasks and self._broken is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_NS / 1e9):
                    await self._either(self._idle(), self._abandoned.wait())
        now_ns = self._clock()
        unfinished_ns = sorted((now_ns - started for started in self._started()), reverse=True)
        self._recorder.seal()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            # A task may swallow its cancellation; the session does not wait for it for ever.
            await asyncio.wait(set(self._tasks), timeout=1.0)
        self._starts = []
        return tuple(unfinished_ns)

    @staticmethod
    async def _either(*waiting: Coroutine[Any, Any, object]) -> None:
        """Waits for the first of some coroutines; the others are cancelled."""
        tasks = [asyncio.ensure_future(coroutine) for coroutine in waiting]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    def _spawn(self, worker: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(worker)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and self._broken is None and not self._recorder_sealed:
            self._broken = error
            self._over.set()
        # A worker ends when there is nothing left to start; an arrival's end says nothing.
        if isinstance(self.profile.load, ClosedLoad):
            self._over.set()

    def _checkpoint(self, now_ns: int) -> int:
        """Until when a worker may go on without looking up again; 0 when the phase is over."""
        if now_ns >= self._end_ns or self._broken is not None:
            return 0
        recorder = self._recorder
        recorder.reach(now_ns)
        return min(now_ns + CHECK_NS, recorder.boundary_ns, self._end_ns)

    def _fail(self, error: BaseException, start_ns: int, end_ns: int) -> bool:
        """Counts a failed operation; False for what is no failure of the operation."""
        if isinstance(error, WorkloadError | GeneratorExit) or self._recorder_sealed:
            return False
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                return False
        recorder = self._recorder
        recorder.reach(end_ns)
        recorder.fail(error, end_ns - start_ns)
        return True

    def _started(self) -> Sequence[int]:
        starts = self._starts
        return [s for s in (starts.values() if isinstance(starts, dict) else starts) if s]

    @property
    def _recorder_sealed(self) -> bool:
        return self.recorder is None or self.recorder.sealed

    @property
    def _recorder(self) -> Recorder:
        if self.recorder is None:
            raise RuntimeError("no phase of this run is under way")
        return self.recorder
