"""What is reported of single processes and machines: in the log, as marks of the runs that they
measure, and as the states of their shards. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from cortex_tui.placement.merged_run import Members, MergedRun
from cortex_tui.protocol.lifecycle import ShardState
from cortex_tui.protocol.messages import (
    LogLine,
    MachineChanged,
    Mark,
    Message,
    RunFinished,
    RunnerDied,
    ShardChanged,
)
from cortex_tui.quantities import format_seconds


class ShardReports:
    """Looks at what is known of the runs, and changes nothing of it."""

    def __init__(
        self, runs: Mapping[int, MergedRun], members: Members, measuring: Collection[int]
    ) -> None:
        """`measuring` has the numbers of the runs that measure now."""
        self._runs = runs
        self._members = members
        self._measuring = measuring

    def done(self, runner: int, outcome: RunFinished) -> list[Message]:
        """What a runner's part of a run has come to, where it is not all of it."""
        if not self._runs[outcome.run].is_shared or runner in self._members.groups:
            return []
        return [
            ShardChanged(
                run=outcome.run,
                runner=runner,
                state=outcome.state,
                at_ns=outcome.at_ns,
                reason=outcome.reason,
                measured_ns=outcome.measured_ns,
                unfinished=len(outcome.unfinished_ns) + outcome.unfinished_more,
            )
        ]

    def lost(self, number: int, runner: int, died: RunnerDied) -> list[Message]:
        """That the part of a runner is lost, and with one that stands for a group all of them."""
        return self._states(number, self._members.of(runner), "lost", died.at_ns, died.reason)

    def mark(self, number: int, text: str, at_ns: int) -> list[Message]:
        """What became of a process or a machine, as a mark of a run that it measures."""
        began_ns = self._runs[number].began_ns
        return [] if began_ns is None else [Mark(number, at_ns - began_ns, text, at_ns)]

    def silence(self, runner: int, what: str, at_ns: int, *, silent: bool) -> list[Message]:
        """That a process has become silent, or is so no more: for all runs that it measures now."""
        messages: list[Message] = [LogLine(-1, "runner", f"process {runner + 1} {what}", at_ns)]
        state: ShardState = "silent" if silent else "running"
        for number in sorted(self._measuring):
            run = self._runs[number]
            if runner in run.runners and run.lives[runner].stage == "measure":
                messages += self.mark(number, f"{run.called([runner])} {what}", at_ns)
                messages += self._states(number, self._members.of(runner), state, at_ns)
        return messages

    def machine(self, changed: MachineChanged) -> list[Message]:
        """How a machine is now: for all runs that it measures."""
        lasted = format_seconds(changed.at_ns - changed.since_ns, 1)
        match changed.state:
            case "silent":
                what, more = "is silent", f": it has sent nothing for {lasted}"
            case "connected":
                what, more = "answers again", f" after {lasted}"
            case "lost":  # that of each of its runners is reported
                return [changed]
        text = f"machine {changed.machine} {what}"
        messages: list[Message] = [changed, LogLine(-1, "runner", text + more, changed.at_ns)]
        state: ShardState = "silent" if changed.state == "silent" else "running"
        there = self._members.on(changed.machine)
        for number in sorted(self._measuring):
            if members := sorted(there & self._runs[number].numbers.keys()):
                messages += self.mark(number, text, changed.at_ns)
                messages += self._states(number, members, state, changed.at_ns)
        return messages

    def _states(
        self,
        number: int,
        runners: Iterable[int],
        state: ShardState,
        at_ns: int,
        reason: str = "",
    ) -> list[Message]:
        """The state of the runners' shards of a run; a run that is not shared has none."""
        if not self._runs[number].is_shared:
            return []
        return [
            ShardChanged(run=number, runner=runner, state=state, at_ns=at_ns, reason=reason)
            for runner in runners
        ]
