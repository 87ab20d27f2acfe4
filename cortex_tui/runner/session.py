"""A session on its measuring loop: the runs of a plan, through common phases.

Every run of a group is set up, then all warm up, then measure begins for all at one moment;
teardown waits until the last has ended. Besides the operations nothing happens on the loop but the
hand-over of the recorded values ten times a second.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from functools import partial

from cortex_tui.isolation import asyncio, tasks_hidden
from cortex_tui.protocol.commands import Command, Release, Request, Stop, ToRunner
from cortex_tui.protocol.messages import (
    Answer,
    Answered,
    Arrived,
    LogLine,
    RunPlanned,
    SessionFinished,
    SessionStarted,
)
from cortex_tui.protocol.moments import ClockMap
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.runner.awaits import awaits_watched
from cortex_tui.runner.barrier import Gate, open_gate
from cortex_tui.runner.calibration import await_cost_ns, clock_cost_ns
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.executing import carry_out, execute
from cortex_tui.runner.group import Group, SessionParts
from cortex_tui.runner.handover import Emit, Outbox
from cortex_tui.runner.health import HealthMeter
from cortex_tui.runner.host import TEARDOWN_S
from cortex_tui.runner.loops import LoopTurns
from cortex_tui.runner.members import Member
from cortex_tui.runner.printing import print_block
from cortex_tui.runner.run import Run
from cortex_tui.runner.timeline import Timeline
from cortex_tui.runner.timer import ArrivalTimer
from cortex_tui.workloads.context import current_run
from cortex_tui.workloads.failures import describe_error
from cortex_tui.workloads.loading import ModuleLoader


class Session:
    """Runs a plan and emits its messages, in batches of a frame each."""

    def __init__(self, plan: SessionPlan, emit: Emit, *, program: int | None = None) -> None:
        """`program` is the process that shows or reports the session, where that is another. It
        has in its log what this one writes to standard error."""
        self._plan = plan
        self._outbox = Outbox(emit)
        self._loop = asyncio.get_running_loop()
        self._timer = ArrivalTimer(self._loop)
        self._timeline = Timeline()
        turns = LoopTurns(self._loop)
        self._health = HealthMeter(
            self._loop,
            program=program,
            shared=plan.shared,
            report_block=None if program is None else print_block,
        )
        self._parts = SessionParts(
            plan=plan,
            outbox=self._outbox,
            health=self._health,
            timer=self._timer,
            modules=ModuleLoader(),
            shared={},
            gate_of=self._gate_of,
        )
        batches: dict[str, int] = {}
        self._members: dict[int, Member] = {
            p.run: Member(
                Run(
                    p,
                    turns=turns,
                    timer=self._timer,
                    interval_ns=plan.interval_ns,
                    report=lambda message: self._outbox.report([message]),
                    share=p.share_of(plan.runner),
                    timeline=self._timeline,
                    batches=batches,
                )
            )
            for p in plan.runs
            if plan.runner in p.runners
        }
        self._gates: dict[str, Callable[[int], None]] = {}
        """What to call when all runners have arrived, by the name of the barrier."""

    def stop(self, run: int | None = None) -> Answered:
        """Ends one run, or all, those included that have not begun."""
        return self.execute(Stop(run))

    def execute(self, command: Command, at_ns: int | None = None) -> Answered:
        """See `runner.executing`."""
        return execute(command, self._members, partial(carry_out, at_ns=at_ns))

    def receive(self, request: ToRunner) -> None:
        """Carries a command out and answers it; not before its moment."""
        if isinstance(request, ClockMap):
            self._timeline.map = request
        elif isinstance(request, Release):
            release = self._gates.pop(request.barrier, None)
            if release is not None:
                self._timer.at(request.at_ns, partial(release, request.at_ns))
        elif request.apply_at_ns is None:
            self._answer(request)
        else:
            self._timer.at(request.apply_at_ns, partial(self._answer, request))

    def _answer(self, request: Request) -> None:
        answered = self.execute(request.command, request.apply_at_ns)
        self._outbox.report([Answer(request.id, answered)])

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
                    p.runners,
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
                    put_off = await Group(self._parts, mine, numbers).run() if mine else []
                    for alone in put_off:
                        await Group(self._parts, [alone], [alone.run.number]).run()
        finally:
            self._timer.close()
            self._health.close()
            await self._close_shared()
            self._parts.modules.close()
        stopped = any(
            member.stopped_with_all and member.run.life.outcome == "stopped"
            for member in self._members.values()
        )
        self._outbox.report([SessionFinished(CLOCK.read_ns(), stopped)])

    def note_interruption(self, error: BaseException | None) -> None:
        """Reports that the event loop ended too early and was started again; with what was raised,
        or None where something stopped it."""
        text = (
            "something called loop.stop(); the event loop was started again"
            if error is None
            else f"a task or a callback of a workload raised {describe_error(error)}; the event "
            "loop was started again"
        )
        self._outbox.report([LogLine(-1, "runner", text, CLOCK.read_ns())])
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
        if not self._plan.fleet:
            return open_gate
        barrier = f"{name} of {', '.join(map(str, runs))}"

        def gate(release: Callable[[int], None]) -> None:
            self._gates[barrier] = release
            self._outbox.report([Arrived(barrier, tuple(runs), CLOCK.read_ns())])

        return gate

    async def _close_shared(self) -> None:
        for kept in reversed(list(self._parts.shared.values())):
            if hasattr(kept, "aclose"):
                try:
                    async with asyncio.timeout(TEARDOWN_S):
                        await kept.aclose()
                except (Exception, SystemExit, KeyboardInterrupt) as error:
                    text = f"a shared thing could not be torn down: {describe_error(error)}"
                    self._outbox.report([LogLine(-1, "runner", text, CLOCK.read_ns())])

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
