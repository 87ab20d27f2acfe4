"""Notices at the top of the screen, where the line about the session stands, and no values.

Textual shows them at the bottom right, half as wide as the screen and with room around: three lines
over the facts of a run, for seconds, and the only way to have them away was to wait or to click.
"""

from __future__ import annotations

from time import time
from typing import ClassVar

from textual import events
from textual.app import ReturnType

from cortex_tui.tui.widgets.tones import TonedApp

READ_S = 1.0
"""A notice that has been shown for so long is put away by the next key. One that is younger stays:
it came while keys were typed ahead or repeated, and nobody has read it yet."""


class NoticesAtTop(TonedApp[ReturnType]):
    """A notice takes as many lines and columns as its text, from the top right."""

    DEFAULT_CSS: ClassVar[str] = """
    NoticesAtTop {
        ToastRack { dock: top; align: right top; margin: 0; max-height: 50%; overflow-y: auto; }
        Toast { width: auto; max-width: 100%; margin: 0; padding: 0 1; }
    }
    """

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._put_away_what_was_read()
        await super().on_event(event)

    def _put_away_what_was_read(self) -> None:
        now_s = time()
        read = [notice for notice in self._notifications if now_s - notice.raised_at >= READ_S]
        for notice in read:
            self._unnotify(notice)
