"""Asking before checked profiles that no file has any more are left out of a session."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from cortex_tui.quantities import format_names
from cortex_tui.text import one_line
from cortex_tui.tui.second_key import ASKED_S


class GoneChecks:
    """Remembers what was reported, so that a second key can uncheck it."""

    def __init__(self) -> None:
        self._reported: Sequence[str] = ()
        self._reported_s = 0.0

    def question(self, gone: Sequence[str]) -> str:
        """What to ask of these, in order; "" where they were asked about just before."""
        now_s = monotonic()
        again = gone == self._reported and now_s - self._reported_s < ASKED_S
        self._reported, self._reported_s = gone, now_s
        if again or not gone:
            return ""
        be, them = ("is", "it") if len(gone) == 1 else ("are", "them")
        return (
            f"Not started: {one_line(format_names(gone, 1))} {be} checked, and in no file now. "
            f"The same key again unchecks {them}."
        )
