"""One run: a profile's workload under its load, through its phases."""

from __future__ import annotations

import contextlib
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Literal, NamedTuple

from cortex_tui.isolation import asyncio
from cortex_tui.loads.share import WHOLE, Share
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.lifecycle import PAUSED, RunLife, TransitionError
from cortex_tui.protocol.messages import (
    Calibrated,
    Health,
    LevelChanged,
    Mark,
    Message,
    Samples,
    StateChanged,
)
from cortex_tui.protocol.plan import RunPlan
from cortex_tui.quantities import format_seconds
from cortex_tui.runner.batch_size import BatchSize
from cortex_tui.runner.clock import CLOCK, NEVER_NS
from cortex_tui.runner.driver import Driver, DriverTask, make_driver
from cortex_tui.runner.endings import began_late
from cortex_tui.runner.health import HealthReport
from cortex_tui.runner.loops import LoopTurns
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.phase import DRAIN_NS, MEASURE_STALL_NS, STALL_NS, ActivePhase
from cortex_tui.runner.recorder import Recorder
from cortex_tui.runner.timeline import Timeline
from cortex_tui.runner.timer import ArrivalTimer
from cortex_tui.runner.totals import Totals
from cortex_tui.runner.waits import WaitWatch

LATE_NS = 50_000_000
"""One of several processes that begins later than this, after the moment of all, is reported."""

Report = Callable[[Message], None]


LOOKS = 2
"""How many are kept for samples to come: one may come before those of the interval before it."""


class _InFlight(NamedTuple):
    """What was under way at one moment."""

    number: int
    oldest_ns: int
    """For how long the oldest of them was."""
    waits: dict[str, int]


_NOTHING = _InFlight(0, 0, {})


