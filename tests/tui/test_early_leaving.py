"""Screens that are closed before their widgets are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from textual.app import App

from tests.tui.samples import finished
from tests.tui.stand_in import bench

OPENING: dict[str, Sequence[str]] = {
    "the page of keys": ["question_mark"],
    "the palette": ["ctrl+p"],
    "the form": ["m"],
    "a name to save it by": ["s"],
    "a note": ["w"],
    "what to copy": ["y"],
    "rounds": ["R"],
    "a baseline": ["b"],
    "alone and together": ["c"],
    "the library": ["h"],
}


@pytest.mark.parametrize("keys", OPENING.values(), ids=OPENING)
async def test_a_screen_that_is_left_at_once_is_no_fault(
    keys: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    push = App.push_screen

    def push_and_leave(self: App[Any], screen: Any, *arguments: Any, **named: Any) -> Any:
        pushed = push(self, screen, *arguments, **named)
        # In the same turn of the loop: as by a key that was there already.
        self.pop_screen()
        opened.append(type(screen).__name__)
        return pushed

    async with bench() as b:
        await b.show(finished())
        with monkeypatch.context() as patched:
            patched.setattr(App, "push_screen", push_and_leave)
            await b.press(*keys)
            await b.app.workers.wait_for_complete()
            await b.pilot.pause()
        assert len(opened) == 1
        await b.press("question_mark")
        assert "Keys  escape closes" in b.text
