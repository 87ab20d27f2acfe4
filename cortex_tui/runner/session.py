"""A session on its measuring loop: the runs of a plan, through common phases.

Every run of a group is set up, then all warm up, then measure begins for all at one moment;
teardown waits until the last has ended. Beside the operations nothing happens on the loop but the
hand-over of the recorded values ten times a second.
"""

from __future__ import annotations

import gc
import os
import platform
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cortex_tui.isolation import asyncio, own_task, replaced_names, tasks_hidden
from cortex_tui.protocol.commands import (
    Adjust,
    Command,
    EndPhase,
    Pause,
    Release,
    Request,
    Resume,
    Stop,
    ToRunner,
)
from cortex_tui.protocol.lifecycle import TransitionError
from cortex_tui.protocol.messages import (
    Answer,
    Answered,
    Arrived,
    LogLine,
    RunMeasured,
    RunPlanned,
    SessionFinished,
    SessionStarted,
)
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.runner.awaits import awaits_watched
from cortex_tui.runner.barrier import Barrier, Gate, open_gate
from cortex_tui.runner.calibration import await_cost_ns, clock_cost_ns
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.handover import Emit, HandOver, Outbox
from cortex_tui.runner.health import HealthMeter
from cortex_tui.runner.host import TEARDOWN_S, WorkloadHost
from cortex_tui.runner.loops import LoopTurns
from cortex_tui.runner.members import Barriers, Member, finished, neighbours_of
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.run import Run
from cortex_tui.runner.timer import ArrivalTimer
from cortex_tui.workloads.api import Workload
from cortex_tui.workloads.context import RunContext, current_run
from cortex_tui.workloads.failures import describe_error
from cortex_tui.workloads.loading import ModuleLoader
from cortex_tui.workloads.operation import WorkloadError
from cortex_tui.workloads.resolving import resolve


