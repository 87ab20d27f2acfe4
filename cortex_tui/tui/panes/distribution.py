"""The tab with the distribution of the run under the cursor."""

from __future__ import annotations

from functools import partial

from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.log_bins import Mode
from cortex_tui.tui.panes.headings import run_heading
from cortex_tui.tui.panes.port import Pane, PaneInput
from cortex_tui.tui.panes.unmeasured import why_no_times
from cortex_tui.tui.render.distribution import distribution_lines, distribution_of
from cortex_tui.tui.render.text import Line, Span, fit
from cortex_tui.tui.widgets.lines import Move
from cortex_tui.tui.widgets.picture import Picture


class _Body(Picture, can_focus=True):
    """A picture that takes the focus."""


class DistributionPane(Pane):
    """Its histogram, with its modes named where there are several, and the share below."""

    NAME = "distribution"
    TAB = 4
    LABEL = "distribution"
    TOOLTIP = "Show the histogram and the modes of the run under the cursor"
    NEEDS = ("cortex_tui.results.shape",)

    def __init__(self) -> None:
        super().__init__()
        self.body = self._picture = _Body()
        self._whole = False
        self._of: object = None
        """What the modes were found in."""
        self._modes: tuple[Mode, ...] = ()

    def act(self, name: str) -> bool:
        if name != "scale":
            return super().act(name)
        self._whole = not self._whole
        return True

    def move(self, how: Move) -> None:
        pass  # all of it is in sight

    def heading(self, now: PaneInput) -> Line:
        return run_heading(now)

    def draw(self, now: PaneInput) -> None:
        run = now.run
        if run is None or not run.shape.bins.counts:
            why = why_no_times(run, now.latest)
            text = now.nothing(f"{why[0].upper()}{why[1:]}.")
            self._picture.show(lambda width, height: [(Span(fit(text, width), "dim"),)], of=text)
            return
        drawn = distribution_of(run, self._modes_of(run), whole=self._whole)
        self._picture.show(partial(distribution_lines, drawn), of=drawn)

    def _modes_of(self, run: RunResult) -> tuple[Mode, ...]:
        of = run.shape.bins, run.confidence_ns
        if of != self._of:
            # Brings numpy, which the first frame need not wait for.
            from cortex_tui.results.shape import modes_of_run

            self._of, self._modes = of, modes_of_run(run)
        return self._modes