class Run:
    """The operations of one run. The session decides when its phases begin; all on its loop."""

    def __init__(
        self,
        plan: RunPlan,
        *,
        turns: LoopTurns,
        timer: ArrivalTimer,
        interval_ns: int,
        share: Share = WHOLE,
        timeline: Timeline | None = None,
        batches: dict[str, int] | None = None,
        report: Report = lambda message: None,
    ) -> None:
        """`report` takes each message at once; samples are asked for. `batches` has what earlier
        rounds found by profile, and gets what this one finds."""
        self.number = plan.run
        self.plan = plan
        self.profile = plan.profile
        self.totals = Totals()
        self.warnings: list[str] = []
        """What its reader should know, in the order in which it came up."""
        self.life = RunLife()
        self._turns = turns
        self._timer = timer
        self._interval_ns = interval_ns
        self._report = report
        self._timeline = timeline
        self.share = share
        self._indices: Iterator[int] = count(share.index, share.of)
        self._phase: ActivePhase | None = None
        self._driver: Driver | None = None
        self._batch = BatchSize(self.profile, {} if batches is None else batches)
        self._reported_level = -1.0
        self._waits = WaitWatch(self.number)
        self._pause_ns = (0, 0)
        """The one in which samples were handed on last."""
        self._seen: deque[_InFlight] = deque(maxlen=LOOKS)
        """What the samples that are taken next say of the operations under way, in order."""

    def change(self, life: RunLife, at_ns: int | None = None) -> None:
        """Its state from that moment on, now if None."""
        if life != self.life:
            self.life = life
            at_ns = CLOCK.read_ns() if at_ns is None else at_ns
            self._report(StateChanged(self.number, life, at_ns))

    def begin_measure(self, start_ns: int) -> None:
        """At the moment at which all that have warmed up begin; nothing for one that has not."""
        if self.life.stage == "warm" and not self.life.stopping:
            self.change(self.life.to("measure"), start_ns)
            late_ns = CLOCK.read_ns() - start_ns
            if late_ns > LATE_NS and self.share.of > 1:
                self.warnings.append(began_late(late_ns))

    # --- phases ------------------------------------------------------------------------------

    async def warm_up(self, operations: Operations, start_ns: int) -> None:
        """Runs the warm-up, if there is one; its values are handed on, but never counted.

        Then, if the profile leaves it to us, finds how many operations to time as one.
        """
        self.change(self.life.to("warmup"), start_ns)
        if self.profile.warmup and not self.life.stopping:
            await self._run_phase("warmup", operations, self.profile.warmup, start_ns)
        if self.profile.batch == 0 and not self.life.stopping:
            found = await self._batch.find(operations, self._indices)
            if found is not None:
                self._report(Calibrated(self.number, *found))

    async def measure(self, operations: Operations, start_ns: int) -> None:
        """Runs the measure phase from `start_ns` to its end, operations in flight included."""
        await self._run_phase("measure", operations, self._measure_length(), start_ns)

    def _measure_length(self) -> Length:
        own_ns, stop = self.profile.load.duration_ns, self.profile.stop
        return stop if own_ns is None else Length(own_ns, stop.iterations)

    async def _run_phase(
        self,
        name: Literal["warmup", "measure"],
        operations: Operations,
        length: Length,
        start_ns: int,
    ) -> None:
        lasts_ns = length.duration_ns
        end_ns = NEVER_NS if lasts_ns is None else start_ns + lasts_ns
        stall_ns = self._stall_ns(name)
        recorder = Recorder(self.number, name, start_ns, self._interval_ns, end_ns)
        recorder.batch = self._batch.size
        phase = ActivePhase(
            name,
            recorder,
            start_ns,
            end_ns,
            self.profile.timeout_ns,
            operations.context,
            self._timeline,
        )
        driver = self._driver_of(phase, operations, length.iterations)
        self._phase, self._driver = phase, driver
        driver.begin()
        self._report_level()
        if self.life.paused:
            self._halt(phase, driver, start_ns)
        if self.life.stopping:
            phase.end()
        try:
            await phase.until_over(stall_ns if lasts_ns is None else None)
            await driver.finish()
            phase.over.set()
            over_ns = phase.now_ns()
            unfinished_ns = await phase.drain(driver.started_ns)
        except BaseException:
            self.totals.take_broken(phase)
            phase.cut()
            raise
        self.warnings += self.totals.take(
            phase, over_ns, unfinished_ns, length.iterations, stall_ns
        )
        if phase.broken is not None:
            raise phase.broken

    def _stall_ns(self, name: Literal["warmup", "measure"]) -> int:
        """For how long no operation may end before a phase by a number of them is over."""
        timeout_ns = self.profile.timeout_ns
        if name == "warmup":
            return STALL_NS
        # One that its timeout does not end, since it will not be cancelled, is not waited for.
        return MEASURE_STALL_NS if timeout_ns is None else timeout_ns + DRAIN_NS

    def _driver_of(
        self, phase: ActivePhase, operations: Operations, iterations: int | None
    ) -> Driver:
        load = self.profile.load
        seed = zlib.crc32(f"{self.profile.full_name} {phase.name} {self.plan.round}".encode())
        return make_driver(
            DriverTask(
                load=load.steady() if phase.name == "warmup" else load,
                share=self.share,
                phase=phase,
                operations=operations,
                indices=self._indices,
                iterations=iterations,
                seed=seed,
                timeout_ns=self.profile.timeout_ns,
                turns=self._turns,
                timer=self._timer,
            )
        )

    # --- what a person may do meanwhile ------------------------------------------------------
    # Each says what it did, or raises TransitionError with the reason why it did nothing. `at_ns`
    # is the moment at which several runners do it, None for one that need not wait for others.

    def stop(self, at_ns: int | None = None) -> str:
        """Starts nothing new; what is in flight is awaited, but not if asked a second time."""
        again, phase = self.life.stopping, self._phase
        # One moment: what would be due between the end of a pause and that of the phase is not.
        at_ns = CLOCK.read_ns() if at_ns is None else at_ns
        self._resume(at_ns)
        self.change(self.life.stop())
        if phase is not None:
            if again:
                phase.abandon()
            phase.end(at_ns)
        self._batch.cancel()
        return "stopping without waiting for operations in flight" if again else "stopping"

    def end_phase(self, phase_name: str | None, mark: str, at_ns: int | None = None) -> str:
        """Ends the phase under way, if it is the named one, as if its time were up."""
        phase = self._phase
        if phase is None or phase.over.is_set() or phase_name not in (None, phase.name):
            raise TransitionError(f"there is no {phase_name or 'warm-up or measure'} to end now")
        at_ns = CLOCK.read_ns() if at_ns is None else at_ns
        self._mark(mark, at_ns)
        self._resume(at_ns)
        phase.end(at_ns)
        return f"ended {'warm-up' if phase.name == 'warmup' else 'measure'}"

    def pause(self, at_ns: int | None = None) -> str:
        """Starts nothing new and stops the clock; between two phases, when the next begins."""
        phase, driver = self._phase, self._driver
        life = self.life.pause()
        if phase is None or driver is None or phase.over.is_set():
            if phase is not None and phase.name == "measure":
                raise TransitionError("it has measured to its end")
            self.change(life)
            return "paused from its next phase on"
        self._halt(phase, driver, at_ns)
        self.change(life, phase.now_ns())
        return "paused"

    def _halt(self, phase: ActivePhase, driver: Driver, at_ns: int | None) -> None:
        # The clock stops first: what is due by then is started, and no later moment is left over.
        phase.pause(at_ns)
        driver.pause()
        self._mark(PAUSED)

    def resume(self, at_ns: int | None = None) -> str:
        self.life.resume()
        by_ns = self._resume(at_ns)
        if by_ns:
            self._mark(f"resumed after {format_seconds(by_ns, 1)}", at_ns)
        return "resumed"

    def _resume(self, at_ns: int | None) -> int:
        """Ends a pause, if there is one; how long it was."""
        phase, driver = self._phase, self._driver
        if not self.life.paused:
            return 0
        if phase is None or driver is None or not phase.paused:
            self.change(self.life.resume())
            return 0
        paused_ns = phase.now_ns()
        by_ns = phase.resume(at_ns)
        driver.put_off(by_ns, paused_ns)
        self.change(self.life.resume(), paused_ns + by_ns)
        return by_ns

    def adjust(self, factor: float, at_ns: int | None = None) -> str:
        """Multiplies the rate or the number of workers."""
        phase, driver = self._phase, self._driver
        if driver is None or phase is None or phase.over.is_set() or factor <= 0:
            raise TransitionError("its load can be changed in warm-up and measure only")
        before = driver.level
        driver.adjust(factor, phase.moment_of(at_ns))
        if driver.level == before:
            raise TransitionError("its load is at its bound")
        text = f"{before:g} → {driver.level:g}{self.profile.load.unit}"
        self._mark(text, at_ns)
        self._report_level()
        return text

    def _mark(self, text: str, at_ns: int | None = None) -> None:
        phase = self._phase
        if phase is not None and phase.name == "measure" and text:
            offset_ns = phase.moment_of(at_ns) - phase.start_ns
            self._report(Mark(self.number, offset_ns, text, phase.clock()))

    # --- what is recorded --------------------------------------------------------------------

    @property
    def boundary_ns(self) -> int | None:
        """Where the current interval ends; None between phases and in a pause."""
        phase = self._phase
        return None if phase is None or phase.paused else phase.recorder.boundary_ns

    def look(self) -> None:
        """Notes which operations are under way and what they wait for, for the samples that are
        taken later: that is best done when none is under way."""
        phase, driver = self._phase, self._driver
        if phase is None:
            return
        started = [] if driver is None else driver.started_ns()
        if not started:
            self._seen.append(_NOTHING)
            return
        waits = self._waits.look(phase.tasks) if phase.name == "measure" else {}
        self._seen.append(_InFlight(len(started), phase.clock() - min(started), waits))

    def quiet_ns(self, now_ns: int) -> int | None:
        """How long no operation is expected that could be delayed: 0 while some are under way; None
        where one follows the other."""
        phase, driver = self._phase, self._driver
        if phase is None or driver is None or phase.paused or phase.over.is_set():
            return NEVER_NS
        if (next_ns := driver.next_start_ns) is None:
            return None
        return 0 if phase.tasks else max(0, next_ns - now_ns)

    async def until_ended(self, at_most_ns: int) -> None:
        """Waits until no operation is under way any more, that of the next arrival included."""
        if self._phase is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(at_most_ns / 1e9):
                    await self._phase.until_ended()

    def take_samples(self, neighbours: int, report: HealthReport) -> list[Message]:
        """What was recorded since the last call; the last one says what was seen by `look`.

        Called by the session every tenth of a second.
        """
        phase, driver = self._phase, self._driver
        if phase is None:
            return []
        if driver is not None and (by_ns := phase.keep_pace()):
            driver.put_off(by_ns, phase.now_ns())
        self._report_level()
        phase.recorder.reach(phase.now_ns())
        if not self._seen:
            self.look()
        return self._hand_on(phase, neighbours, report, self._seen.popleft())

    def finish_samples(self, neighbours: int, report: HealthReport) -> list[Message]:
        """The rest of a phase that is over, its last and shorter interval included."""
        phase = self._phase
        if phase is None:
            return []
        phase.recorder.seal()
        handed_on = self._hand_on(phase, neighbours, report, _NOTHING)
        self._phase = self._driver = None
        self._seen.clear()
        return handed_on

    def _hand_on(
        self, phase: ActivePhase, neighbours: int, report: HealthReport, seen: _InFlight
    ) -> list[Message]:
        recorder = phase.recorder
        interval = max(0, recorder.interval - 1)
        # It was looked for operations under way at another moment, perhaps after the pause.
        if not seen.number or recorder.pause_ns[0] == self._pause_ns[0]:
            report = self._but_in_pause(phase, report)
        health, spanned = report.by_interval(
            interval, recorder.interval_at, since_ns=recorder.began_ns
        )
        now = Samples(
            run=self.number,
            phase=phase.name,
            interval=interval,
            in_flight=seen.number,
            oldest_ns=seen.oldest_ns,
            waits=seen.waits,
            neighbours=neighbours,
            at_ns=phase.clock(),
            health=health,
            spanned=spanned,
        )
        return [*recorder.take(), now]

    def _but_in_pause(self, phase: ActivePhase, report: HealthReport) -> HealthReport:
        """Without what happened in a pause, for which nothing waited."""
        before_ns, self._pause_ns = self._pause_ns, phase.recorder.pause_ns
        report = report.but_within(self._pause_ns)
        if phase.paused and self._pause_ns == before_ns:
            return report._replace(health=Health())
        return report

    def _report_level(self) -> None:
        if self._driver is not None and self._phase is not None:
            level = self._driver.level
            if level != self._reported_level:
                self._reported_level = level
                self._report(LevelChanged(self.number, level, self._phase.clock()))
