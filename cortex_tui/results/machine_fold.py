"""Folds what is reported of the machines that a session's runners are on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from cortex_tui.protocol.messages import ClockKnown, MachineChanged, RunnerPlaced
from cortex_tui.results.machine_view import MachineView
from cortex_tui.results.run_fold import RunFold


class MachineFold:
    """All that is known of a session's machines; nothing where they are not on a cluster."""

    def __init__(self) -> None:
        self._of_runner: dict[int, str] = {}
        """The machines on which runners were started, by the number of the runner."""
        self._changed: dict[str, MachineChanged | None] = {}
        """By machine, what was reported of it last; None before anything was."""
        self._clocks: dict[str, ClockKnown] = {}
        """By machine, how well its clock is known."""

    def place(self, message: RunnerPlaced, runs: Iterable[RunFold]) -> None:
        """Takes in on which machine a runner was started."""
        self._of_runner[message.runner] = message.machine
        self._changed.setdefault(message.machine)
        for run in runs:
            run.shards.place(message.runner, message.machine)
            self._bound_clock(message.machine, run)

    def change(self, message: MachineChanged, runs: Iterable[RunFold]) -> None:
        """Takes in what has become of a machine."""
        self._changed[message.machine] = message
        for run in runs:
            if run.live:
                run.shards.set_silent(message.machine, silent=message.state == "silent")

    def know_clock(self, message: ClockKnown, runs: Iterable[RunFold]) -> None:
        """Takes in how well a machine's clock is known."""
        self._clocks[message.machine] = message
        for run in runs:
            self._bound_clock(message.machine, run)

    def introduce(self, run: RunFold) -> None:
        """Has a run know the machines whose runners were placed before it was announced."""
        for runner, machine in self._of_runner.items():
            run.shards.place(runner, machine)
        for machine, known in self._clocks.items():
            run.shards.bound_clocks(machine, known.bound_ns, measuring=False)

    def views(self, since_start_ns: Callable[[int], int | None]) -> tuple[MachineView, ...]:
        """In the order in which the first runner was started on each."""
        runners = Counter(self._of_runner.values())
        found = []
        for name, changed in self._changed.items():
            view = MachineView(name=name, runners=runners[name])
            if changed is not None:
                view = msgspec.structs.replace(
                    view,
                    state=changed.state,
                    reason=changed.reason,
                    since_ns=since_start_ns(changed.since_ns),
                )
            if (clock := self._clocks.get(name)) is not None:
                view = msgspec.structs.replace(view, clock_bound_ns=clock.bound_ns)
            found.append(view)
        return tuple(found)

    def _bound_clock(self, machine: str, run: RunFold) -> None:
        """Has a run that has not ended know how well the clock of a machine is known: the worst
        that it was while the run measured."""
        known = self._clocks.get(machine)
        if known is not None and not run.life.is_over:
            measuring = run.life.stage == "measure"
            run.shards.bound_clocks(machine, known.bound_ns, measuring=measuring)
