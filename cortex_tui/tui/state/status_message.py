"""What was just asked for, told until it has happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from cortex_tui.results.run_result import RunResult
from cortex_tui.tui.state.latest_runs import LatestRuns


def _never() -> bool:
    return False


class Say(Protocol):
    """Tells what is being done, in a few words, or why nothing is."""

    def __call__(self, text: str, until: Callable[[], bool] = _never) -> None:
        """`until` says whether it has happened: then nothing is told any more."""


class StatusMessage:
    """A text for a moment. It is over, too, when a session has begun or ended since."""

    def __init__(
        self, latest: LatestRuns, text: str = "", until: Callable[[], bool] = _never
    ) -> None:
        self.text = text
        self._latest = latest
        self._until = until
        self._active = latest.active

    @property
    def over(self) -> bool:
        return self._latest.active != self._active or self._until()


def when_all(
    latest: LatestRuns, runs: Iterable[RunResult], done: Callable[[RunResult], bool]
) -> Callable[[], bool]:
    """Whether this is true by now of each of the runs that has not ended."""
    numbers = {run.run for run in runs}
    return lambda: all(done(run) or ended(run) for run in latest.runs if run.run in numbers)


def ended(run: RunResult) -> bool:
    """Whether it does nothing any more but perhaps wait to be torn down with its neighbours."""
    return run.life.outcome is not None
