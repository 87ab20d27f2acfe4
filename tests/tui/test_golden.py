"""The screen as text, at the sizes of real terminals."""

from __future__ import annotations

import pytest

from cortex_tui.profiles.model import Catalog
from cortex_tui.tui.actions import Action
from cortex_tui.tui.screens.keys_page import KeysPage
from cortex_tui.tui.state.pace import SLOWER_AFTER
from tests.tui.samples import (
    batched,
    failed,
    finished,
    known,
    paused,
    repeated,
    running,
    session_view,
)
from tests.tui.stand_in import SIZES, bench, check_golden

Size = tuple[int, int]
TWO = SIZES[:2]


@pytest.mark.parametrize("size", SIZES)
async def test_before_a_run_rows_and_details_show_definitions(size: Size) -> None:
    async with bench(size=size, checked=["mediator.command-dispatch"]) as b:
        check_golden("before", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_while_running_every_profile_has_a_live_row(size: Size) -> None:
    async with bench(size=size) as b:
        await b.show(running())
        check_golden("running", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_a_missed_target_and_errors_are_shown_with_words(size: Size) -> None:
    async with bench(size=size) as b:
        await b.show(finished())
        check_golden("finished", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_a_failed_run_shows_its_reason_and_its_traceback(size: Size) -> None:
    async with bench(size=size) as b:
        await b.show(failed())
        check_golden("failed", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_a_runner_that_died_is_reported_in_every_row_and_above(size: Size) -> None:
    async with bench(size=size) as b:
        runs = failed().runs
        died = "it was killed by signal 9 (SIGKILL)"
        await b.show(session_view(*runs, state="died", died=died))
        check_golden("died", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_the_screen_is_drawn_anew_for_each_size_while_a_session_runs(size: Size) -> None:
    async with bench(size=(100, 30)) as b:
        await b.show(running())
        for key in "1234567":
            await b.press(key)
            await b.pilot.resize_terminal(*size)
            await b.pilot.pause()
            before = b.lines
            await b.pilot.resize_terminal(61, 16)
            await b.pilot.resize_terminal(*size)
            await b.pilot.pause()
            await b.show(running())
            assert b.lines[1:] == before[1:]


@pytest.mark.parametrize("size", SIZES)
async def test_a_pause_is_shown_above_and_in_every_row(size: Size) -> None:
    async with bench(size=size, checked=["search.steady"]) as b:
        await b.show(paused())
        check_golden("paused", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_percentiles_of_batches_are_named_so(size: Size) -> None:
    async with bench(size=size) as b:
        await b.show(batched())
        check_golden("batched", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_earlier_rounds_stand_next_to_the_present_one(size: Size) -> None:
    async with bench(size=size) as b:
        await b.show(repeated())
        if size == TWO[0]:
            await b.press(*["J"] * 7)
        check_golden("rounds", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_percentiles_have_error_bars(size: Size) -> None:
    async with bench(size=size, checked=["search.steady"]) as b:
        await b.show(known())
        check_golden("confidence", size, b.text)


@pytest.mark.parametrize("size", TWO)
async def test_on_a_full_machine_less_is_drawn_and_that_is_said(size: Size) -> None:
    async with bench(size=size) as b:
        await b.press("i")
        for _ in range(2 * SLOWER_AFTER):
            await b.show(session_view(*running().runs, runner_cpu_share=1.9))
        check_golden("full", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_the_session_shows_how_runner_and_screen_fare(size: Size) -> None:
    async with bench(size=size, frame_ns=2_100_000) as b:
        await b.press("i")
        await b.show(running())
        await b.show(batched())
        check_golden("session", size, b.text)


@pytest.mark.parametrize("size", TWO)
async def test_the_repeat_dialog_asks_how_often_and_how(size: Size) -> None:
    async with bench(size=size, checked=["search.steady", "search.no-results"]) as b:
        await b.press("R")
        check_golden("repeat", size, b.text)


@pytest.mark.parametrize("size", TWO)
async def test_a_filter_leaves_matching_profiles(size: Size) -> None:
    async with bench(size=size) as b:
        await b.press("slash", *"disp")
        check_golden("filter", size, b.text)


@pytest.mark.parametrize("size", TWO)
async def test_the_save_dialog_offers_session_and_run(size: Size) -> None:
    async with bench(size=size) as b:
        await b.show(finished())
        await b.press("s")
        check_golden("save", size, b.text)


@pytest.mark.parametrize("size", TWO)
async def test_the_page_of_keys(size: Size) -> None:
    run = Action("run", ("r", "f5"), "r", "run", "Run the checked profiles together on one loop")
    down = Action("down", ("j", "down"), "j k", "down", "The row below, or scroll the details")
    marks = {"Before a row": {"▸": "the cursor", "[x]": "checked"}}
    async with bench(size=size) as b:
        b.app.push_screen(KeysPage([run, down], marks, {"the other screen": [down]}))
        await b.pilot.pause()
        check_golden("help", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_problems_are_listed(size: Size) -> None:
    async with bench(size=size) as b:
        await b.press("e")
        check_golden("problems", size, b.text)


async def test_without_profiles_the_screen_says_where_they_come_from() -> None:
    async with bench(catalog=Catalog()) as b:
        check_golden("empty", (80, 24), b.text)


async def test_in_a_terminal_that_is_too_small_a_message_says_so_until_it_grows() -> None:
    async with bench(size=(50, 12)) as b:
        assert b.lines[:2] == ["This terminal has 50x12 cells;", "the workbench needs 60x15."]
        await b.pilot.resize_terminal(80, 24)
        await b.pilot.pause()
        assert "comman…patch" in b.text
        assert "needs 60x15" not in b.text


async def test_sixty_columns_are_enough() -> None:
    async with bench(size=(60, 15)) as b:
        await b.show(running())
        check_golden("running", (60, 15), b.text)
