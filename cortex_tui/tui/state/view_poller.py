"""Decides which of the views that are looked at are drawn, and how much of each."""

from __future__ import annotations

from cortex_tui.placement.registry import place_of
from cortex_tui.results.view import SessionView
from cortex_tui.tui.state.cost import CostMeter, ScreenCost, usable_cores
from cortex_tui.tui.state.pace import EVERY, Pace, Usage, pace_after

DETAILS_EVERY = 4
"""One look in four has the pane drawn, too: once a second. It is half of a frame's cost, which the
run that is measured pays for, and nobody reads details more often."""
UNDER_DIALOG = EVERY[-1]
"""One look in four is drawn under a dialog, where each refresh blends the screen: 7 ms."""


class ViewPoller:
    """Used on the screen's loop only."""

    def __init__(self, meter: CostMeter | None = None, cores: int | None = None) -> None:
        """`cores` is how many there are for runner and screen; all usable ones by default."""
        self.pace = Pace()
        self.meter = meter or CostMeter()
        self.cores = cores or usable_cores()
        self._view: SessionView | None = None
        self._without_details = DETAILS_EVERY
        """How many looks ago the pane was drawn."""
        self._every = 1
        self._passed = 0

    @property
    def cost(self) -> ScreenCost:
        """The screen's own; a frame's cost is not known where a session shares its thread."""
        cost = self.meter.cost
        view = self._view
        shared = view is not None and place_of(view.placement).shares_loop
        return cost._replace(frame_ns=None) if shared else cost

    def look(self, view: SessionView | None, *, covered: bool) -> bool:
        """Whether the newest view is to be drawn now; `covered` is a screen under a dialog."""
        self.meter.look()
        self._without_details += 1
        self._view = view
        if view is None:
            return False
        live = view.is_live
        self.pace = pace_after(self.pace, self._usage(view)) if live else Pace()
        self._every = max(self.pace.every, UNDER_DIALOG if covered else 1)
        self._passed = (self._passed + 1) % self._every
        # The end of a session is drawn at once.
        return not self._passed or not (live or covered)

    def details_due(self, view: SessionView) -> bool:
        """Whether a pane is drawn, too, with a view that differs from the one before it."""
        due = not view.is_live or self._without_details >= DETAILS_EVERY
        if due:
            self._without_details = 0
        return due

    def _usage(self, view: SessionView) -> Usage:
        own, runner = self.cost.cpu_share or 0.0, view.runner_cpu_share or 0.0
        cores = own + runner if place_of(view.placement).own_process else max(own, runner)
        return Usage(cores / self.cores, self.cost.frame_ns or 0.0)
