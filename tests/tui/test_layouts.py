"""What says the same as before is not laid out again: that takes longer than all else of a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widget import Widget

from cortex_tui.tui.screens.library import LibraryScreen
from tests.tui.samples import finished
from tests.tui.stand_in import bench
from tests.tui.stored_sessions import library, three
from tests.tui.test_edit_form import folder, workbench

pytestmark = pytest.mark.usefixtures("every_frame")

__all__ = ["folder"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The widgets that have asked for a layout of the screen, by their classes."""
    found: list[str] = []
    refresh = Widget.refresh

    def noted(widget: Widget, *regions: Any, layout: bool = False, **others: Any) -> Widget:
        if layout:
            found.append(type(widget).__name__)
        return refresh(widget, *regions, layout=layout, **others)

    monkeypatch.setattr(Widget, "refresh", noted)
    return found


async def test_nothing_of_a_form_in_which_a_letter_is_typed(folder: Path, asked: list[str]) -> None:
    async with workbench(folder) as b:
        await b.press("m", "5", "s")
        asked.clear()
        await b.press("home", "1")
        assert "15s" in b.text
        assert asked == []


async def test_nothing_around_a_line_of_a_dialog_in_which_a_letter_is_typed(
    asked: list[str],
) -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("s", "m")
        asked.clear()
        await b.press("e", "d")
        assert "med" in b.text
        assert asked == []


async def test_a_line_shows_what_is_left_of_it_when_its_end_is_deleted() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("s", "ctrl+u", *"abcde" * 14)
        assert "abcde" * 12 not in b.text
        await b.press(*["left"] * 30, "ctrl+k")
        assert "abcde" * 8 in b.text


async def test_nothing_of_a_library_in_which_nothing_has_changed(
    tmp_path: Path, asked: list[str]
) -> None:
    await three(tmp_path / "store.db")
    async with library(tmp_path / "store.db") as b:
        assert isinstance(b.app.screen, LibraryScreen)
        asked.clear()
        for _ in range(3):
            b.app.screen.show()
            await b.press("down")
            await b.press("up")
        assert asked == []
