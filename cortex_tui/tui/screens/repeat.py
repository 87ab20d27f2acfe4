"""The dialog that asks for a number of rounds."""

from __future__ import annotations

from typing import NamedTuple

from textual.app import ComposeResult

from cortex_tui.limits import MAX_ROUNDS
from cortex_tui.tui.screens.dialog import Dialog, Entry
from cortex_tui.tui.widgets.frame import Frame, PartChoice, PartText

SUGGESTED = "5"
"""Three rounds cannot show a drift between them; five begin to."""


class Rounds(NamedTuple):
    """How often the profiles are to be run, and whether one after another."""

    rounds: int
    one_by_one: bool


class RepeatDialog(Dialog[Rounds]):
    """Asks how often the chosen profiles are to be run."""

    def __init__(self, profiles: int) -> None:
        """`profiles` is how many are chosen."""
        super().__init__()
        self._profiles = profiles

    def compose(self) -> ComposeResult:
        with Frame() as box:
            what = "the profile" if self._profiles == 1 else f"the {self._profiles} profiles"
            box.border_title = f"Run {what}: how many rounds?"
            yield Entry(SUGGESTED, placeholder="how many rounds", type="integer")
            yield PartChoice("together on one loop", "one by one: A B A B …")
            yield PartText("", classes="error")
            yield self.hint("runs them", "choose how")

    def submit(self, text: str) -> None:
        rounds = int(text) if text.isdecimal() else 0
        if not 0 < rounds <= MAX_ROUNDS:
            self.show_error(f"expected a number of rounds from 1 to {MAX_ROUNDS}")
            return
        self.dismiss(Rounds(rounds, one_by_one=bool(self.chosen)))
