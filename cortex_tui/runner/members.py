"""The runs of a session as its members: which measure together, and what each came to."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass

from cortex_tui.protocol.messages import RunFinished
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.runner.barrier import Barrier
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.host import WorkloadHost
from cortex_tui.runner.run import Run
from cortex_tui.workloads.failures import describe_error, format_traceback
from cortex_tui.workloads.operation import WorkloadError


@dataclass
class Member:
    """A run of the session, and what the session needs to know of it beside its state."""

    run: Run
    host: WorkloadHost | None = None
    """Its workload, from set-up to teardown."""
    neighbours: int = 0
    """Other runs that were measuring when its samples were last taken."""

    @property
    def measuring(self) -> bool:
        return self.run.life.stage == "measure"


class Barriers:
    """The three moments that the runs of a group reach together."""

    def __init__(self, group: Sequence[Member]) -> None:
        runs = [member.run.number for member in group]
        self.set_up = Barrier(runs)
        self.warmed_up = Barrier(runs, lambda: _begin_measure(group))
        self.measured = Barrier(runs)

    def withdraw(self, run: int) -> None:
        """Nobody waits for it any more."""
        for barrier in (self.set_up, self.warmed_up, self.measured):
            barrier.leave(run)


def _begin_measure(group: Sequence[Member]) -> int:
    """The moment at which measure begins for all that have warmed up."""
    # What is alive now stays out of the collections that the measure phase will see. In a process
    # that has frozen its own objects, that is not ours to undo.
    gc.collect()
    if not gc.get_freeze_count():
        gc.freeze()
    start_ns = CLOCK.read_ns()
    for member in group:
        member.run.begin_measure(start_ns)
    return start_ns


def groups_of(plan: SessionPlan) -> list[list[RunPlan]]:
    """The runs that measure together, in the order in which that happens."""
    if plan.one_by_one:
        return [[run] for run in plan.runs]
    rounds: dict[int, list[RunPlan]] = {}
    for run in plan.runs:
        rounds.setdefault(run.round, []).append(run)
    return list(rounds.values())


def neighbours_of(member: Member, group: Sequence[Member]) -> int:
    """How many others measure at this moment."""
    return sum(other.measuring for other in group if other is not member)


def finished(member: Member, failure: BaseException | None, where: str) -> RunFinished:
    """The last message of a run, with what ended it if that was a failure `where`."""
    run = member.run
    explained = isinstance(failure, WorkloadError)
    return RunFinished(
        run=run.number,
        state="failed" if failure else "stopped" if run.life.stopping else "finished",
        reason=f"{where}: {describe_error(failure)}" if failure else "",
        traceback=format_traceback(failure) if failure and not explained else "",
        at_ns=CLOCK.read_ns(),
        measured_ns=run.measured_ns,
        drain_ns=run.drain_ns,
        warmup_ns=run.warmup_ns,
        warmup_iterations=run.warmup_iterations,
        unfinished_ns=run.unfinished_ns,
        warnings=tuple(run.warnings),
    )
