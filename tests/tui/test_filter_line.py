"""A key that comes while the line of a filter is being removed is for the rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from textual.css.query import DOMQuery
from textual.widget import Widget

from cortex_tui.tui.widgets.filter_line import FilterLine
from tests.tui.stand_in import Bench, bench
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
