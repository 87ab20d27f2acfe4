"""The first tab: percentile curves of the run under the cursor, and its facts."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult

from cortex_tui.results.run_result import RunResult
from cortex_tui.tui.panes.headings import run_heading
from cortex_tui.tui.panes.port import PaneInput, WithLines
from cortex_tui.tui.render.curves import curve_names, plot_of, plot_of_several
from cortex_tui.tui.render.facts import profile_facts, suite_facts
from cortex_tui.tui.render.percentile_plot import Plot, percentile_plot
from cortex_tui.tui.render.rows import SECOND_NS
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.widgets.lines import Source
from cortex_tui.tui.widgets.picture import Picture


class PercentilesPane(WithLines):
    """Curves and facts side by side, or one above the other on a wide screen."""

    NAME = "percentiles"
    TAB = 1
    LABEL = "percentiles"
    TOOLTIP = "Show percentiles and facts of the run under the cursor"
    DEFAULT_CSS = """
    PercentilesPane {
        layout: horizontal;
        Picture { width: 2fr; padding-right: 1; }
        Lines { width: 3fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._picture = Picture()
        self._linear = False
        self._several = False
        """Whether the curves of all checked rows are drawn."""

    def compose(self) -> ComposeResult:
        heading, lines = super().compose()
        yield heading
        yield self._picture
        yield lines

    def act(self, name: str) -> bool:
        if name == "curves":
            self._several = not self._several
        elif name == "scale":
            self._linear = not self._linear
        else:
            return super().act(name)
        return True

    def heading(self, now: PaneInput) -> Line:
        return run_heading(now)

    def draw(self, now: PaneInput) -> None:
        several = _several(now) if self._several else ()
        if several:
            plot = plot_of_several(several, linear=self._linear)
        elif now.run is None:
            plot = Plot(linear=self._linear)
        else:
            plot = plot_of(now.run, *_baseline(now, now.run), linear=self._linear)
        self._picture.show(partial(percentile_plot, plot), of=plot)
        facts = _facts(now)

        def lines(width: int) -> list[Line]:
            return [*curve_names(several, width), *facts(width)]

        topic = None if now.entry is None else now.entry.key
        self.lines.show(lines, topic=(topic, bool(several)))


def _several(now: PaneInput) -> tuple[RunResult, ...]:
    """The runs of the checked rows, and that under the cursor."""
    if now.run is None or any(run is now.run for run in now.checked):
        return now.checked
    return (now.run, *now.checked)


def _baseline(now: PaneInput, run: RunResult) -> tuple[RunResult | None, str]:
    """The run that is drawn behind this one, and the name of what it is compared with."""
    baseline = None if now.versus.variant else now.baseline
    # Values of batches of another size are other values.
    is_alike = baseline is not None and baseline.batch == run.batch
    return (baseline if is_alike else None), now.versus.name


def _facts(now: PaneInput) -> Source:
    """What there is to read about the row under the cursor."""
    entry = now.entry
    if entry is None:
        return lambda width: []
    if entry.profile is None:
        return partial(suite_facts, entry.suite, now.problems)
    known = now.latest.seen(entry.key)
    if known is not None and known.awaited:
        coming: Line = (Span(now.nothing(""), "dim"),)
        return lambda width: [coming]
    silent_ns = now.latest.view.silent_ns if now.latest.view else 0
    return partial(
        profile_facts,
        entry.profile,
        known.run if known else None,
        earlier=known.earlier if known else (),
        silent_ns=silent_ns if silent_ns > SECOND_NS else 0,
        versus=now.versus,
        unsure=_unsure(now),
    )


def _unsure(now: PaneInput) -> str:
    """Why it is not known how sure the percentiles of a window are."""
    if now.window is None or now.series is None or now.run is None or now.run.confidence_ns:
        return ""
    # Brings numpy, which the first frame need not wait for.
    from cortex_tui.results.window import lacking_within

    return f"cannot tell: {lacking_within(now.series, now.window)}"