class Session:
    """Runs a plan and emits its messages, in batches of a frame each."""

    def __init__(self, plan: SessionPlan, emit: Emit) -> None:
        self._plan = plan
        self._outbox = Outbox(emit)
        self._loop = asyncio.get_running_loop()
        self._timer = ArrivalTimer(self._loop)
        turns = LoopTurns(self._loop)
        self._health = HealthMeter(self._loop)
        self._shared: dict[Any, Any] = {}
        self._modules = ModuleLoader()
        self._alone: list[Member] = []
        """Runs that turned out not to bear neighbours; they follow when those are done."""
        self._stopped = False
        """Whether a run was cut short because the session was told to end."""
        self._stopped_with_all: set[int] = set()
        """Runs that were told to end because the session was."""
        self._members: dict[int, Member] = {
            p.run: Member(
                Run(
                    p,
                    turns=turns,
                    timer=self._timer,
                    interval_ns=plan.interval_ns,
                    report=lambda message: self._outbox.report([message]),
                    share=p.share_of(plan.runner),
                )
            )
            for p in plan.runs
            if plan.runner in p.runners
        }
        self._gates: dict[str, Callable[[int], None]] = {}
        """What goes on when all runners have arrived, by the name of the barrier."""

    def stop(self, run: int | None = None) -> Answered:
        """Ends one run, or all, those included that have not begun."""
        return self.obey(Stop(run))

    def receive(self, request: ToRunner) -> None:
        """Carries a command out and answers it; not before its moment."""
        if isinstance(request, Release):
            go_on = self._gates.pop(request.barrier, None)
            if go_on is not None:
                self._timer.at(request.at_ns, partial(go_on, request.at_ns))
        elif request.apply_at_ns is None:
            self._answer(request)
        else:
            self._timer.at(request.apply_at_ns, partial(self._answer, request))

    def _answer(self, request: Request) -> None:
        self._outbox.report([Answer(request.id, self.obey(request.command))])

    def obey(self, command: Command) -> Answered:
        """Does what a person asks for, and says what was done, or why nothing was."""
        members = [m for number, m in self._members.items() if command.run in (None, number)]
        done: list[tuple[Member, str]] = []
        refused = f"there is no run {command.run}"
        for member in members:
            try:
                done.append((member, self._carry_out(command, member)))
            except TransitionError as error:
                refused = str(error)
        if not done:
            return Answered(False, refused)
        texts = {text for _, text in done}
        what = texts.pop() if len(texts) == 1 else _VERBS[type(command)]
        if len(done) == 1:
            return Answered(True, f"{done[0][0].run.profile.full_name}: {what}")
        return Answered(True, f"{len(done)} runs: {what}")

    def _carry_out(self, command: Command, member: Member) -> str:
        run = member.run
        match command:
            case Stop():
                if command.run is None and not run.life.stopping:
                    self._stopped_with_all.add(run.number)
                text = run.stop()
                if run.life.stage == "setup" and member.host is not None:
                    member.host.cancel()
                return text
            case Pause():
                return run.pause()
            case Resume():
                return run.resume()
            case EndPhase():
                return run.end_phase(command.phase, command.mark)
            case Adjust():
                return run.adjust(command.factor)

    async def run(self) -> None:
        """From the first message to the last; failures of workloads are reported, not raised."""
        groups = self._plan.groups
        self._outbox.report([self._started(clock_cost_ns(), await await_cost_ns())])
        self._outbox.report(
            [
                RunPlanned(
                    p.run,
                    p.profile,
                    tuple(o.profile.full_name for o in g if o is not p),
                    p.round,
                    p.variant,
                )
                for g in groups
                for p in g
            ]
        )
        try:
            with awaits_watched(self._never_awaited), tasks_hidden():
                for group in groups:
                    numbers = [p.run for p in group]
                    mine = [self._members[n] for n in numbers if n in self._members]
                    await self._run_group(mine, numbers)
                    while self._alone:
                        alone = self._alone.pop(0)
                        await self._run_group([alone], [alone.run.number])
        finally:
            self._timer.close()
            self._health.close()
            await self._close_shared()
            self._modules.close()
        self._outbox.report([SessionFinished(CLOCK.read_ns(), self._stopped)])

    def note_interruption(self, error: BaseException | None) -> None:
        """Reports that the event loop ended too early and was started again; with what was raised,
        or None where something stopped it."""
        text = (
            "something called loop.stop(); the event loop was started again"
            if error is None
            else f"a task or a callback of a workload raised {describe_error(error)}; the event "
            "loop was started again"
        )
        self._outbox.report([LogLine(-1, "runner", text)])
        for member in self._members.values():
            if member.run.life.stage in ("warmup", "measure") and text not in member.run.warnings:
                member.run.warnings.append(text)

    def _never_awaited(self, what: str) -> None:
        context = current_run.get(None)
        member = None if context is None else self._members.get(context.run)
        if member is not None and what not in member.run.warnings:
            member.run.warnings.append(what)

    def _gate_of(self, name: str, runs: Sequence[int]) -> Gate:
        """The gate of a barrier that these runs, over all runners, arrive at."""
        if len(self._plan.runner_numbers) == 1:
            return open_gate
        barrier = f"{name} of {', '.join(map(str, runs))}"

        def gate(go_on: Callable[[int], None]) -> None:
            self._gates[barrier] = go_on
            self._outbox.report([Arrived(barrier, tuple(runs), CLOCK.read_ns())])

        return gate

    async def _run_group(self, group: Sequence[Member], runs: Sequence[int]) -> None:
        """Runs those of a group that this runner has; `runs` are all of the group."""
        if not group:
            return
        # Groups follow one another over all runners.
        begin = Barrier([0], self._gate_of("begin", runs))
        await begin.arrive(0)
        barriers = Barriers(group, lambda name: self._gate_of(name, runs))
        handing_on = own_task(
            HandOver(self._outbox, self._health, self._plan.interval_ns).keep_on(group)
        )
        self._health.begin()
        was_frozen = gc.get_freeze_count()
        try:
            running = [own_task(self._run_member(member, group, barriers)) for member in group]
            await asyncio.gather(*running)
        finally:
            handing_on.cancel()
            await asyncio.wait([handing_on])
            self._health.end()
            if not was_frozen:
                gc.unfreeze()

    async def _run_member(
        self, member: Member, group: Sequence[Member], barriers: Barriers
    ) -> None:
        run = member.run
        failure: BaseException | None = None
        try:
            if not run.life.stopping:
                await self._measure(member, group, barriers)
        except _NeedsToBeAloneError:
            run.change(run.life.to("planned"))
            barriers.withdraw(run.number)
            await self._tear_down(member)
            self._alone.append(member)
            return
        except BaseException as error:
            # A stop cancels a set-up; every other error is the workload's own.
            if not (isinstance(error, asyncio.CancelledError) and run.life.stopping):
                failure = error
        where = run.life.phase or "setup"
        # Runs that end together end one after the other: none of them was alone for that.
        self._finish_phase(member, max(member.neighbours, neighbours_of(member, group)))
        if len(group) > 1 and (names := replaced_names()):
            run.warnings.append(
                f"{', '.join(names)}: replaced by a workload, for all runs of this process"
            )
        outcome = finished(member, failure, where)
        self._outbox.report([RunMeasured(outcome)])
        run.change(run.life.to("measured", outcome.state))
        barriers.withdraw(run.number)
        await barriers.measured.wait()
        run.change(run.life.to("teardown"))
        late = await self._tear_down(member)
        if late is not None and failure is None:
            outcome = finished(member, late, "teardown")
        if run.number in self._stopped_with_all and outcome.state == "stopped":
            self._stopped = True
        run.change(run.life.to("ended", outcome.state))
        self._outbox.report([outcome])

    async def _measure(self, member: Member, group: Sequence[Member], barriers: Barriers) -> None:
        """From set-up to the end of measure; raises what fails on the way, and what became of a
        workload that ended before."""
        run = member.run
        run.change(run.life.to("setup"))
        host = member.host = self._host_of(member)
        operations = await host.opened()
        self._check(member, group, operations)
        working = own_task(self._through_phases(member, barriers, operations))
        lost = own_task(host.lost.wait())
        try:
            await asyncio.wait((working, lost), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise host.failure
        finally:
            lost.cancel()
            working.cancel()
            await asyncio.wait((working, lost))
        working.result()

    async def _through_phases(
        self, member: Member, barriers: Barriers, operations: Operations
    ) -> None:
        run = member.run
        run.change(run.life.to("set_up"))
        start_ns = await barriers.set_up.arrive(run.number)
        if not run.life.stopping and (run.profile.warmup or run.profile.batch == 0):
            await run.warm_up(operations, start_ns)
            self._finish_phase(member)
        run.change(run.life.to("warm"))
        start_ns = await barriers.warmed_up.arrive(run.number)
        if run.life.stage == "measure":
            await run.measure(operations, start_ns)

    def _host_of(self, member: Member) -> WorkloadHost:
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

        def find() -> Workload:
            return resolve(profile.workload, profile.source, self._modules)

        return WorkloadHost(profile, find, member.run.share)

    def _check(self, member: Member, group: Sequence[Member], operations: Operations) -> None:
        """What is known of the operations only when they are set up."""
        profile = member.run.profile
        if not operations.first.awaits:
            if len(group) > 1:
                raise _NeedsToBeAloneError
            if profile.timeout_ns is not None:
                raise WorkloadError(
                    f"{profile.workload} is not async: nothing can end it when its time is up; "
                    "leave the timeout out"
                )
            member.run.warnings.append(
                "not async: it blocks the loop, so it ran without neighbours"
            )
        member.run.warnings.extend(profile.load.cautions)

    async def _tear_down(self, member: Member) -> BaseException | None:
        """What failed in it, if anything did."""
        try:
            if member.host is not None:
                await member.host.close()
        except BaseException as error:
            return error
        return None

    async def _close_shared(self) -> None:
        for kept in reversed(list(self._shared.values())):
            if hasattr(kept, "aclose"):
                try:
                    async with asyncio.timeout(TEARDOWN_S):
                        await kept.aclose()
                except (Exception, SystemExit, KeyboardInterrupt) as error:
                    text = f"a shared thing could not be torn down: {describe_error(error)}"
                    self._outbox.report([LogLine(-1, "runner", text)])

    def _finish_phase(self, member: Member, neighbours: int = 0) -> None:
        # The rest of what happened is handed on with the values of those that go on.
        samples = member.run.finish_samples(neighbours, self._health.look())
        if samples:
            self._outbox.report(samples)

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


_VERBS: dict[type[Command], str] = {
    Stop: "stopping",
    Pause: "paused",
    Resume: "resumed",
    EndPhase: "phase ended",
    Adjust: "load changed",
}
"""What was done to several runs, where it was not the same for all."""


class _NeedsToBeAloneError(Exception):
    """The run cannot have neighbours: its operations block the loop."""
