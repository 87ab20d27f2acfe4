"""Textual's command palette, which may be left while it is busy."""

from __future__ import annotations

from typing import cast

from textual.app import App, ReturnType
from textual.command import CommandPalette
from textual.widgets import LoadingIndicator

from cortex_tui.tui.early_leaving import LeftEarly


class Palette(LeftEarly, CommandPalette):
    """Textual hands it changes of what it shows after its widgets have gone, too, and on a busy
    machine that ended the workbench (Textual 8.2.8 looks for them all the same)."""

    @property
    def _has_widgets(self) -> bool:
        return bool(self.query(LoadingIndicator))

    def _watch__list_visible(self) -> None:
        if self._has_widgets:
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self._has_widgets:
            await super()._watch__show_busy()


class PaletteApp(App[ReturnType]):
    """Opens that palette."""

    def action_command_palette(self) -> None:
        """Opens the palette, if it is not open."""
        if not Palette.is_open(cast("App[object]", self)):
            self.push_screen(Palette(id="--command-palette"))
