"""Notices at the top of the screen, where the line about the session stands, and no values.

Textual shows them at the bottom right, half as wide as the screen and with room around: three lines
over the facts of a run, for seconds, and the only way to have them away was to wait or to click.
"""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ReturnType
from textual.notifications import Notification, Notify, SeverityLevel
from textual.widget import Widget
from textual.widgets._toast import Toast

from cortex_tui.tui.widgets.tones import TonedApp

READ_S = 1.0
"""A notice that has been shown for so long is put away by the next key. One that is younger stays:
it came while keys were typed ahead or repeated, and nobody has read it yet."""
_UNTIL_A_KEY_S = 1e7
"""How long a warning or an error stays by itself: it may come while nobody looks. The seconds of
other notices begin before they are drawn."""


class NoticesAtTop(TonedApp[ReturnType]):
    """A notice takes as many lines and columns as its text, from the top right. It goes after some
    seconds, a warning or an error with the next key or a click."""

    DEFAULT_CSS: ClassVar[str] = """
    NoticesAtTop {
        ToastRack { dock: top; align: right top; margin: 0; max-height: 50%; overflow-y: auto; }
        Toast { width: auto; max-width: 100%; margin: 0; padding: 0 1; }
    }
    """

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._shown_s: dict[str, float] = {}
        """Since when the notices have been shown, by their identity."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        if timeout is None and severity != "information":
            timeout = _UNTIL_A_KEY_S
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def _refresh_notifications(self) -> None:
        # Textual removes a toast whose notice was put away, and leaves the line that it stood on:
        # after some of them there is no room on the screen for another one.
        if self.screen_stack:
            for toast in self.screen.query(Toast):
                line = toast.parent
                if toast._notification not in self._notifications and isinstance(line, Widget):
                    line.remove()
        super()._refresh_notifications()

    def _on_notify(self, event: Notify) -> None:
        super()._on_notify(event)
        self.call_after_refresh(self._note_shown, event.notification)

    def _note_shown(self, notice: Notification) -> None:
        there = {each.identity for each in self._notifications}
        self._shown_s = {key: at_s for key, at_s in self._shown_s.items() if key in there}
        self._shown_s[notice.identity] = monotonic()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._put_away_what_was_read()
        await super().on_event(event)

    def _put_away_what_was_read(self) -> None:
        now_s = monotonic()
        for notice in list(self._notifications):
            if now_s - self._shown_s.get(notice.identity, now_s) >= READ_S:
                self._unnotify(notice)
