"""Screens that are left before they are there.

Keys that come in one piece, or a program that ends, may close a screen before Textual has mounted
its widgets. Textual then mounts none, and has the screen set up what it does not have
(Textual 8.2.8): the workbench ended with that.
"""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump


class LeftEarly(MessagePump):
    """To be named before the kind of screen: it is not set up once it is being removed.

    No DOMNode, of which Textual takes styles and parts from the first base that is one.
    """

    _pruning: bool

    async def _dispatch_message(self, message: Message) -> None:
        if not (isinstance(message, events.Mount) and self._is_leaving):
            await super()._dispatch_message(message)

    def _post_mount(self) -> None:
        if not self._is_leaving:
            super()._post_mount()  # type: ignore[no-untyped-call]

    @property
    def _is_leaving(self) -> bool:
        return self._closing or self._pruning
