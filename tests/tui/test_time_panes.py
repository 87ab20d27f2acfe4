"""Timeline and heat map on the screen: window, sizes, scales, themes."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import Future
from typing import Any

import msgspec
import pytest

from cortex_tui.results.run_result import RunResult
from cortex_tui.results.series import RunSeries
from cortex_tui.results.slices import IntervalSlice
from cortex_tui.results.view import SessionView
from cortex_tui.stats.log_bins import LogBins
from cortex_tui.tui.render.ramp import ON_DARK, ON_LIGHT, SHADES
from cortex_tui.tui.state.view_poller import DETAILS_EVERY
from cortex_tui.tui.widgets.lines import TextLine
from cortex_tui.tui.widgets.time_plot import AT_ONCE
from tests.patience import PATIENCE_S
from tests.tui.samples import MEDIATOR, finished, run_view, running, session_view
from tests.tui.series_samples import eventful
from tests.tui.stand_in import Bench, StandIn, bench, check_golden
from tests.tui.time_panes import TABS, S, control_for, measured, opened, pane_text, settled

SIZES = ((80, 24), (120, 40), (200, 60))


# --- golden texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tab", TABS)
async def test_before_a_run_there_is_a_word_and_no_picture(tab: str, size: tuple[int, int]) -> None:
    async with bench(size=size) as b:
        await b.press(TABS[tab])
        assert "nothing was measured" in b.text or "move to a profile" in b.text
        check_golden(f"{tab}-empty", size, pane_text(b))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tab", TABS)
async def test_while_running_the_picture_grows_to_the_right(
    tab: str, size: tuple[int, int]
) -> None:
    view = measured(running(), 52)
    async with bench(control_for(view, 52), size=size) as b:
        await opened(b, view, tab)
        check_golden(f"{tab}-running", size, pane_text(b))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tab", TABS)
async def test_of_a_finished_run_a_window_can_be_looked_at(tab: str, size: tuple[int, int]) -> None:
    view = measured(finished(), 300)
    async with bench(control_for(view, 300), size=size) as b:
        await opened(b, view, tab)
        check_golden(f"{tab}-finished", size, pane_text(b))
        await b.press("left_square_bracket", "left_square_bracket")
        await settled(b)
        check_golden(f"{tab}-window", size, pane_text(b))
        await b.press("escape", "enter", "left", "left")
        check_golden(f"{tab}-cursor", size, pane_text(b))


class Turns:
    """Counts the turns of the loop until all is drawn, and how many intervals are read in each."""

    def __init__(self, b: Bench) -> None:
        self.read: dict[int, int] = {}
        self.over = asyncio.Event()
        self._bench = b
        self._turn = 0

    def next(self) -> None:
        self._turn += 1
        if self.read and self._bench.main.is_complete:
            self.over.set()
        else:
            asyncio.get_running_loop().call_soon(self.next)

    def note(self, number: int) -> None:
        self.read[self._turn] = self.read.get(self._turn, 0) + number


class Noting(tuple[IntervalSlice, ...]):
    """Intervals of which it is noted when parts of them are read."""

    turns: Turns

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        if isinstance(index, slice):
            self.turns.note(len(found))
        return found


@pytest.mark.parametrize("tab", TABS)
async def test_the_picture_of_a_long_run_is_made_in_several_turns_of_the_loop(tab: str) -> None:
    view = measured(finished(), 600)
    control = control_for(view, 600)
    async with bench(control, size=(120, 40)) as b:
        turns = Noting.turns = Turns(b)
        for run, series in control.intervals.items():
            noting = Noting(series.slices)
            control.intervals[run] = msgspec.structs.replace(series, slices=noting)
        control.view = view
        b.main.poll()
        await b.main.open_pane(tab)
        turns.next()
        async with asyncio.timeout(PATIENCE_S):
            await turns.over.wait()
        assert sum(turns.read.values()) == 596
        assert len(turns.read) > 3
        assert max(turns.read.values()) < 2 * AT_ONCE
        await b.pilot.pause()
        in_turns = pane_text(b)
    async with bench(control_for(view, 600), size=(120, 40)) as b:
        await opened(b, view, tab)
        assert pane_text(b) == in_turns


@pytest.mark.parametrize("tab", TABS)
async def test_a_resize_while_running_draws_for_the_new_size(tab: str) -> None:
    view = measured(running(), 52)
    async with bench(control_for(view, 52), size=(80, 24)) as b:
        await opened(b, view, tab)
        for size in ((200, 60), (60, 15), (120, 40)):
            await b.pilot.resize_terminal(*size)
            await settled(b)
        check_golden(f"{tab}-running", (120, 40), pane_text(b))


# --- intervals that take their time ---------------------------------------------------------------


class Late(StandIn):
    """A controller that has the first intervals at once, and later ones when it is asked to."""

    def __init__(self, view: SessionView, tenths: int) -> None:
        super().__init__(view)
        self.intervals = control_for(view, tenths).intervals
        self.owed: list[tuple[int, Future[RunSeries]]] = []
        self.is_late = False

    def series(self, session: str, run: int) -> Future[RunSeries]:
        if not self.is_late:
            return super().series(session, run)
        self.owed.append((run, Future()))
        return self.owed[-1][1]

    def pay(self, view: SessionView, tenths: int) -> None:
        """Answers all that was asked for so far."""
        owed, self.owed = self.owed, []
        made = control_for(view, tenths).intervals
        for run, future in owed:
            future.set_result(made[run])

    async def publish(self, b: Bench, tenths: int, *, ended: bool = False) -> SessionView:
        self.view = measured(finished() if ended else running(), tenths)
        self.view = msgspec.structs.replace(self.view, elapsed_ns=tenths * S // 10)
        b.main.poll()
        await settled(b)
        return self.view


@pytest.mark.parametrize("tab", TABS)
async def test_table_and_picture_of_a_view_are_drawn_when_its_intervals_have_come(
    tab: str,
) -> None:
    control = Late(measured(running(), 30), 30)
    async with bench(control, size=(120, 40)) as b:
        await opened(b, measured(running(), 30), tab)
        control.is_late = True
        waiting = []
        for tenths in range(40, 40 + DETAILS_EVERY):
            newest = await control.publish(b, tenths)
            if f"{tenths / 10:.2f}s" not in b.lines[0]:
                waiting.append(tenths)
                control.pay(newest, tenths)
                await settled(b)
                assert f"{tenths / 10:.2f}s" in b.lines[0]
        assert len(waiting) == 1  # that with its details


@pytest.mark.parametrize("tab", TABS)
async def test_intervals_that_never_come_hold_up_one_view_at_most(tab: str) -> None:
    control = Late(measured(running(), 30), 30)
    async with bench(control, size=(120, 40)) as b:
        await opened(b, measured(running(), 30), tab)
        control.is_late = True
        for tenths in range(44 - DETAILS_EVERY, 45):
            await control.publish(b, tenths)
        assert "4.40s" in b.lines[0] or "4.30s" in b.lines[0]
        for _, future in control.owed:
            future.set_exception(RuntimeError("the controller is gone"))
        await settled(b)
        assert "4.40s" in b.lines[0]


@pytest.mark.parametrize("tab", TABS)
async def test_the_last_intervals_are_drawn_though_others_were_under_way_at_the_end(
    tab: str,
) -> None:
    control = Late(measured(running(), 30), 30)
    async with bench(control, size=(120, 40)) as b:
        await opened(b, measured(running(), 30), tab)
        await b.press("enter")
        control.is_late = True
        for tenths in range(41 - DETAILS_EVERY, 41):
            before = await control.publish(b, tenths)
        last = await control.publish(b, 300, ended=True)
        assert control.owed
        control.pay(before, 40)
        await settled(b)
        control.pay(last, 300)
        await settled(b)
        assert "–30s" in b.text


# --- scale and colours ----------------------------------------------------------------------------


async def test_t_changes_the_scale_of_the_heat_map_and_nothing_on_other_tabs() -> None:
    view = measured(running(), 52)
    async with bench(control_for(view, 52), size=(120, 40)) as b:
        await opened(b, view, "heatmap")
        words = []
        for _ in range(5):
            words.append(b.line_with("count ").split("  ")[-1].strip())
            await b.press("t")
        assert words == [
            "by square root",
            "by rank",
            "in proportion",
            "of each column",
            "by square root",
        ]
        await b.press("2")
        before = b.text
        await b.press("t")
        assert b.text == before


async def test_a_scale_that_no_longer_fits_is_made_anew_with_a_mark() -> None:
    view = measured(running(), 20)
    async with bench(control_for(view, 20), size=(120, 40)) as b:
        await opened(b, view, "heatmap")
        assert "scaled anew" not in b.text
        longer = measured(running(), 24)
        # In the 20th and 21st interval all took thirty times as long.
        b.control.intervals = control_for(longer, 24).intervals
        await b.show(longer)
        await settled(b)
        assert "↕ scaled anew" in b.text
        assert b.text.count("↕") == 2


def colours(b: Bench) -> set[str]:
    found = set()
    for strip in b.app.screen._compositor.render_strips():
        for segment in strip:
            if segment.style and segment.style.color and set(segment.text) <= set("▀▄█"):
                found.add(segment.style.color.name)
    return found


@pytest.mark.parametrize(
    ("theme", "ramp"), [("textual-dark", ON_DARK), ("textual-light", ON_LIGHT), ("nord", ON_DARK)]
)
async def test_the_colours_follow_the_theme(theme: str, ramp: tuple[str, ...]) -> None:
    view = measured(running(), 52)
    async with bench(control_for(view, 52), size=(120, 40)) as b:
        await opened(b, view, "heatmap")
        b.app.theme = theme
        await settled(b)
        assert len(set(ramp) & colours(b)) > 5
        other = set(ON_LIGHT if ramp == ON_DARK else ON_DARK)
        assert not other & colours(b)


@pytest.mark.parametrize("without", ["ansi", "NO_COLOR"])
async def test_without_colours_there_are_shades(
    without: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if without == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    view = measured(running(), 52)
    async with bench(control_for(view, 52), size=(120, 40)) as b:
        if without == "ansi":
            b.app.theme = "ansi-dark"
        await opened(b, view, "heatmap")
        legend = b.line_with("count ")
        assert [word[0] for word in legend.split()[1:8]] == list(SHADES)
        check_golden("heatmap-shades", (120, 40), pane_text(b))


# --- what there is to draw ------------------------------------------------------------------------


async def test_another_row_has_a_picture_of_its_own() -> None:
    view = measured(running(), 52)
    async with bench(control_for(view, 52), size=(120, 40)) as b:
        await opened(b, view, "heatmap")
        first = b.text
        for _ in range(4):
            await b.press("down")
        await settled(b)
        assert "search.steady" in b.text
        assert b.text != first
        await b.press("down")
        await settled(b)
        assert "nothing was measured" in b.text


@pytest.mark.parametrize("tab", ["2", "3", "4"])
@pytest.mark.parametrize(
    ("life", "session", "expected"),
    [
        ({"phase": "setup"}, "running", "othing was measured [a-z ]+ yet"),
        ({"state": "planned", "phase": None}, "running", "othing was measured [a-z ]+ yet"),
        ({"state": "failed"}, "finished", r"FAILED: nothing was measured \(tab 5 says why\)"),
        ({"state": "failed"}, "running", r"FAILED: nothing was measured \(tab 5 says why\)"),
        ({"state": "stopped"}, "finished", "topped before it measured"),
        ({"state": "stopped", "interrupted": True}, "finished", "nterrupted before it measured"),
    ],
)
async def test_only_what_may_still_measure_has_not_measured_yet(
    tab: str, life: dict[str, Any], session: Any, expected: str
) -> None:
    of = MEDIATOR.profiles[0]
    run = run_view(0, of, measured_ns=0, operations=0, bins=LogBins(), **life)
    async with bench(size=(120, 40)) as b:
        await b.show(session_view(run, state=session))
        await b.press(tab)
        assert re.search(expected, b.text)
        ended = life.get("state") in ("failed", "stopped")
        assert not ended or "yet" not in pane_text(b)


async def test_a_heat_map_that_is_not_laid_out_does_not_say_that_nothing_succeeded() -> None:
    view = measured(finished(), 300)
    async with bench(control_for(view, 300), size=(120, 40)) as b:
        await opened(b, view, "timeline")
        await b.main.open_pane("heatmap")
        heading = b.main.pane.query_one(".heading", TextLine)
        assert "no operation" not in "".join(span.text for span in heading.line)
        await settled(b)
        assert "p50  ● p99" in pane_text(b)


async def test_a_run_whose_operations_all_failed_has_no_heat_map_and_breaks_nothing() -> None:
    def nothing(run: RunResult, **_: object) -> RunSeries:
        whole = eventful(run, tenths=1)
        times = msgspec.structs.replace(
            whole.slices[0], service=whole.slices[0].lateness, response=whole.slices[0].lateness
        )
        return msgspec.structs.replace(whole, slices=(times,))

    view = session_view(run_view(0, MEDIATOR.profiles[0], measured_ns=S))
    async with bench(control_for(view, 1, nothing), size=(80, 24)) as b:
        await b.show(view)
        for key in ("2", "3", "enter", "left", "up", "t"):
            await b.press(key)
            await settled(b)
        await b.press("enter")
        assert "no operation has succeeded yet" in b.text
        ended = run_view(0, MEDIATOR.profiles[0], measured_ns=S, state="finished")
        await b.show(session_view(ended, state="finished"))
        await settled(b)
        assert "no operation has succeeded" in b.text
        assert "yet" not in pane_text(b)
