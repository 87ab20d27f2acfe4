"""The line above a picture: what it is of, and the keys of all pictures; a click opens one."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from cortex_tui.tui.actions import Action
from cortex_tui.tui.render.text import Span, fit_middle, width_of
from cortex_tui.tui.widgets.tones import Toned

_NAME_LEAST = 16


class PictureTabs(Toned):
    """The open one stands in brackets. Where there is little room, of the others only their keys
    are shown."""

    DEFAULT_CSS = "PictureTabs { height: 1; background: $panel; }"

    class Pressed(Message):
        """A tab was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    open: reactive[str] = reactive("")
    """The name of the open one."""
    subject: reactive[str] = reactive("")
    """Of what the picture is."""

    def __init__(self, tabs: Sequence[Action], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._tabs = tabs

    def _texts(self) -> list[str]:
        """Of each tab, with a cell more on either side."""

        def text(action: Action, *, short: bool) -> str:
            is_open = action.name == self.open
            label = action.shown if short and not is_open else f"{action.shown} {action.label}"
            return f"[{label}]" if is_open else f" {label} "

        name = min(width_of(self.subject), _NAME_LEAST) + 2
        texts = [text(each, short=False) for each in self._tabs]
        if name + sum(map(len, texts)) <= self.size.width:
            return texts
        return [text(each, short=True) for each in self._tabs]

    def _subject(self, texts: Sequence[str]) -> str:
        room = self.size.width - sum(map(len, texts)) - 2
        return f" {fit_middle(self.subject, min(width_of(self.subject), max(0, room)))} "

    def render_line(self, y: int) -> Strip:
        texts = self._texts()
        spans = [Span(self._subject(texts), "head")]
        for action, text in zip(self._tabs, texts, strict=True):
            spans.append(Span(text, "head" if action.name == self.open else "dim"))
        return self.strip(tuple(spans), self.size.width)

    def on_click(self, event: events.Click) -> None:
        texts = self._texts()
        at = width_of(self._subject(texts))
        for action, text in zip(self._tabs, texts, strict=True):
            if at <= event.x < at + len(text):
                self.post_message(self.Pressed(action.name))
            at += len(text)
