"""The palette where it is left while it is busy."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette

from tests.tui.stand_in import bench


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
