"""Timeline and heat map: the cursor, and the mouse."""

from __future__ import annotations

import pytest
from textual import events

from cortex_tui.results.series import TimeWindow
from cortex_tui.tui.widgets.time_plot import TimePlot
from tests.tui.samples import running
from tests.tui.stand_in import Bench, bench
from tests.tui.time_panes import TABS, S, control_for, measured, opened, settled


@pytest.mark.parametrize("tab", TABS)
async def test_the_cursor_reads_out_a_moment_and_stays_on_the_newest_until_moved(
    tab: str,
) -> None:
    view = measured(running(), 30)
    async with bench(control_for(view, 30), size=(120, 40)) as b:
        await opened(b, view, tab)
        await b.press("enter")
        assert "▸2.9s–3s" in b.text
        longer = measured(running(), 35)
        b.control.intervals = control_for(longer, 35).intervals
        await b.show(longer)
        await settled(b)
        assert "▸3.4s–3.5s" in b.text
        await b.press("left")
        await b.press("pageup")
        assert "▸2.3s–2.4s" in b.text
        await b.press("home")
        assert "▸0s–0.1s" in b.text
        await b.press("left")
        assert "▸0s–0.1s" in b.text
        await b.press("end")
        assert "▸3.4s–3.5s" in b.text
        await b.press("enter")
        assert "▸3.4s" not in b.text


async def test_the_cursor_of_the_heat_map_moves_up_and_down_through_latencies() -> None:
    view = measured(running(), 30)
    async with bench(control_for(view, 30), size=(120, 40)) as b:
        await opened(b, view, "heatmap")
        await b.press("enter")
        median = b.line_with("▸2.9s–3s")
        await b.press("up")
        above = b.line_with("▸2.9s–3s")
        assert above != median
        await b.press("down")
        assert b.line_with("▸2.9s–3s") == median
        await b.press(*["up"] * 60)
        assert "–217ms" in b.line_with("▸2.9s–3s") or "0 of 40" in b.line_with("▸2.9s–3s")


@pytest.mark.parametrize("tab", TABS)
async def test_keys_that_come_at_once_go_to_the_pane_that_was_just_given_the_focus(
    tab: str,
) -> None:
    view = measured(running(), 30)
    async with bench(control_for(view, 30), size=(120, 40)) as b:
        await opened(b, view, tab)
        for key in ("enter", "left", "left", "up", "down"):
            b.app.post_message(events.Key(key, None))
        await settled(b)
        assert "▸2.7s–2.8s" in b.text


async def test_a_note_is_written_at_the_cursor() -> None:
    view = measured(running(), 30)
    async with bench(control_for(view, 30), size=(120, 40)) as b:
        await opened(b, view, "timeline")
        await b.press("enter", "home", "right", "w")
        assert "command-dispatch at 150ms" in b.text


def chosen(b: Bench) -> TimeWindow | None:
    return b.main.window


async def dragged(b: Bench, body: TimePlot, start: int, end: int) -> None:
    """Of the plot's cells."""
    await b.pilot.mouse_down(body, offset=(8 + start, 2))
    await b.pilot.hover(body, offset=(8 + (start + end) // 2, 2))
    await b.pilot.hover(body, offset=(8 + end, 2))
    await b.pilot.mouse_up(body, offset=(8 + end, 2))
    await settled(b)


@pytest.mark.parametrize("tab", TABS)
async def test_a_click_places_the_cursor(tab: str) -> None:
    view = measured(running(), 52)
    async with bench(control_for(view, 52), size=(80, 24)) as b:
        body = await opened(b, view, tab)
        await b.pilot.click(body, offset=(8 + 20, 1))
        await settled(b)
        assert body.has_focus
        assert "▸2s–2.1s" in b.text
        row = next(at for at, line in enumerate(b.lines) if "▲" in line)
        assert b.lines[row].index("▲") == 8 + 20


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(("start", "end"), [(10, 29), (29, 10)])
async def test_a_drag_selects_a_window_and_escape_returns_to_all(
    tab: str, start: int, end: int
) -> None:
    view = measured(running(), 52)
    async with bench(control_for(view, 52), size=(80, 24)) as b:
        body = await opened(b, view, tab)
        await dragged(b, body, start, end)
        assert chosen(b) == TimeWindow(S, 3 * S)
        assert "[1s═══" in b.text
        assert "only 1–3 s" in b.lines[0]
        await b.press("escape")
        assert chosen(b) is None
        assert "═" not in b.text


async def test_a_drag_beyond_the_plot_ends_at_its_edges() -> None:
    view = measured(running(), 52)
    async with bench(control_for(view, 52), size=(80, 24)) as b:
        body = await opened(b, view, "timeline")
        await dragged(b, body, -5, 68)
        assert b.main.window == TimeWindow(0, int(5.2 * S))
