"""All tables of actions that there are, by the screen that has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cortex_tui.tui.actions import Action, actions
from cortex_tui.tui.compare_actions import COMPARE_ACTIONS
from cortex_tui.tui.dialog_actions import COPY_ACTIONS, DIALOG_ACTIONS, FORM_ACTIONS
from cortex_tui.tui.library_actions import LIBRARY_ACTIONS


class Table(NamedTuple):
    """The actions of a screen."""

    name: str
    """In the file of settings."""
    where: str
    """The screen, in a sentence."""
    actions: Callable[[], Sequence[Action]]
    typed: bool = False
    """Whether text is typed there, so that letters are no keys."""


MAIN = "main"
TABLES = (
    Table(MAIN, "the main screen", actions),
    Table("library", "the library screen", lambda: LIBRARY_ACTIONS),
    Table("compare", "the compare screen", lambda: COMPARE_ACTIONS),
    Table("form", "the form of a profile", lambda: FORM_ACTIONS, typed=True),
    Table("dialogs", "dialogs and filters", lambda: DIALOG_ACTIONS, typed=True),
    Table("copy", "the menu of what to copy", lambda: COPY_ACTIONS),
)
