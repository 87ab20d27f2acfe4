"""A screen whose keys, key line, page of keys and commands come from one table of actions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from textual import on

from cortex_tui.tui.actions import Action
from cortex_tui.tui.changed_lines import LineScreen
from cortex_tui.tui.config.keys import written
from cortex_tui.tui.early_leaving import LeftEarly
from cortex_tui.tui.own_keys import bind, own_actions
from cortex_tui.tui.render.marks import Legend
from cortex_tui.tui.widgets.key_line import KeyLine


class ActionScreen(LeftEarly, LineScreen[None]):
    """Each action of the table is a method of the screen."""

    SCREEN: ClassVar[str] = ""
    """Its name in the file of settings; "" where its keys cannot be changed."""
    LEGEND: ClassVar[Legend] = {}
    """The marks that it draws, for its page of keys."""

    def __init__(self, table: Sequence[Action]) -> None:
        super().__init__()
        self._table = table

    @cached_property
    def table_of_actions(self) -> Sequence[Action]:
        """All, with the keys that a person has chosen."""
        return own_actions(self.app, self.SCREEN, self._table)

    @cached_property
    def actions(self) -> dict[str, Action]:
        return {action.name: action for action in self.table_of_actions}

    @cached_property
    def ranked(self) -> list[str]:
        """The names of those that the key line may have."""
        return [action.name for action in self.table_of_actions if action.rank]

    def on_mount(self) -> None:
        # The table may have grown since this class was made, for which Textual keeps BINDINGS.
        bind(self, self.table_of_actions)

    def key_of(self, name: str) -> str:
        """The key of an action, as a person reads it; that of the palette, which has them all, for
        one without a key."""
        return written(next(iter(self.actions[name].keys), self.app.COMMAND_PALETTE_BINDING))

    def applies(self, name: str) -> bool:
        """Whether an action would do anything now."""
        return True

    def action_help(self) -> None:
        from cortex_tui.tui.config.tables import TABLES
        from cortex_tui.tui.screens.keys_page import KeysPage

        others = {
            of.where: own_actions(self.app, of.name, of.actions())
            for of in TABLES
            if of.name != self.SCREEN
        }
        self.app.push_screen(KeysPage(self.table_of_actions, self.LEGEND, others))

    async def action_quit(self) -> None:
        await self.app.run_action("app.leave")

    @on(KeyLine.Pressed)
    async def _key_pressed(self, event: KeyLine.Pressed) -> None:
        await self.run_action(self.actions[event.action].call)
