"""The palette: what it finds, keys that come in one piece, and leaving it while it is busy."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandList, CommandPalette

from cortex_tui.tui.screens.keys_page import KeysPage
from tests.tui.samples import CATALOG, finished
from tests.tui.stand_in import Bench, bench
from tests.tui.stored_sessions import library, names_left, sessions, settled, three

CHECKED = [each.full_name for each in CATALOG.profiles[:2]]


def found(b: Bench) -> list[str]:
    """The names of what is listed, in order."""
    options = b.app.screen.query_one(CommandList).options
    return [str(each.prompt).partition("\n")[0] for each in options]


async def looked_for(b: Bench, text: str) -> list[str]:
    await b.press("ctrl+p", *("space" if letter == " " else letter for letter in text))
    await settled(b)
    names = found(b)
    await b.press("escape")
    return names


@pytest.mark.parametrize("shows", [True, False])
async def test_what_changes_in_it_after_its_widgets_have_gone_is_no_fault(shows: bool) -> None:
    async with bench() as b:
        await b.press("ctrl+p", "s")
        palette = b.app.screen
        assert isinstance(palette, CommandPalette)
        for state in ("_show_busy", "_list_visible"):
            palette.set_reactive(vars(CommandPalette)[state], not shows)
        # As when it is left: whoever looks for commands may still be at it.
        await palette.query("*").remove()
        palette._show_busy = shows
        palette._list_visible = shows
        await b.pilot.pause()
        palette.dismiss()
        await b.pilot.pause()
        await b.press("j")
        assert b.app.is_running


async def test_it_finds_actions_by_their_names_and_by_what_it_says_of_them() -> None:
    async with bench(checked=CHECKED) as b:
        assert (await looked_for(b, "stored"))[0] == "Baseline"
        assert "Baseline" in await looked_for(b, "compare")
        assert await looked_for(b, "Session Stored") == ["Baseline", "Library"]
        # Names come first, whatever is said of others.
        assert (await looked_for(b, "run"))[0] == "Run"
        assert (await looked_for(b, "filter"))[0] == "Filter"
        assert await looked_for(b, "ored") == []
        assert await looked_for(b, "no such word") == []


async def test_enter_in_one_piece_runs_what_was_looked_for() -> None:
    async with bench(checked=CHECKED) as b:
        await b.show(finished())
        await b.press("ctrl+p")
        await b.in_one_piece(*"distri", "enter")
        await b.until(lambda: b.app.screen is b.main)
        assert b.main.pane.NAME == "distribution"
        await b.in_one_piece("ctrl+p", *"timeline", "enter")
        await b.until(lambda: b.main.pane.NAME == "timeline")


async def test_so_do_keys_that_choose_and_keys_behind_enter() -> None:
    async with bench(checked=CHECKED) as b:
        names = await looked_for(b, "check")
        at = names.index("Check all")
        assert at > 0
        await b.press("ctrl+p")
        await b.in_one_piece(*"check", *["down"] * at, "enter", "enter", "question_mark")
        await b.until(lambda: isinstance(b.app.screen, KeysPage))
        assert b.main.listing.checked == {each.full_name for each in CATALOG.profiles}
        await b.press("escape")
        assert b.app.screen is b.main


async def test_enter_where_nothing_is_found_runs_nothing(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.press("ctrl+p")
        await b.in_one_piece(*"no such action", "enter", "enter")
        await settled(b)
        assert isinstance(b.app.screen, CommandPalette)
        await b.press("escape")
        assert len(await sessions(path)) == 3


async def test_a_key_behind_enter_comes_when_the_command_was_run(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.in_one_piece("ctrl+p", *"delete", "enter", "escape", "j")
        await b.until(lambda: b.app.screen is b.main)
        await b.until(lambda: len(names_left(path)) == 2)


async def test_the_themes_wait_for_their_search_too() -> None:
    async with bench() as b:
        await b.press("ctrl+p")
        await b.in_one_piece(*"theme", "enter")
        await b.until(lambda: len(b.app.screen_stack) == 2 and len(found(b)) > 5)
        await b.in_one_piece(*"nord", "enter")
        await b.until(lambda: b.app.screen is b.main)
        assert b.app.theme == "nord"
