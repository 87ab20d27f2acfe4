"""The tabs percentiles, distribution and errors on the screen: what keys change, and goldens."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from textual.geometry import Region

from cortex_tui.analysis.baseline import Baseline
from cortex_tui.analysis.sessions import Source
from cortex_tui.results.run_result import Shape
from cortex_tui.results.view import SessionView
from cortex_tui.stats.targets import TargetResult
from cortex_tui.store.records import SessionRecord
from cortex_tui.tui.state.versus import Versus
from cortex_tui.tui.widgets.picture import Picture
from tests.tui.samples import (
    MEDIATOR,
    SEARCH,
    batched,
    bimodal,
    erring,
    failed,
    finished,
    known,
    overloaded,
    run_view,
    running,
    session_view,
)
from tests.tui.series_samples import series_of
from tests.tui.stand_in import SIZES, Bench, StandIn, bench, check_golden

Size = tuple[int, int]
S = 1_000_000_000
STEADY = SEARCH.profiles[0]
COMMAND = MEDIATOR.profiles[0]


def below_status(b: Bench) -> str:
    """The screen without its first line, which shows what frames cost up to now, and without the
    line of keys."""
    return "\n".join(b.lines[1:-1]) + "\n"


def waiting() -> SessionView:
    """An open load that cannot keep up, with intervals, targets met and missed."""
    run = overloaded(
        0,
        confidence_ns={
            name: (low * 40, high * 40)
            for name, (low, high) in known().runs[0].confidence_ns.items()
        },
        targets=(
            TargetResult("p95 < 200ms", 4_800_000, "met"),
            TargetResult("p99 < 10ms", 32_480_000, "missed"),
            TargetResult("service.p99 < 1ms", 250_000, "met"),
        ),
        unstarted=7,
    )
    return session_view(run)


def with_errors() -> StandIn:
    """A finished run with errors in its third and in its last second."""
    run = erring(state="finished", in_flight=0, unfinished=2, unfinished_ns=(5_200_000_000,) * 2)
    run = msgspec.structs.replace(run, measured_ns=30 * S)
    series = series_of(run, seconds=30)
    errors = {25: {"TimeoutError": 100, "shop.NoStock": 7}, 295: {"TimeoutError": 23}}
    slices = (
        msgspec.structs.replace(each, errors=errors.get(number, {}))
        for number, each in enumerate(series.slices)
    )
    control = StandIn(session_view(run, state="finished"))
    control.intervals = {0: msgspec.structs.replace(series, slices=tuple(slices))}
    return control


@pytest.mark.parametrize("size", SIZES)
async def test_response_stands_above_service_with_the_waiting_between(size: Size) -> None:
    async with bench(size=size, checked=[STEADY.full_name]) as b:
        await b.show(waiting())
        check_golden("waiting", size, below_status(b))


@pytest.mark.parametrize("size", SIZES)
async def test_the_curves_of_checked_rows_are_drawn_together_on_demand(size: Size) -> None:
    view = running()
    names = [run.profile.full_name for run in view.runs]
    async with bench(size=size, checked=[names[0], names[2], names[3]]) as b:
        await b.show(view)
        one = b.lines[1:]
        await b.press("v")
        check_golden("several", size, below_status(b))
        await b.press("v")
        assert b.lines[1:] == one


@pytest.mark.parametrize("size", SIZES)
async def test_the_curve_of_the_baseline_stands_behind_that_of_the_run(size: Size) -> None:
    then = run_view(0, COMMAND, scale=3)
    record = SessionRecord(id="then", started_at="")
    base = Baseline(
        name="main",
        session="then",
        source=Source("main", record, {}),
        noise=(),
        runs={COMMAND.full_name: then},
    )
    async with bench(size=size) as b:
        await b.show(finished())
        assert "b main" not in b.text
        b.main.versus = Versus(base)
        await b.pilot.pause()
        check_golden("behind", size, below_status(b))
        # Its values are of single operations: those of batches are something else.
        await b.show(batched())
        assert "b main" not in b.text


async def test_the_key_for_curves_opens_their_tab() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await b.press("6", "v")
        assert "[1 percentiles]" in b.text
        assert "A mediator.command-dispatch" in b.text


async def test_the_axis_of_the_curve_is_logarithmic_or_linear() -> None:
    async with bench(size=(120, 40), checked=[STEADY.full_name]) as b:
        await b.show(waiting())
        logarithmic = b.lines[1:]
        await b.press("enter", "t")
        assert "   0ns ┤" in b.text
        await b.press("t", "enter")
        assert b.lines[1:] == logarithmic


@pytest.mark.parametrize("size", SIZES)
async def test_the_distribution_names_two_modes(size: Size) -> None:
    async with bench(size=size) as b:
        await b.show(session_view(bimodal(), state="finished"))
        await b.press("4")
        check_golden("distribution", size, below_status(b))


@pytest.mark.parametrize("size", SIZES)
async def test_the_distribution_is_live_and_says_when_there_is_none(size: Size) -> None:
    async with bench(size=size) as b:
        await b.press("4")
        assert "Nothing was measured here yet." in b.text
        await b.show(running())
        check_golden("distribution-running", size, below_status(b))
        await b.show(failed())
        assert "FAILED: no operation has succeeded (tab 5 says why)." in b.text


async def test_all_values_of_the_distribution_are_shown_on_demand() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await b.press("4")
        most = b.lines[1:]
        assert " above " in b.text
        await b.press("t")
        assert " above " not in b.text
        await b.press("t")
        assert b.lines[1:] == most


async def test_a_window_has_its_own_distribution() -> None:
    view = finished()
    runs = (msgspec.structs.replace(run, measured_ns=30 * S) for run in view.runs)
    view = session_view(*runs, state="finished")
    control = StandIn(view)
    control.intervals = {run.run: series_of(run, seconds=30) for run in view.runs}
    async with bench(control, size=(120, 40)) as b:
        await b.show(view)
        await b.press("4", "left_square_bracket")
        await b.pilot.pause()
        assert "60 values" in b.text
        check_golden("distribution-window", (120, 40), below_status(b))


@pytest.mark.parametrize("size", SIZES)
async def test_errors_have_their_times_and_what_was_lost_below(size: Size) -> None:
    control = with_errors()
    async with bench(control, size=size) as b:
        await b.show(control.view)
        await b.press("5")
        await b.pilot.pause()
        check_golden("errors", size, below_status(b))


async def test_errors_of_a_window_are_those_in_it() -> None:
    control = with_errors()
    async with bench(control, size=(120, 40)) as b:
        await b.show(control.view)
        await b.press("5", "left_square_bracket")
        await b.pilot.pause()
        line = b.line_with("TimeoutError  ")
        assert line.split()[1] == "23"
        assert line.split()[-2:] == ["29.5s", "29.5s"]
        assert "unfinished" not in b.text


async def test_a_run_that_failed_as_a_whole_has_its_traceback_among_the_errors() -> None:
    async with bench(size=(120, 40)) as b:
        await b.press("5")
        assert "Nothing was run here yet." in b.text
        await b.show(failed())
        assert "ConnectionError: [red]no[/] database␛[31m at all" in b.text


async def test_errors_scroll() -> None:
    errors = {f"Error{number:03}": 300 - number for number in range(300)}
    async with bench(size=(80, 24)) as b:
        await b.show(session_view(erring(errors=errors)))
        await b.press("5", "enter")
        assert "Error000" in b.text
        await b.press("end")
        assert "Error000" not in b.text


@pytest.mark.parametrize("tab", ["1", "4"])
async def test_only_lines_that_differ_are_drawn_again(
    tab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def refresh(self: Picture, *regions: Region, **options: Any) -> Picture:
        drawn.extend(region.height for region in regions)
        return self

    async with bench(size=(120, 40)) as b:
        await b.show(session_view(bimodal()))
        await b.press(tab)
        monkeypatch.setattr(Picture, "refresh", refresh)
        # The same numbers in a new view, then one operation more.
        await b.show(session_view(bimodal()))
        assert drawn == []
        run = bimodal()
        counts = (run.shape.bins.counts[0] + 1, *run.shape.bins.counts[1:])
        bins = msgspec.structs.replace(run.shape.bins, counts=counts)
        shape = Shape.made(run.shape.curve, run.shape.service_curve, bins)
        await b.show(session_view(msgspec.structs.replace(run, shape=shape)))
        assert sum(drawn) <= 3


async def test_the_distribution_takes_the_focus_and_gives_it_back() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(session_view(bimodal()))
        await b.press("4", "enter", "down", "end")
        assert b.main.focused is b.main.pane.body
        assert "▸mediator.command-dispatch" in b.text
        await b.press("enter")
        assert b.main.focused is b.main.table
