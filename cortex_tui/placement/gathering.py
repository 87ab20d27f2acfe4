"""A stream in which the values of many runners wait a moment for one another.

What a message costs whoever receives it hardly depends on how many values it has. So those of one
interval are joined, whose they are is kept, and a reader has little to do however many runners
there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from cortex_tui.placement.port import Stream
from cortex_tui.protocol.commands import ToRunner
from cortex_tui.protocol.joining import joined, one_pulse, parts_of
from cortex_tui.protocol.messages import Message, Pulse, Samples

GATHER_S = 0.05
"""How long values wait: half an interval, and a fifth of what passes between two views."""


class Gathering(Stream):
    """Has values wait for more of them, until something else is to be sent."""

    def __init__(self, send: Callable[[ToRunner], None], kill: Callable[[str], None]) -> None:
        super().__init__(send, kill)
        self._waiting: list[Message] = []
        self._timer: asyncio.TimerHandle | None = None

    def deliver(self, batch: list[Message]) -> None:
        self._waiting += batch
        if any(not isinstance(message, Samples | Pulse) for message in batch):
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        super().deliver([_named(message) for message in joined(one_pulse(waiting))])


def _named(message: Message) -> Message:
    """With whose the values are, which the name of the group's stream does not tell."""
    if not isinstance(message, Samples):
        return message
    return msgspec.structs.replace(message, parts=parts_of(message))
