"""What several runners of a session report, as if one had.

Pure: messages in, messages out. A run is where the last of its runners is, its values are those of
all, and it ends when the last has ended. A run is partial when one of several runners is lost, and
has failed when all are; what was measured stays, and the others continue to their end.

What a message costs does not grow with the number of runners: a thousand of them send ten thousand
messages a second.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from cortex_tui.placement.answers import Answers
from cortex_tui.placement.merged_run import Members, MergedRun
from cortex_tui.placement.shard_reports import ShardReports
from cortex_tui.placement.turns import Turns
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import (
    Answer,
    Arrived,
    Calibrated,
    LevelChanged,
    LogLine,
    MachineChanged,
    Mark,
    Message,
    RunFinished,
    RunMeasured,
    RunnerDied,
    RunnerPlaced,
    RunPlanned,
    Samples,
    SessionFinished,
    SessionStarted,
    StateChanged,
)
from cortex_tui.protocol.plan import SessionPlan


class SessionMerge:
    """The runners' messages, one after the other, and the barriers at which they arrive."""

    def __init__(
        self,
        plan: SessionPlan,
        members: Collection[int] | None = None,
        groups: Mapping[int, tuple[int, ...]] | None = None,
    ) -> None:
        """`members` are the runners that report here, all of the plan if None; one in `groups`
        stands for all of its group, whose parts it reports itself."""
        numbers = {
            run.run: {runner: at for at, runner in enumerate(run.runners, 1)} for run in plan.runs
        }
        plan = plan if members is None else plan.of_runners(members)
        self._members = Members(groups or {})
        self._runs = {
            run.run: MergedRun.planned(
                run.runners,
                self._members,
                numbers[run.run],
                stops=run.profile.on_lost == "stop",
            )
            for run in plan.runs
        }
        self._turns = Turns(plan)
        self._under_way: set[int] = set()
        """The runs that have begun, in any of their runners, and have not ended in all."""
        self._measuring: set[int] = set()
        self.shards = ShardReports(self._runs, self._members, self._measuring)
        """What is reported of single runners and of machines."""
        self._alive = set(plan.runner_numbers)
        self._ended: dict[int, SessionFinished] = {}
        self._started = False
        self._planned: set[int] = set()
        self._arrived: dict[str, tuple[tuple[int, ...], set[int]]] = {}
        """By barrier: the runs that it is for, and the runners that wait there."""
        self._to_look = False
        """Whether anything has happened that may open a barrier."""
        self._answers = Answers()

    # --- runners ------------------------------------------------------------------------------

    def runners_of(self, run: int | None) -> set[int]:
        """The runners, alive, that have the run; all for None, or where there is no such run."""
        known = self._runs.get(-1 if run is None else run)
        wanted = self._alive if known is None else self._alive & set(known.runners)
        return wanted - set(self._ended) or wanted

    def left_in(self, run: int) -> set[int]:
        """The runners, alive, whose part of the run is not over and was not asked to stop."""
        known = self._runs[run]
        return {
            runner
            for runner in self._alive & set(known.runners)
            if not (known.lives[runner].is_over or known.lives[runner].stopping)
        }

    def stops_when_lost(self, run: int) -> bool:
        """Whether the run ends when a part of it is lost, as its profile has it."""
        return self._runs[run].stops

    def ask(self, command: int, runners: Iterable[int]) -> None:
        """A command of that number was sent to these."""
        self._answers.expect(command, runners)

    def released(self) -> dict[str, set[int]]:
        """The barriers at which nobody is missing any more, with the runners that wait there."""
        found: dict[str, set[int]] = {}
        if not self._to_look:
            return found
        self._to_look = False
        for barrier, (runs, waiting) in list(self._arrived.items()):
            missing = (self._turns.waited_for(runs) & self._alive) - waiting
            if not missing and self._turns.has_come(runs):
                found[barrier] = waiting & self._alive
                del self._arrived[barrier]
        return found

    def turn(self) -> set[int]:
        """The runners that take part in the first group of runs that has not ended."""
        return self._turns.now() & self._alive

    def has_more(self, runner: int) -> bool:
        """Whether any of its runs is still to be done."""
        return runner in self._alive and bool(self._turns.runs_of(runner))

    def busy(self) -> set[int]:
        """The runners that have runs under way, and so send something all the time."""
        return {
            runner
            for run in self._under_way
            for runner, life in self._runs[run].lives.items()
            if runner in self._alive and life.stage not in ("planned", "ended")
        }

    def without(self, runners: Iterable[int], at_ns: int) -> list[Message]:
        """The messages for runners that were not started and never will be, because the session
        is stopping."""
        messages: list[Message] = []
        for runner in sorted(runners):
            for number in self._turns.runs_of(runner):
                messages += self.take(
                    runner, StateChanged(number, RunLife("ended", outcome="stopped"), at_ns)
                )
                messages += self.take(runner, RunFinished(run=number, state="stopped", at_ns=at_ns))
            messages += self.take(runner, SessionFinished(at_ns, stopped=True))
        return messages

    # --- messages -----------------------------------------------------------------------------

    def take(self, runner: int, message: Message) -> list[Message]:
        """What is to be reported because a runner has reported this."""
        match message:
            case SessionStarted():
                first, self._started = not self._started, True
                return [message] if first else []
            case RunPlanned():
                if message.run in self._planned:
                    return []
                self._planned.add(message.run)
                return [message]
            case Arrived():
                self._arrived.setdefault(message.barrier, (message.runs, set()))[1].add(runner)
                self._to_look = True
                return []
            case StateChanged():
                return self._change(runner, message)
            case RunnerPlaced():
                self._members.machines[message.runner] = message.machine
                return [message]
            case Samples():
                return [self._over_all(runner, message)]
            case LevelChanged():
                run = self._runs[message.run]
                if message.at_ns < run.level_ns:
                    return []  # the others have reported a later one
                known, run.level, run.level_ns = run.level, message.level, message.at_ns
                return [message] if message.level != known else []
            case Mark() | Calibrated():
                # The others report the same.
                return [message] if runner == self._first(message.run) else []
            case RunMeasured():
                run = self._runs[message.outcome.run]
                run.measured[runner] = message.outcome
                part = self.shards.done(runner, message.outcome)
                if (outcome := run.outcome_of(run.measured)) is None:
                    return part
                run.outcome = outcome
                return [*part, RunMeasured(outcome)]
            case RunFinished():
                run = self._runs[message.run]
                run.finished[runner] = message
                self._turns.done(runner, message.run)
                self._to_look = True
                if (outcome := run.outcome_of(run.finished)) is None:
                    return []
                run.outcome = outcome
                return [outcome]
            case Answer():
                return self._answers.take(runner, message)
            case MachineChanged():
                return self.shards.machine(message)
            case SessionFinished():
                self._ended[runner] = message
                return self._ending()
            case RunnerDied():
                return self._lose(runner, message)
            case _:
                return [message]

    def _first(self, run: int) -> int:
        known = self._runs[run]
        return min(self._alive & set(known.runners) or known.runners)

    def _change(self, runner: int, message: StateChanged) -> list[Message]:
        run = self._runs[message.run]
        changed = run.change(runner, message.life, message.at_ns)
        _keep(self._measuring, message.run, run.is_measuring)
        _keep(self._under_way, message.run, run.is_under_way)
        return [StateChanged(message.run, run.merged, message.at_ns)] if changed else []

    def _over_all(self, runner: int, samples: Samples) -> Samples:
        """With what a runner can report of itself only: operations in flight, and neighbours."""
        run = self._runs[samples.run]
        if samples.at_ns:
            run.flights.report(runner, samples.in_flight, samples.oldest_ns)
        return msgspec.structs.replace(
            samples,
            runner=runner,
            in_flight=run.flights.count,
            oldest_ns=run.flights.oldest_ns,
            neighbours=len(self._measuring) - (samples.run in self._measuring),
        )

    def _lose(self, runner: int, message: RunnerDied) -> list[Message]:
        if runner not in self._alive:
            return []
        self._alive.discard(runner)
        self._to_look = True
        messages: list[Message] = []
        if not self._alive and not self._ended:
            return [message]
        text = f"process {runner + 1} was lost: {message.reason}"
        messages.append(LogLine(-1, "runner", text, message.at_ns))
        for number in self._turns.runs_of(runner):
            run = self._runs[number]
            run.flights.report(runner, 0, 0)
            outcome = run.without_teardown(runner, message.reason)
            if outcome is None:
                run.lost[runner] = message
                outcome = run.measured[runner] = RunFinished(
                    run=number, state="failed", at_ns=message.at_ns,
                    reason=f"lost, what it had measured is kept: {message.reason}",
                )  # fmt: skip
                messages += self.shards.lost(number, runner, message)
            run.outcome = run.outcome or run.outcome_of(run.measured)
            messages += self.shards.mark(number, run.called([runner], "lost"), message.at_ns)
            life = RunLife("ended", outcome=outcome.state)
            messages += self.take(runner, StateChanged(number, life, message.at_ns))
            messages += self.take(runner, outcome)
        messages += self._answers.lose(runner)
        return messages + self._ending()

    def _ending(self) -> list[Message]:
        """The end of the session, when the last runner that is alive has come to its own."""
        if self._alive - set(self._ended):
            return []
        at_ns = max(ended.at_ns for ended in self._ended.values())
        return [SessionFinished(at_ns, any(ended.stopped for ended in self._ended.values()))]


def _keep(numbers: set[int], number: int, wanted: bool) -> None:
    """Has the set contain a number, or not."""
    (numbers.add if wanted else numbers.discard)(number)
