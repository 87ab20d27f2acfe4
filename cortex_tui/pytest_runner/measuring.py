"""One test as a run: its states, its phases, and the calls that are timed in them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, Literal

from cortex_tui.limits import MAX_LINE_CHARS
from cortex_tui.protocol.lifecycle import PAUSED, Outcome, RunLife, TransitionError
from cortex_tui.protocol.messages import (
    Calibrated,
    LogLine,
    Mark,
    Message,
    Pulse,
    RunFinished,
    RunMeasured,
    Samples,
    StateChanged,
)
from cortex_tui.protocol.plan import RunPlan
from cortex_tui.pytest_runner.quiet import collected_before
from cortex_tui.runner.calibration import calibrated_batch
from cortex_tui.runner.clock import CLOCK, NEVER_NS
from cortex_tui.runner.health import HealthMeter
from cortex_tui.runner.loops import CHECK_NS
from cortex_tui.runner.recorder import Recorder
from cortex_tui.workloads.operation import Operation

PAUSED_POLL_S = 0.1
"""How often a paused run reports that it is there."""

Send = Callable[[list[Message]], None]
Poll = Callable[[float], None]
"""Carries out the commands that have come, or that come within some seconds."""
Turn = Callable[[], Coroutine[Any, Any, None]]
"""Lets others have the event loop, where the test runs on one."""


async def no_turn() -> None:
    """Where there is no event loop."""


class Phase:
    """Warm-up or measure: what the innermost loop asks between two calls."""

    def __init__(
        self,
        run: TestRun,
        name: Literal["warmup", "measure"],
        lasts_ns: int | None,
        at_least: int = 1,
    ) -> None:
        """It is over when it has lasted so long and has had `at_least` rounds: values, each of
        which may be of several calls."""
        self.name: Literal["warmup", "measure"] = name
        self.start_ns = CLOCK.read_ns()
        self.recorder = Recorder(run.number, name, self.start_ns, run.interval_ns)
        self.over = False
        self.limits = [0]
        self.starts = [0]
        self._run = run
        self._due_ns = NEVER_NS if lasts_ns is None else self.start_ns + lasts_ns
        self._at_least = at_least
        self._handed_on_ns = self.recorder.boundary_ns

    def checkpoint(self, slot: int, now_ns: int) -> bool:
        """Whether to continue; until when without the next check is in `limits`."""
        self.recorder.reach(now_ns)
        if self.recorder.boundary_ns != self._handed_on_ns:
            self._handed_on_ns = self.recorder.boundary_ns
            self._run.hand_on(self)
        self._run.poll(0.0)
        if self._run.life.paused and not self.over:
            self._wait_out_pause()
        if self.over or (now_ns >= self._due_ns and self._rounds >= self._at_least):
            return False
        soon_ns = min(now_ns + CHECK_NS, self.recorder.boundary_ns)
        self.limits[slot] = min(soon_ns, max(self._due_ns, now_ns))
        return True

    def settle(self, start_ns: int, end_ns: int, failed: int = 0) -> None:
        """`failed` is 0: what fails ends the test. It pauses between operations alone."""
        self.recorder.record(start_ns, end_ns)

    def fail(self, error: BaseException, start_ns: int, end_ns: int) -> bool:
        """An exception fails the test, as everywhere in pytest; it is not counted."""
        return False

    @property
    def _rounds(self) -> int:
        return self.recorder.ended // self.recorder.batch

    def _wait_out_pause(self) -> None:
        paused_ns = CLOCK.read_ns()
        self.recorder.pause(paused_ns)
        while self._run.life.paused and not self.over:
            self._run.poll(PAUSED_POLL_S)
            self._run.pulse()
        resumed_ns = CLOCK.read_ns()
        by_ns = resumed_ns - paused_ns
        self.recorder.resume(resumed_ns)
        self._handed_on_ns = self.recorder.boundary_ns
        self.start_ns += by_ns
        if self._due_ns != NEVER_NS:
            self._due_ns += by_ns


Work = Callable[[Phase], Coroutine[Any, Any, None]]
"""The calls of one phase, until its `checkpoint` says that it is over."""


class TestRun:
    """What pytest runs under one name, from its fixtures to their teardown."""

    __test__ = False

    def __init__(
        self, plan: RunPlan, interval_ns: int, health: HealthMeter, send: Send, poll: Poll,
        batches: dict[str, int],
    ) -> None:  # fmt: skip
        """`batches` has what earlier rounds found by profile, and gets what this one finds."""
        self.number = plan.run
        self.round = plan.round
        self.profile = plan.profile
        self.interval_ns = interval_ns
        self.life = RunLife()
        self.poll = poll
        self.warnings: list[str] = []
        self.values_ns: array[int] = array("q")
        """Of every value of the measure phase, for `benchmark.stats`."""
        self.batch = 1
        self._batches = batches
        self._health = health
        self._send = send
        self._phase: Phase | None = None
        self._failure = ("", "")
        self._skipped = ""
        self._measured_ns = 0
        self._warmup_ns = 0
        self._warmup_iterations = 0

    def change(self, life: RunLife) -> None:
        """Its state from now on."""
        if life != self.life:
            self.life = life
            self._send([StateChanged(self.number, life, CLOCK.read_ns())])

    def begin(self) -> None:
        """pytest sets the test up."""
        self.change(self.life.to("setup"))

    async def measure(
        self, warm_up: Work | None, measure: Work, *, warmup_ns: int | None, lasts_ns: int | None,
        at_least: int, batch: int = 1, calibrate: Operation | None = None,
    ) -> None:  # fmt: skip
        """Runs both phases; with `calibrate` it finds out how many calls to time as one.

        What a call raises comes out. A run that was stopped before measures nothing.
        """
        self.batch = batch
        self.change(self.life.to("set_up"))
        if not self.life.stopping:
            self.change(self.life.to("warmup"))
            if warm_up is not None:
                phase = await self._through("warmup", warm_up, warmup_ns, 1)
                self._warmup_ns = CLOCK.read_ns() - phase.start_ns
                self._warmup_iterations = phase.recorder.ended
            if not self.life.stopping:
                await self._find_batch(batch, calibrate)
        self.change(self.life.to("warm"))
        if not self.life.stopping:
            with collected_before():
                self.change(self.life.to("measure"))
                phase = await self._through("measure", measure, lasts_ns, at_least)
                self._measured_ns = CLOCK.read_ns() - phase.start_ns
        self._close("stopped" if self.life.stopping else "finished")

    async def _find_batch(self, given: int, calibrate: Operation | None) -> None:
        name, operation_ns = self.profile.full_name, 0.0
        if calibrate is None:
            self.batch = given
        elif known := self.profile.batch_found or self._batches.get(name, 0):
            self.batch = known
        else:
            self.batch, operation_ns = await calibrated_batch(calibrate, count())
            self._batches[name] = self.batch
        if self.batch > 1 or calibrate is not None:
            self._send([Calibrated(self.number, self.batch, operation_ns)])

    async def _through(
        self, name: Literal["warmup", "measure"], work: Work, lasts_ns: int | None, at_least: int
    ) -> Phase:
        self._health.take()
        phase = self._phase = Phase(self, name, lasts_ns, at_least)
        phase.recorder.batch = self.batch
        try:
            await work(phase)
        finally:
            if name == "measure":
                self._measured_ns = CLOCK.read_ns() - phase.start_ns
            phase.recorder.seal()
            self.hand_on(phase)
            self._phase = None
        return phase

    def hand_on(self, phase: Phase) -> None:
        """What was recorded since the last call, and how the process was meanwhile."""
        now_ns, recorder = CLOCK.read_ns(), phase.recorder
        report = self._health.take()
        interval = max(0, recorder.interval - 1)
        health, spanned = report.by_interval(
            interval, recorder.interval_at, since_ns=recorder.began_ns
        )
        recorded = recorder.take()
        if phase.name == "measure":
            for samples in recorded:
                self.values_ns.frombytes(samples.service)
        now = Samples(
            run=self.number, phase=phase.name, interval=interval, at_ns=now_ns, health=health,
            spanned=spanned,
        )  # fmt: skip
        self._send([Pulse(now_ns, report.health), *recorded, now])

    def pulse(self) -> None:
        """Reports that the runner is there, although nothing is measured."""
        self._send([Pulse(CLOCK.read_ns(), self._health.take().health)])

    def note(self, text: str) -> None:
        """Puts a line into the log."""
        self._send([LogLine(self.number, "runner", text[:MAX_LINE_CHARS], CLOCK.read_ns())])

    # --- what a person may do meanwhile: each returns what was done, or raises TransitionError ---

    def stop(self) -> str:
        self.change(self.life.stop())
        if self._phase is not None:
            self._phase.over = True
        return "stopping"

    def pause(self) -> str:
        self.change(self.life.pause())
        self._mark(PAUSED)
        return "paused after the call under way"

    def resume(self) -> str:
        self.change(self.life.resume())
        self._mark("resumed")
        return "resumed"

    def end_phase(self, name: str | None, mark: str) -> str:
        if self._phase is None or name not in (None, self._phase.name):
            raise TransitionError(f"there is no {name or 'warm-up or measure'} to end now")
        self._mark(mark)
        self._phase.over = True
        return f"ended {'warm-up' if self._phase.name == 'warmup' else 'measure'}"

    def _mark(self, text: str) -> None:
        phase = self._phase
        if phase is not None and phase.name == "measure" and text:
            now_ns = CLOCK.read_ns()
            self._send([Mark(self.number, now_ns - phase.start_ns, text, now_ns)])

    # --- its end -----------------------------------------------------------------------------

    def fail(self, reason: str, traceback: str = "") -> None:
        """The test has failed; the first reason stands."""
        if not self._failure[0]:
            self._failure = (reason, traceback)

    def fail_unless_begun(self, reason: str) -> None:
        """The same where pytest has not come to the test at all."""
        if self.life.stage == "planned":
            self.fail(reason)

    def skip(self, reason: str) -> None:
        self._skipped = reason

    def end(self) -> None:
        """Reports what it has come to; nothing where that was done before."""
        if self.life.has_ended:
            return
        if not self.life.is_over:
            if not (self._failure[0] or self._skipped or self.life.stopping):
                self.fail("the test ended without a call of `benchmark`")
            self._close("failed" if self._failure[0] else "stopped")
        outcome: Outcome = "failed" if self._failure[0] else self.life.outcome or "stopped"
        self.change(self.life.to("ended", outcome))
        self._send([self._finished(outcome)])

    def _close(self, outcome: Outcome) -> None:
        self._send([RunMeasured(self._finished(outcome))])
        self.change(self.life.to("measured", outcome))

    def _finished(self, outcome: Outcome) -> RunFinished:
        reason, traceback = self._failure
        return RunFinished(
            run=self.number,
            state=outcome,
            reason=reason or self._skipped,
            traceback=traceback,
            at_ns=CLOCK.read_ns(),
            measured_ns=self._measured_ns,
            warmup_ns=self._warmup_ns,
            warmup_iterations=self._warmup_iterations,
            warnings=tuple(self.warnings),
        )
