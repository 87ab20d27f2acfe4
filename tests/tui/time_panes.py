"""Timeline and heat map of prepared runs, for tests of them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cortex_tui.results.series import RunSeries
from cortex_tui.results.view import SessionView
from cortex_tui.store.records import MarkRecord
from cortex_tui.tui.widgets.time_plot import TimePlot
from tests.tui.samples import session_view
from tests.tui.series_samples import eventful
from tests.tui.stand_in import Bench, StandIn

S = 1_000_000_000
TABS = {"timeline": "2", "heatmap": "3"}


def measured(view: SessionView, tenths: int) -> SessionView:
    marks = (MarkRecord(S, "paused"), MarkRecord(S, "resumed after 1.2 s"))
    runs = (
        msgspec.structs.replace(run, measured_ns=tenths * S // 10, marks=marks) for run in view.runs
    )
    return session_view(*runs, state=view.state)


def control_for(
    view: SessionView, tenths: int, made: Callable[..., RunSeries] = eventful
) -> StandIn:
    control = StandIn(view)
    control.intervals = {
        run.run: made(run, tenths=tenths, missing=range(40, 44)) for run in view.runs
    }
    return control


async def opened(b: Bench, view: SessionView, tab: str) -> TimePlot:
    await b.show(view)
    await b.press(TABS.get(tab, tab))
    await settled(b)
    body = b.main.pane.body
    assert isinstance(body, TimePlot)
    return body


def pane_text(b: Bench) -> str:
    """The pane alone: what is around it has golden texts of its own."""
    x, y, width, height = b.main.pane.region
    lines = (line.ljust(x + width)[x : x + width].rstrip() for line in b.lines[y : y + height])
    return "\n".join(lines) + "\n"


async def settled(b: Bench) -> None:
    """Until the intervals that were asked for are drawn."""
    await b.pilot.pause()
    await b.pilot.pause()
