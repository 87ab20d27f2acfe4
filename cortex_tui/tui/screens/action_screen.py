"""A screen whose keys, key line, page of keys and commands come from one table of actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingsMap
from textual.screen import Screen

from cortex_tui.tui.actions import Action, bindings
from cortex_tui.tui.render.marks import Legend
from cortex_tui.tui.widgets.key_line import KeyLine


class ActionScreen(Screen[None]):
    """Each action of the table is a method of the screen."""

    LEGEND: ClassVar[Legend] = {}
    """The marks that it draws, for its page of keys."""

    def __init__(self, table: Sequence[Action]) -> None:
        super().__init__()
        # The table may have grown since this class was made, for which Textual keeps BINDINGS; and
        # of its own bindings, those of a key that has an action here go.
        own = BindingsMap(bindings(table))
        for key in own.key_to_bindings:
            self._bindings.key_to_bindings.pop(key, None)
        self._bindings = BindingsMap.merge([self._bindings, own])
        self.table_of_actions = table
        self.actions = {action.name: action for action in table}
        self.ranked = [action.name for action in table if action.rank]
        """The names of those that the key line may have."""

    def applies(self, name: str) -> bool:
        """Whether an action would do anything now."""
        return True

    def action_help(self) -> None:
        from cortex_tui.tui.screens.keys_page import KeysPage

        self.app.push_screen(KeysPage(self.table_of_actions, self.LEGEND))

    async def action_quit(self) -> None:
        await self.app.action_quit()

    @on(KeyLine.Pressed)
    async def _key_pressed(self, event: KeyLine.Pressed) -> None:
        await self.run_action(self.actions[event.action].call)
