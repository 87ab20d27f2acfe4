"""A session on its measuring loop: the runs of a plan, through common phases.

Every run of a group is set up, then all warm up, then measure begins for all at one moment;
teardown waits until the last has ended. Beside the operations nothing happens on the loop but a
tick ten times a second, which hands the recorded values on.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol import (
    Adjust,
    Command,
    EndPhase,
    Health,
    LogLine,
    Message,
    Pause,
    Phase,
    PhaseChanged,
    Pulse,
    Resume,
    RunFinished,
    RunPlan,
    RunPlanned,
    SessionFinished,
    SessionPlan,
    SessionStarted,
    Start,
    Stop,
)
from cortex_tui.runner.calibration import await_cost_ns, clock_cost_ns
from cortex_tui.runner.health import HealthMeter
from cortex_tui.runner.loops import LoopTurns
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.recorder import describe_error, format_traceback
from cortex_tui.runner.rendezvous import Rendezvous
from cortex_tui.runner.run import Run
from cortex_tui.runner.timer import ArrivalTimer
from cortex_tui.workloads.context import RunContext, current_run
from cortex_tui.workloads.operation import WorkloadError
from cortex_tui.workloads.resolving import resolve

TEARDOWN_S = 5.0
"""How long a teardown may take before it is given up."""

HAND_ON_NS = 100_000
"""For how long the values of many runs are handed on before the loop has its turn."""

Emit = Callable[[list[Message]], None]


class Session:
    """Runs a plan and emits its messages, in batches of a frame each."""

    def __init__(self, plan: SessionPlan, emit: Emit) -> None:
        self._plan = plan
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self._timer = ArrivalTimer(self._loop)
        turns = LoopTurns(self._loop)
        self._health = HealthMeter(self._loop)
        self._shared: dict[str, Any] = {}
        self._alone: list[_Member] = []
        """Runs that turned out not to bear neighbours; they follow when those are done."""
        self._members: dict[int, _Member] = {
            p.run: _Member(
                Run(
                    p,
                    turns=turns,
                    timer=self._timer,
                    interval_ns=plan.interval_ns,
                    tell=lambda message: self._emit([message]),
                )
            )
            for p in plan.runs
        }

    def stop(self, run: int | None = None) -> None:
        """Ends one run, or all, those included that have not begun."""
        for member in self._named(run):
            if member.phase == "teardown":
                continue  # it has measured to its end, and only waits for the others
            member.run.stop()
            if member.setting_up and member.task is not None:
                member.task.cancel()

    def obey(self, command: Command) -> None:
        """Does what a person asks for while the session goes on."""
        match command:
            case Stop():
                self.stop(command.run)
            case Pause():
                for member in self._named(command.run):
                    member.run.pause()
            case Resume():
                for member in self._named(command.run):
                    member.run.resume()
            case EndPhase():
                for member in self._named(command.run):
                    member.run.end_phase(command.phase, command.mark)
            case Adjust():
                for member in self._named(command.run):
                    member.run.adjust(command.factor)
            case Start():
                pass  # a session has one plan

    def _named(self, run: int | None) -> list[_Member]:
        return [member for number, member in self._members.items() if run in (None, number)]

    async def run(self) -> None:
        """From the first message to the last; failures of workloads are told, not raised."""
        groups = _groups(self._plan)
        self._emit([self._started(clock_cost_ns(), await await_cost_ns())])
        self._emit(
            [
                RunPlanned(
                    p.run, p.profile, tuple(o.profile.full_name for o in g if o is not p), p.round
                )
                for g in groups
                for p in g
            ]
        )
        try:
            for group in groups:
                await self._run_group([self._members[p.run] for p in group])
                while self._alone:
                    await self._run_group([self._alone.pop(0)])
        finally:
            self._timer.close()
            self._health.close()
            await self._close_shared()
        self._emit([SessionFinished(time.perf_counter_ns())])

    async def _run_group(self, group: Sequence[_Member]) -> None:
        barriers = _Barriers([m.run.number for m in group], lambda: _begin_measure(group))
        ticking = self._loop.create_task(self._tick(group))
        self._health.begin()
        try:
            for member in group:
                member.task = self._loop.create_task(self._run_member(member, group, barriers))
            await asyncio.gather(*(m.task for m in group if m.task is not None))
        finally:
            ticking.cancel()
            await asyncio.wait([ticking])
            self._health.end()
            gc.unfreeze()

    async def _run_member(
        self, member: _Member, group: Sequence[_Member], barriers: _Barriers
    ) -> None:
        run, stack = member.run, AsyncExitStack()
        failure: BaseException | None = None
        alone = False
        try:
            if not run.stopping:
                self._enter(member, "setup")
                operations = await self._set_up(member, group, stack)
                await self._until_measured(member, group, barriers, operations)
        except _NeedsToBeAloneError:
            alone = True
        except BaseException as error:
            # A stop cancels a set-up; every other error is the workload's own.
            if not (isinstance(error, asyncio.CancelledError) and run.stopping):
                failure = error
        self._leave_measure(member, group)
        where = member.phase
        barriers.withdraw(run.number)
        if not alone:
            await barriers.measured.wait()
        try:
            await self._tear_down(stack)
        except BaseException as error:
            if failure is None:
                failure, where = error, "teardown"
        if alone and failure is None:
            self._alone.append(member)
        else:
            self._emit([_finished(member, failure, where)])

    async def _until_measured(
        self,
        member: _Member,
        group: Sequence[_Member],
        barriers: _Barriers,
        operations: Operations,
    ) -> None:
        run = member.run
        start_ns = await barriers.set_up.arrive(run.number)
        if not run.stopping and (run.profile.warmup or run.profile.batch == 0):
            self._enter(member, "warmup", start_ns)
            await run.warm_up(operations, start_ns)
            self._finish_phase(member)
        member.warm = True
        start_ns = await barriers.warmed_up.arrive(run.number)
        if not run.stopping:
            self._enter(member, "measure", start_ns)
            await run.measure(operations, start_ns)

    async def _set_up(
        self, member: _Member, group: Sequence[_Member], stack: AsyncExitStack
    ) -> Operations:
        profile = member.run.profile
        current_run.set(
            RunContext(
                run=member.run.number,
                scratch=Path(self._plan.scratch),
                cache=Path(self._plan.cache),
                database=profile.database,
                shared=self._shared,
            )
        )
        member.setting_up = True
        try:
            workload = resolve(profile.workload, _roots(profile))
            found = await stack.enter_async_context(workload.opened(profile.params))
            operations = Operations(profile, found)
            await operations.set_up(stack)
        finally:
            member.setting_up = False
        if not operations.first.awaits:
            if len(group) > 1:
                raise _NeedsToBeAloneError
            if profile.timeout_ns is not None:
                raise WorkloadError(
                    f"{profile.workload} is not async: nothing can end it when its time is up; "
                    "leave the timeout out"
                )
            member.warnings.append("not async: it blocks the loop, so it ran without neighbours")
        if getattr(profile.load, "precise", False):
            member.warnings.append(
                "precise: the loop turns before each arrival, which takes time from its neighbours"
            )
        return operations

    async def _close_shared(self) -> None:
        for kept in reversed(list(self._shared.values())):
            if hasattr(kept, "aclose"):
                try:
                    async with asyncio.timeout(TEARDOWN_S):
                        await kept.aclose()
                except (Exception, SystemExit, KeyboardInterrupt) as error:
                    said = f"a shared thing could not be torn down: {describe_error(error)}"
                    self._emit([LogLine(-1, "runner", said)])

    async def _tear_down(self, stack: AsyncExitStack) -> None:
        try:
            async with asyncio.timeout(TEARDOWN_S):
                await stack.aclose()
        except TimeoutError:
            raise WorkloadError(f"teardown did not end within {TEARDOWN_S:.0f} s") from None

    def _enter(self, member: _Member, phase: Phase, at_ns: int | None = None) -> None:
        member.phase = phase
        at_ns = time.perf_counter_ns() if at_ns is None else at_ns
        self._emit([PhaseChanged(member.run.number, phase, at_ns)])

    def _leave_measure(self, member: _Member, group: Sequence[_Member]) -> None:
        if member.measuring:
            # Runs that end together end one after the other: none of them was alone for that.
            self._finish_phase(member, max(member.neighbours, _neighbours(member, group)))
            member.measuring = False
            self._enter(member, "teardown")

    def _finish_phase(self, member: _Member, neighbours: int = 0) -> None:
        samples = member.run.finish_samples(neighbours, Health())
        if samples:
            self._emit(samples)

    async def _tick(self, group: Sequence[_Member]) -> None:
        """Hands on what was recorded, shortly after the end of each interval."""
        interval_ns = self._plan.interval_ns
        while True:
            # Aligned to the intervals of the phase, so that each is sent when it is over. After a
            # pause of one run there are two alignments, but never as many as runs.
            boundaries_ns = [b for m in group if (b := m.run.boundary_ns) is not None]
            now_ns = time.perf_counter_ns()
            soonest_ns = now_ns + interval_ns // 20
            due_ns = max(soonest_ns, min(boundaries_ns, default=now_ns + interval_ns))
            await asyncio.sleep((due_ns - now_ns) / 1e9)
            await self._hand_on(group)

    async def _hand_on(self, group: Sequence[_Member]) -> None:
        health = self._health.take()
        measuring = sum(member.measuring for member in group)
        batch: list[Message] = []
        took_from_ns = time.perf_counter_ns()
        for member in group:
            member.neighbours = measuring - member.measuring
            batch.extend(member.run.take_samples(member.neighbours, health))
            if batch and time.perf_counter_ns() - took_from_ns > HAND_ON_NS:
                self._emit(batch)
                batch = []
                await asyncio.sleep(0)
                took_from_ns = time.perf_counter_ns()
        self._emit(batch or [Pulse(time.perf_counter_ns(), health)])

    def _started(self, clock_ns: float, await_ns: float) -> SessionStarted:
        loop = type(self._loop).__module__.partition(".")[0]
        return SessionStarted(
            at_ns=time.perf_counter_ns(),
            pid=os.getpid(),
            python=f"{platform.python_implementation()} {platform.python_version()}",
            loop="uvloop" if loop == "uvloop" else "asyncio",
            timer=self._timer.name,
            clock_resolution_ns=max(1, round(time.get_clock_info("perf_counter").resolution * 1e9)),
            clock_cost_ns=clock_ns,
            await_cost_ns=await_ns,
        )


@dataclass
class _Member:
    """A run of the session and where it stands."""

    run: Run
    phase: Phase = "setup"
    task: asyncio.Task[None] | None = None
    setting_up: bool = False
    warm: bool = False
    measuring: bool = False
    neighbours: int = 0
    """Other runs that were measuring when its samples were last taken."""
    warnings: list[str] = field(default_factory=list)


class _Barriers:
    """The three moments that the runs of a group reach together."""

    def __init__(self, runs: Sequence[int], begin_measure: Callable[[], int]) -> None:
        self.set_up = Rendezvous(runs)
        self.warmed_up = Rendezvous(runs, begin_measure)
        self.measured = Rendezvous(runs)

    def withdraw(self, run: int) -> None:
        """Holds up nobody any more."""
        for barrier in (self.set_up, self.warmed_up, self.measured):
            barrier.leave(run)


class _NeedsToBeAloneError(Exception):
    """The run cannot have neighbours: its operations block the loop."""


def _groups(plan: SessionPlan) -> list[list[RunPlan]]:
    """The runs that measure together, in the order in which that happens."""
    if plan.one_by_one:
        return [[run] for run in plan.runs]
    rounds: dict[int, list[RunPlan]] = {}
    for run in plan.runs:
        rounds.setdefault(run.round, []).append(run)
    return list(rounds.values())


def _begin_measure(group: Sequence[_Member]) -> int:
    """The moment at which measure begins for all that have warmed up."""
    # What is alive now stays out of the collections that the measure phase will see.
    gc.collect()
    gc.freeze()
    for member in group:
        member.measuring = member.warm
    return time.perf_counter_ns()


def _neighbours(member: _Member, group: Sequence[_Member]) -> int:
    return sum(other.measuring for other in group if other is not member)


def _roots(profile: Profile) -> list[str]:
    """Where a profile's own module is looked for: beside its TOML file, then the working folder."""
    folders = [Path(profile.source).resolve().parent] if profile.source else []
    return list(dict.fromkeys(str(folder) for folder in (*folders, Path.cwd())))


def _finished(member: _Member, failure: BaseException | None, where: str) -> RunFinished:
    run = member.run
    told = isinstance(failure, WorkloadError)
    return RunFinished(
        run=run.number,
        state="failed" if failure else "stopped" if run.stopping else "finished",
        reason=f"{where}: {describe_error(failure)}" if failure else "",
        traceback=format_traceback(failure) if failure and not told else "",
        at_ns=time.perf_counter_ns(),
        measured_ns=run.measured_ns,
        warmup_ns=run.warmup_ns,
        warmup_iterations=run.warmup_iterations,
        unfinished_ns=run.unfinished_ns,
        warnings=tuple(member.warnings),
    )
