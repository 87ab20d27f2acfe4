"""A session on its measuring loop: the runs of a plan, through common phases.

Every run of a group is set up, then all warm up, then measure begins for all at one moment;
teardown waits until the last has ended. Beside the operations nothing happens on the loop but the
hand-over of the recorded values ten times a second.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.commands import Adjust, Command, EndPhase, Pause, Resume, Start, Stop
from cortex_tui.protocol.messages import (
    LogLine,
    Phase,
    PhaseChanged,
    RunMeasured,
    RunPlanned,
    SessionFinished,
    SessionStarted,
)
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.runner.awaits import awaits_watched
from cortex_tui.runner.calibration import await_cost_ns, clock_cost_ns
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.handover import Emit, HandOver, Outbox
from cortex_tui.runner.health import HealthMeter
from cortex_tui.runner.loops import LoopTurns
from cortex_tui.runner.members import Barriers, Member, finished, groups_of, neighbours_of
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.run import Run
from cortex_tui.runner.timer import ArrivalTimer
from cortex_tui.workloads.context import RunContext, current_run
from cortex_tui.workloads.failures import describe_error
from cortex_tui.workloads.operation import WorkloadError
from cortex_tui.workloads.resolving import resolve

TEARDOWN_S = 5.0
"""How long a teardown may take before it is given up."""


class Session:
    """Runs a plan and emits its messages, in batches of a frame each."""

    def __init__(self, plan: SessionPlan, emit: Emit) -> None:
        self._plan = plan
        self._outbox = Outbox(emit)
        self._loop = asyncio.get_running_loop()
        self._timer = ArrivalTimer(self._loop)
        turns = LoopTurns(self._loop)
        self._health = HealthMeter(self._loop)
        self._shared: dict[str, Any] = {}
        self._alone: list[Member] = []
        """Runs that turned out not to bear neighbours; they follow when those are done."""
        self._stopped = False
        """Whether a run was cut short because the session was told to end."""
        self._members: dict[int, Member] = {
            p.run: Member(
                Run(
                    p,
                    turns=turns,
                    timer=self._timer,
                    interval_ns=plan.interval_ns,
                    tell=lambda message: self._outbox.say([message]),
                )
            )
            for p in plan.runs
        }

    def stop(self, run: int | None = None) -> None:
        """Ends one run, or all, those included that have not begun."""
        for member in self._named(run):
            if member.phase == "teardown":
                continue  # it has measured to its end, and only waits for the others
            if run is None and not member.run.stopping:
                member.stopped_with_all = True
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

    def _named(self, run: int | None) -> list[Member]:
        return [member for number, member in self._members.items() if run in (None, number)]

    async def run(self) -> None:
        """From the first message to the last; failures of workloads are told, not raised."""
        groups = groups_of(self._plan)
        self._outbox.say([self._started(clock_cost_ns(), await await_cost_ns())])
        self._outbox.say(
            [
                RunPlanned(
                    p.run, p.profile, tuple(o.profile.full_name for o in g if o is not p), p.round
                )
                for g in groups
                for p in g
            ]
        )
        try:
            with awaits_watched(self._never_awaited):
                for group in groups:
                    await self._run_group([self._members[p.run] for p in group])
                    while self._alone:
                        await self._run_group([self._alone.pop(0)])
        finally:
            self._timer.close()
            self._health.close()
            await self._close_shared()
        self._outbox.say([SessionFinished(CLOCK.read_ns(), self._stopped)])

    def _never_awaited(self, what: str) -> None:
        context = current_run.get(None)
        member = None if context is None else self._members.get(context.run)
        if member is not None and what not in member.warnings:
            member.warnings.append(what)

    async def _run_group(self, group: Sequence[Member]) -> None:
        barriers = Barriers(group)
        handing_on = self._loop.create_task(
            HandOver(self._outbox, self._health, self._plan.interval_ns).keep_on(group)
        )
        self._health.begin()
        try:
            for member in group:
                member.task = self._loop.create_task(self._run_member(member, group, barriers))
            await asyncio.gather(*(m.task for m in group if m.task is not None))
        finally:
            handing_on.cancel()
            await asyncio.wait([handing_on])
            self._health.end()
            gc.unfreeze()

    async def _run_member(
        self, member: Member, group: Sequence[Member], barriers: Barriers
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
        where = member.phase
        if member.measuring:
            self._leave_measure(member, group)
        if not alone:
            self._outbox.say([RunMeasured(finished(member, failure, where))])
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
            outcome = finished(member, failure, where)
            self._stopped |= member.stopped_with_all and outcome.state == "stopped"
            self._outbox.say([outcome])

    async def _until_measured(
        self,
        member: Member,
        group: Sequence[Member],
        barriers: Barriers,
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
        self, member: Member, group: Sequence[Member], stack: AsyncExitStack
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
                    self._outbox.say([LogLine(-1, "runner", said)])

    async def _tear_down(self, stack: AsyncExitStack) -> None:
        try:
            async with asyncio.timeout(TEARDOWN_S):
                await stack.aclose()
        except TimeoutError:
            raise WorkloadError(f"teardown did not end within {TEARDOWN_S:.0f} s") from None

    def _enter(self, member: Member, phase: Phase, at_ns: int | None = None) -> None:
        member.phase = phase
        at_ns = CLOCK.read_ns() if at_ns is None else at_ns
        self._outbox.say([PhaseChanged(member.run.number, phase, at_ns)])

    def _leave_measure(self, member: Member, group: Sequence[Member]) -> None:
        # Runs that end together end one after the other: none of them was alone for that.
        self._finish_phase(member, max(member.neighbours, neighbours_of(member, group)))
        member.measuring = False
        self._enter(member, "teardown")

    def _finish_phase(self, member: Member, neighbours: int = 0) -> None:
        # The rest of what happened is handed on with the values of those that go on.
        samples = member.run.finish_samples(neighbours, self._health.look())
        if samples:
            self._outbox.say(samples)

    def _started(self, clock_ns: float, await_ns: float) -> SessionStarted:
        loop = type(self._loop).__module__.partition(".")[0]
        return SessionStarted(
            at_ns=CLOCK.read_ns(),
            pid=os.getpid(),
            python=f"{platform.python_implementation()} {platform.python_version()}",
            loop="uvloop" if loop == "uvloop" else "asyncio",
            timer=self._timer.name,
            clock_resolution_ns=CLOCK.resolution_ns,
            clock_cost_ns=clock_ns,
            await_cost_ns=await_ns,
        )


class _NeedsToBeAloneError(Exception):
    """The run cannot have neighbours: its operations block the loop."""


def _roots(profile: Profile) -> list[str]:
    """Where a profile's own module is looked for: beside its TOML file, then the working folder."""
    folders = [Path(profile.source).resolve().parent] if profile.source else []
    return list(dict.fromkeys(str(folder) for folder in (*folders, Path.cwd())))
