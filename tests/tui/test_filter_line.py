"""A key that comes while the line of a filter is being removed is for the rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from textual.css.query import DOMQuery
from textual.widget import Widget

from cortex_tui.tui.widgets.filter_line import FilterLine
from tests.tui.stand_in import SIZES, Bench, bench
from tests.tui.stored_sessions import library, three


@pytest.mark.parametrize("key", ["enter", "escape"])
@pytest.mark.parametrize("opened", [lambda path: bench(), library])
async def test_the_rows_have_the_focus_before_the_line_goes(
    opened: Callable[[Path], AbstractAsyncContextManager[Bench]],
    key: str,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await three(path)
    async with opened(path) as on:
        remove, focused = DOMQuery[Widget].remove, list[Widget | None]()

        def remove_seen(query: DOMQuery[Widget]) -> object:
            focused.append(on.app.focused)
            return remove(query)

        await on.press("slash", "e")
        assert isinstance(on.app.focused, FilterLine)
        monkeypatch.setattr(DOMQuery, "remove", remove_seen)
        await on.press(key)
        assert focused
        assert not any(isinstance(each, FilterLine) for each in focused)


@pytest.mark.parametrize("size", SIZES)
async def test_a_table_without_a_match_says_so_and_how_to_get_the_rows_back(
    size: tuple[int, int],
) -> None:
    async with bench(size=size) as on:
        await on.press("slash", *"zed", "enter")
        assert "  no profile matches zed; esc clears it" in on.text
        await on.press("escape")
        assert "no profile matches" not in on.text
        assert on.line_with("steady")


async def test_a_long_filter_leaves_room_for_the_key(path: Path) -> None:
    async with bench() as on:
        await on.press("slash", *"z" * 90)
        assert "z…; esc clears it" in on.text


async def test_the_line_says_what_a_word_may_be() -> None:
    async with bench() as on:
        await on.press("slash")
        assert "parts of a name or workload, @tag; enter keeps it, esc clears it" in on.text
