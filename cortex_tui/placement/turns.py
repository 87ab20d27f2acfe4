"""Whose turn it is in a session of several runners: what each has still to do.

Groups of runs follow one another over all runners. What is asked here is asked after every message,
so nothing takes longer because a session has more rounds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from cortex_tui.protocol.plan import SessionPlan


class Turns:
    """The runs of a plan, until each runner has done its part of them."""

    def __init__(self, plan: SessionPlan) -> None:
        self._left: dict[int, set[int]] = {run.run: set(run.runners) for run in plan.runs}
        """By run, the runners that have not done it."""
        self._runs_of: defaultdict[int, set[int]] = defaultdict(set)
        """By runner, the runs that it has still to do."""
        for run, runners in self._left.items():
            for runner in runners:
                self._runs_of[runner].add(run)
        self._groups = [[run.run for run in group] for group in plan.groups]
        self._group_of = {run: at for at, group in enumerate(self._groups) for run in group}
        self._first = 0
        """All groups before that one have been done."""

    def done(self, runner: int, run: int) -> None:
        """The runner has come to the end of its part of that run."""
        self._left[run].discard(runner)
        self._runs_of[runner].discard(run)

    def runs_of(self, runner: int) -> list[int]:
        """What it has still to do, in the order of the plan."""
        return sorted(self._runs_of[runner])

    def waited_for(self, runs: Iterable[int]) -> set[int]:
        """The runners that have any of these runs still to do."""
        return set[int]().union(*(self._left[run] for run in runs))

    def now(self) -> set[int]:
        """The runners that take part in the first group that has not been done."""
        while self._first < len(self._groups):
            if found := self.waited_for(self._groups[self._first]):
                return found
            self._first += 1
        return set()

    def has_come(self, runs: Iterable[int]) -> bool:
        """Whether all groups before that of these runs have been done, by every runner."""
        self.now()
        return min(self._group_of[run] for run in runs) <= self._first
