"""The dialog before a profile is measured alone and together with others, in turn."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from cortex_tui.limits import MAX_ROUNDS
from cortex_tui.profiles.model import Profile
from cortex_tui.quantities import format_duration
from cortex_tui.text import one_line
from cortex_tui.tui.screens.dialog import Dialog, Entry
from cortex_tui.tui.widgets.frame import Frame, PartText

SUGGESTED = "6"
"""In fewer rounds a factor of less than two is hardly ever found."""


class SoloDialog(Dialog[int]):
    """Its result is the number of rounds."""

    def __init__(self, profile: Profile, others: Sequence[Profile]) -> None:
        super().__init__()
        self._profile = profile
        self._others = others

    def compose(self) -> ComposeResult:
        names = ", ".join(one_line(each.name) for each in self._others)
        with Frame() as box:
            box.border_title = "Alone and together"
            name = one_line(self._profile.full_name)
            yield PartText(f"{name}, without and with {names}: how many rounds?")
            yield Entry(SUGGESTED, placeholder="how many rounds", type="integer")
            yield PartText(self._length(), classes="quiet")
            yield PartText("", classes="error")
            yield self.hint("measures them")

    def _length(self) -> str:
        own = _length_ns(self._profile)
        lengths = [own, *map(_length_ns, self._others)]
        if any(each is None for each in lengths) or own is None:
            return "Each round measures it twice; some profiles end by their operations."
        together = max(each for each in lengths if each is not None)
        return f"A round takes about {format_duration(own + together)}, without setting up."

    def submit(self, text: str) -> None:
        rounds = int(text) if text.isdecimal() else 0
        if not 1 < rounds <= MAX_ROUNDS:
            self.show_error(f"expected a number of rounds from 2 to {MAX_ROUNDS}")
            return
        self.dismiss(rounds)


def _length_ns(profile: Profile) -> int | None:
    stop, warmup = profile.stop.duration_ns, profile.warmup.duration_ns if profile.warmup else 0
    return None if stop is None else stop + (warmup or 0)
