"""What was just done, or why nothing was."""

from __future__ import annotations

from typing import Protocol

from cortex_tui.results.run_result import RunResult
from cortex_tui.tui.state.latest_runs import LatestRuns


class Say(Protocol):
    """Shows what is being done, in a few words, or why nothing is."""

    def __call__(self, text: str) -> None: ...


class StatusMessage:
    """A text for a moment. It is over, too, when a session has begun or ended since."""

    def __init__(self, latest: LatestRuns, text: str = "") -> None:
        self.text = text
        self._latest = latest
        self._active = latest.active

    @property
    def over(self) -> bool:
        return self._latest.active != self._active


def ended(run: RunResult) -> bool:
    """Whether it does nothing any more but perhaps wait to be torn down with its neighbours."""
    return run.life.outcome is not None
