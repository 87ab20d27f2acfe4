"""All tables of actions that there are, by the screen that has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cortex_tui.tui.actions import Action, actions
from cortex_tui.tui.compare_actions import COMPARE_ACTIONS
from cortex_tui.tui.library_actions import LIBRARY_ACTIONS


class Table(NamedTuple):
    """The actions of a screen."""

    name: str
    """In the file of settings."""
    where: str
    """The screen, in a sentence."""
    actions: Callable[[], Sequence[Action]]


MAIN = "main"
TABLES = (
    Table(MAIN, "the main screen", actions),
    Table("library", "the library screen", lambda: LIBRARY_ACTIONS),
    Table("compare", "the compare screen", lambda: COMPARE_ACTIONS),
)
