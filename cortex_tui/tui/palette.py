"""Textual's command palette, which may be left while it is busy, finds commands by what is said of
them, and runs what was searched for, however fast the keys come."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from textual import on
from textual.app import App, ReturnType
from textual.binding import Binding
from textual.command import CommandInput, CommandList, CommandPalette, Hit, Hits
from textual.system_commands import SystemCommandsProvider
from textual.theme import ThemeProvider
from textual.widgets import Button, Input, LoadingIndicator
from textual.worker import Worker

from cortex_tui.tui.early_leaving import LeftEarly
from cortex_tui.tui.key_order import KeysInOrder

_LEAVES, _RUNS = "escape", "enter"
_CHOOSE = {_RUNS}.union(
    key.strip()
    for binding in CommandPalette.BINDINGS
    if isinstance(binding, Binding)
    for key in binding.key.split(",")
    if key != _LEAVES
)
"""Keys that are about what is listed."""


class Commands(SystemCommandsProvider):
    """What the app offers, by its names and then by words of what is said of it."""

    async def search(self, query: str) -> Hits:
        matcher, words = self.matcher(query), query.lower().split()
        for name, text, run, *_ in self.app.get_system_commands(self.screen):
            score = matcher.match(name)
            if score > 0 or _has_words(text, words):
                yield Hit(score, matcher.highlight(name), run, help=text)


def _has_words(text: str, words: Sequence[str]) -> bool:
    """Whether words of the text begin with each of these."""
    there = re.findall(r"\w+", text.lower())
    return all(any(each.startswith(word) for each in there) for word in words)


class Palette(LeftEarly, CommandPalette):
    """Textual searches behind the keys, and Enter runs what is listed then: behind letters in one
    piece that was the first of all commands. So keys that choose wait until what stands in the
    input has been searched for, and those behind them until the command was run.

    Textual hands it changes of what it shows after its widgets have gone, too, and on a busy
    machine that ended the workbench (Textual 8.2.8 looks for them all the same)."""

    _search: Worker[Any] | None = None
    _searched_for = ""
    _holds = False
    """Whether a key waits."""
    _has_chosen = False

    # --- keys in order --------------------------------------------------------------------------

    def on_mount(self) -> None:
        # The input inherits some for scrolling and declines them: a key that is declined loses its
        # turn to the next one.
        for each in self.query(CommandInput):
            for key in _CHOOSE - {_RUNS}:
                each._bindings.key_to_bindings.pop(key, None)

    def keeps(self, key: str) -> bool:
        """Whether it has to wait: a letter does not, which is another search."""
        if self._has_chosen or key == _LEAVES:
            return self._has_chosen
        self._holds = self._is_searching and (self._holds or key in _CHOOSE)
        return self._holds

    @property
    def _is_searching(self) -> bool:
        """Whether what is listed is something else than what stands in the input."""
        if self._search is None or not self._search.is_finished:
            return True
        return any(each.value.strip() != self._searched_for for each in self.query(CommandInput))

    def _gather_commands(self, search_value: str) -> Worker[Any]:
        self._searched_for = search_value
        self._search = search = super()._gather_commands(search_value)
        return search

    @on(Worker.StateChanged)
    def _has_searched(self) -> None:
        if not self._is_searching:
            self._keep_keys_for_a_moment()  # which takes them then

    def _action_command_list(self, action: str) -> None:
        listed = self.query_one(CommandList)
        if action == "select" and listed.highlighted is not None:
            self._has_chosen = not listed.get_option_at_index(listed.highlighted).disabled
        super()._action_command_list(action)

    def _select_or_command(self, event: Input.Submitted | Button.Pressed | None = None) -> None:
        super()._select_or_command(event)
        # The command is run later, when this is closed.
        self._keep_keys_for_a_moment()

    def _keep_keys_for_a_moment(self) -> None:
        if isinstance(self.app, KeysInOrder):
            self.app.keep_keys_for_a_moment()

    # --- changes of what it shows ---------------------------------------------------------------

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

    COMMANDS: ClassVar = {Commands}

    def action_command_palette(self) -> None:
        """Opens the palette, if it is not open."""
        if not Palette.is_open(cast("App[object]", self)):
            self.push_screen(Palette(id="--command-palette"))

    def search_themes(self) -> None:
        """Opens one of themes."""
        self.push_screen(Palette([ThemeProvider], placeholder="Search for themes…"))
