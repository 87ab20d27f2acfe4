"""Keys one after the other, however fast they come.

Textual hands a key to the widget with the focus, and looks for a binding only once the key has
bubbled back up. Keys that come in one piece (a slow connection, a loop that was busy) are under way
to the old focus by then: of `/request` typed at once, the r would run and the q quit. So here the
next key is looked at when the one before it has done what it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from textual import events
from textual.app import App, ReturnType, ScreenStackError
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget


@runtime_checkable
class Waiting(Protocol):
    """A screen on which keys may have to wait."""

    def keeps(self, key: str) -> bool:
        """Whether the key waits until the screen is through with what it does; "" is what is
        pasted."""


_LOOKS = 100
_LOOK_S = 0.005
"""How often, and how far apart, is looked whether a widget is through with a letter, before the
next key comes all the same: it may wait for something that only another key brings. Between two
looks each task that can do something has a turn, so a busy machine has longer. By the clock
alone, a key behind the one that closes a line was taken for a letter of the line, and was gone
with it."""


class KeysInOrder(App[ReturnType]):
    """Actions of keys are awaited, and so is a widget that takes a key as a letter, with those that
    follow what is typed in it. What is pasted comes in turn with the keys."""

    own_keys: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    """The keys that a person has chosen: for each screen, by the name of the action."""
    _ready_screen: weakref.ref[Screen[Any]] | None = None
    _was_left = False
    _kept: tuple[events.Key | events.Paste, ...] = ()
    """Keys that wait, in order, and what is pasted between them."""
    _waits_for = 0
    """How much that was left for later they wait for."""
    inputs_taken = 0
    """How many keys and presses of the mouse there were."""

    def exit(
        self, result: ReturnType | None = None, return_code: int = 0, message: Any | None = None
    ) -> None:
        self._was_left = True
        super().exit(result, return_code, message)

    async def run_action(self, *arguments: Any, **named: Any) -> bool:
        # A key may still come when the screens are being taken apart, where no action finds them.
        return not self._was_left and await super().run_action(*arguments, **named)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.MouseDown) and not event.is_forwarded:
            self.inputs_taken += 1
        if (
            not isinstance(event, events.Key | events.Paste)
            or event.is_forwarded
            # Textual runs these first and at once; a dialog's own bindings know nothing of them.
            or _name_of(event) in _priority_keys(type(self))
        ):
            await super().on_event(event)
            return
        self._kept = (*self._kept, event)
        await self.take_kept_keys()

    def drop_kept_keys(self) -> None:
        """What they were for does not come."""
        self._kept = ()

    def keep_keys_for_a_moment(self) -> None:
        """Keys wait until what has been given to `call_later` by now is done."""
        if self.call_later(self._go_on):
            self._waits_for += 1

    async def _go_on(self) -> None:
        self._waits_for -= 1
        await self.take_kept_keys()

    async def take_kept_keys(self) -> None:
        """Takes the keys that have come, up to one that has to wait."""
        while self._kept and not self._waits_for:
            try:
                screen = self.screen
            except ScreenStackError:
                self.drop_kept_keys()  # it has been left, and they came too late
                return
            if isinstance(screen, Waiting) and screen.keeps(_name_of(self._kept[0])):
                if screen.keeps(_name_of(self._kept[-1])):
                    return
                # That one ends the waiting: what would have followed is not wanted any more.
                self._kept = self._kept[-1:]
            event, *later = self._kept
            self._kept = tuple(later)
            if self._ready_screen is None or screen is not self._ready_screen():
                # One that was pushed by the key before may have neither widgets nor a focus yet.
                self._ready_screen = weakref.ref(screen)
                await _until_handled(screen)
            await self._take(event)

    async def _take(self, event: events.Key | events.Paste) -> None:
        focused = self.focused
        if isinstance(event, events.Paste) or (
            focused is not None and focused.check_consume_key(event.key, event.character)
        ):
            await super().on_event(event)
            if focused is not None:
                await _until_followed(focused)
            return
        bound = self.active_bindings.get(event.key)
        if bound is not None and not bound.enabled:
            return
        # An action may decline, as that of a pane which has nothing to scroll.
        if bound is None or not await self.run_action(bound.binding.action, bound.node):
            await super().on_event(event)
        elif focused is not None and bound.node is focused:
            await _until_followed(focused)


def _name_of(event: events.Key | events.Paste) -> str:
    """That of the key; "" where it is none."""
    return event.key if isinstance(event, events.Key) else ""


@cache
def _priority_keys(app: type[App[Any]]) -> frozenset[str]:
    bindings = (b for kind in app.__mro__ for b in vars(kind).get("BINDINGS", ()))
    return frozenset(
        key
        for binding in bindings
        if isinstance(binding, Binding) and binding.priority
        for key in binding.key.split(",")
    )


async def _until_followed(widget: Widget) -> None:
    """Until those above it have the messages about what it did, such as that a line has another
    text or was entered."""
    await _until_handled(widget)  # what it does itself, which sends it the messages
    for node in widget.ancestors_with_self:
        if isinstance(node, Widget):
            await _until_handled(node)


async def _until_handled(widget: Widget) -> None:
    """Until the widget is through with the messages that it has by now."""
    handled = asyncio.Event()
    if not widget.call_later(handled.set):
        return
    for _ in range(_LOOKS):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await handled.wait()
                return
