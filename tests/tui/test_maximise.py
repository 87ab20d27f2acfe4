"""The table or the details on the whole screen."""

from __future__ import annotations

import pytest

from tests.tui.samples import finished
from tests.tui.stand_in import SIZES, Bench, bench, check_golden


def parts(b: Bench) -> tuple[bool, bool]:
    """Whether the table and the details are seen."""
    return " profile " in b.lines[1], "percentiles]" in b.text


@pytest.mark.parametrize("size", SIZES)
async def test_the_part_with_the_cursor_gets_the_whole_screen(size: tuple[int, int]) -> None:
    async with bench(size=size) as b:
        await b.show(finished())
        await b.press("z")
        assert parts(b) == (True, False)
        check_golden("maximised-table", size, b.text)
        await b.press("z")
        assert parts(b) == (True, True)
        await b.press("enter", "z")
        assert parts(b) == (False, True)
        check_golden("maximised-pane", size, b.text)
        await b.press("z")
        assert parts(b) == (True, True)


async def test_enter_goes_to_the_other_part_on_the_whole_screen() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("z", "enter")
        assert parts(b) == (False, True)
        assert b.main.pane.body.has_focus
        await b.press("enter")
        assert parts(b) == (True, False)
        assert b.main.table.has_focus


@pytest.mark.parametrize(("before", "key"), [((), "6"), ((), "l"), (("enter",), "slash")])
async def test_what_needs_the_other_part_brings_it_back(before: tuple[str, ...], key: str) -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press(*before, "z", key)
        assert b.main.maximised == ""
        assert parts(b)[0]


async def test_a_tab_that_is_opened_on_the_whole_screen_has_it_too() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("enter", "z", "6")
        assert "log of the session" in b.text
        assert not parts(b)[0]
        await b.press("1")
        assert parts(b) == (False, True)


async def test_escape_brings_both_parts_back() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("z", "escape")
        assert parts(b) == (True, True)


async def test_a_terminal_that_is_too_small_says_so_all_the_same() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("z")
        await b.pilot.resize_terminal(40, 10)
        await b.pilot.pause()
        assert "This terminal has 40x10 cells" in b.text
        await b.pilot.resize_terminal(80, 24)
        await b.pilot.pause()
        assert parts(b) == (True, False)
