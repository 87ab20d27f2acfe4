"""Looks at the newest view at a steady beat, and decides which of the looks are drawn."""

from __future__ import annotations

from collections.abc import Callable

from cortex_tui.placement.registry import place_of
from cortex_tui.results.view import SessionView
from cortex_tui.tui.state.cost import CostMeter, ScreenCost, usable_cores
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.pace import EVERY, Pace, Strain, pace_after

UNDER_DIALOG = EVERY[-1]
"""Of so many looks one is drawn under a dialog, where each refresh blends the screen: 7 ms."""


class ViewPoller:
    """Used on the screen's loop only."""

    def __init__(
        self,
        latest: LatestRuns,
        newest: Callable[[], SessionView | None],
        meter: CostMeter | None = None,
        cores: int | None = None,
    ) -> None:
        """`cores` is how many there are for runner and screen; all usable ones by default."""
        self.pace = Pace()
        self.meter = meter or CostMeter()
        self.cores = cores or usable_cores()
        self._latest = latest
        self._newest = newest
        self.details_due = True
        """Whether the details of what was seen last are to be drawn, too: they are half of a
        frame's cost, and nobody reads them four times a second."""
        self._passed = 0

    @property
    def cost(self) -> ScreenCost:
        """The screen's own; a frame's cost is not known where a session shares its thread."""
        cost = self.meter.cost
        view = self._latest.view
        shared = view is not None and place_of(view.placement).shares_loop
        return cost._replace(frame_ns=None) if shared else cost

    def look(self, *, covered: bool) -> bool:
        """Whether there is something new to draw now; `covered` is a screen under a dialog."""
        self.meter.look()
        view = self._newest()
        if view is None:
            return False
        live = view.state in ("starting", "running")
        self.pace = pace_after(self.pace, self._strain(view)) if live else Pace()
        every = max(self.pace.every, UNDER_DIALOG if covered else 1)
        self._passed = (self._passed + 1) % every
        # The end of a session is drawn at once.
        if self._passed and (live or covered):
            return False
        if not self._latest.take(view):
            return False
        self.details_due = not (live and every == 1 and self.details_due)
        return True

    def _strain(self, view: SessionView) -> Strain:
        own, runner = self.cost.cpu_share or 0.0, view.runner_cpu_share or 0.0
        cores = own + runner if place_of(view.placement).own_process else max(own, runner)
        return Strain(cores / self.cores, self.cost.frame_ns or 0.0)
