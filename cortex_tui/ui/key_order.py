"""Keys one after the other, however fast they come.

Textual hands a key to the widget with the focus, and looks for a binding only once the key has
bubbled back up. Keys that come in one piece (a slow connection, a loop that was busy) are under way
to the old focus by then: of `/request` typed at once, the r would run and the q quit. So here the
next key is looked at when the one before it has done what it does.
"""

from __future__ import annotations

import asyncio
import contextlib

from textual import events
from textual.app import App, ReturnType
from textual.widget import Widget

PATIENCE_S = 0.5
"""How long a widget may take over a letter before the next key comes all the same."""


class KeysInOrder(App[ReturnType]):
    """Actions of keys are awaited, and so is a widget that takes a key as a letter."""

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        focused = self.focused
        if focused is not None and focused.check_consume_key(event.key, event.character):
            await super().on_event(event)
            await _until_handled(focused)
            return
        bound = self.active_bindings.get(event.key)
        if bound is None:
            await super().on_event(event)
        elif bound.enabled:
            await self.run_action(bound.binding.action, bound.node)
            if bound.node is focused:
                # What it did is told to those above it, such as that a line was entered.
                for node in focused.ancestors_with_self:
                    if isinstance(node, Widget):
                        await _until_handled(node)


async def _until_handled(widget: Widget) -> None:
    """Until the widget is through with the messages that it has by now."""
    handled = asyncio.Event()
    if widget.call_later(handled.set):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await handled.wait()
