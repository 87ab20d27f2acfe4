"""The runs of a session as its members: which measure together, and what each came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cortex_tui.limits import MAX_UNFINISHED
from cortex_tui.protocol.messages import RunFinished
from cortex_tui.runner.barrier import Barrier, Gate
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.host import WorkloadHost
from cortex_tui.runner.run import Run
from cortex_tui.workloads.failures import describe_error, format_traceback
from cortex_tui.workloads.operation import WorkloadError


@dataclass
class Member:
    """A run of the session, and what the session has to know about it in addition to its state."""

    run: Run
    host: WorkloadHost | None = None
    """Its workload, from set-up to teardown."""
    neighbours: int = 0
    """Other runs that were measuring when its samples were last taken."""
    stopped_with_all: bool = False
    """Whether it is stopping because the session is."""

    @property
    def measuring(self) -> bool:
        life = self.run.life
        return life.stage == "measure" and not life.paused


class Barriers:
    """The three moments that the runs of a group reach together."""

    def __init__(
        self,
        group: Sequence[Member],
        gate_of: Callable[[str], Gate],
        prepare: Callable[[], None],
    ) -> None:
        """`gate_of` makes the gate of a barrier, by the barrier's name; `prepare` is called when
        all are warmed up, before they measure."""
        runs = [member.run.number for member in group]

        def begin_measure(start_ns: int) -> None:
            for member in group:
                member.run.begin_measure(start_ns)

        self.set_up = Barrier(runs, gate_of("set up"))
        self.warmed_up = Barrier(
            runs, gate_of("warmed up"), prepare=prepare, at_release=begin_measure
        )
        self.measured = Barrier(runs, gate_of("measured"))

    def withdraw(self, run: int) -> None:
        """Nobody waits for it any more."""
        for barrier in (self.set_up, self.warmed_up, self.measured):
            barrier.leave(run)


def neighbours_of(member: Member, group: Sequence[Member]) -> int:
    """How many others measure at this moment."""
    return sum(other.measuring for other in group if other is not member)


def finished(member: Member, failure: BaseException | None, where: str) -> RunFinished:
    """The last message of a run, with what ended it if that was a failure `where`."""
    run, totals = member.run, member.run.totals
    explained = isinstance(failure, WorkloadError)
    return RunFinished(
        run=run.number,
        state="failed" if failure else "stopped" if run.life.stopping else "finished",
        reason=f"{where}: {describe_error(failure)}" if failure else "",
        traceback=format_traceback(failure) if failure and not explained else "",
        at_ns=CLOCK.read_ns(),
        measured_ns=totals.measured_ns,
        drain_ns=totals.drain_ns,
        warmup_ns=totals.warmup_ns,
        warmup_iterations=totals.warmup_iterations,
        unfinished_ns=totals.unfinished_ns[:MAX_UNFINISHED],
        unfinished_more=max(0, len(totals.unfinished_ns) - MAX_UNFINISHED),
        warnings=tuple(run.warnings),
    )
