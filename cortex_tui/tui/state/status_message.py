"""What was just done, or why nothing was."""

from __future__ import annotations

from typing import NamedTuple

from cortex_tui.tui.state.latest_runs import LatestRuns

SHOWN_S = 4.0
"""For how long the status line shows a message."""


class StatusMessage(NamedTuple):
    """A text for a moment. It is over, too, when a session has begun or ended since."""

    text: str
    active: bool
    """Whether a session was running when it was reported."""
    session: str
    """The newest one then; "" for none."""

    def is_over(self, latest: LatestRuns) -> bool:
        return (latest.active, latest.session) != (self.active, self.session)
