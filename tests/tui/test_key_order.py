"""Keys that come in one piece mean what they would mean one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static

from cortex_tui.tui.key_order import KeysInOrder
from tests.patience import PATIENCE_S


class Main(Screen[None]):
    """`/` opens a line, enter closes it; r would run."""

    BINDINGS = [Binding("slash", "open"), Binding("r", "run")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.did: list[str] = []
        self.has_run = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Static("rows")

    async def action_open(self) -> None:
        line = Input()
        await self.mount(line)
        self.set_focus(line)

    def action_run(self) -> None:
        self.did.append("run")
        self.has_run.set()

    async def before_closing(self) -> None:
        pass

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        await self.before_closing()
        self.did.append(event.value)
        self.set_focus(None)
        await event.input.remove()


NAMED = {"/": "slash", "\r": "enter", "\b": "backspace", "\x15": "ctrl+u", "\x01": "home"}


def in_one_piece(text: str) -> Sequence[events.Key]:
    return [
        events.Key(NAMED.get(character, character), character if character.isprintable() else None)
        for character in text
    ]


@asynccontextmanager
async def typed_on(main: Main, text: str) -> AsyncIterator[Pilot[None]]:
    """An app with this screen, to which the keys have come."""
    app = KeysInOrder[None]()
    async with app.run_test() as pilot:
        await app.push_screen(main)
        for key in in_one_piece(text):
            app.post_message(key)
        yield pilot


@pytest.mark.parametrize(
    ("typed", "did"),
    [
        ("r", ["run"]),
        ("/rr\r", ["rr"]),
        ("/rr\rr", ["rr", "run"]),
        ("/ax\bb\r", ["ab"]),
        ("/ab\x15cd\x01x\rr/r\r", ["xcd", "run", "r"]),
    ],
)
async def test_letters_behind_the_key_that_opens_a_line_go_into_the_line(
    typed: str, did: list[str]
) -> None:
    main = Main()
    async with typed_on(main, typed) as pilot:
        await pilot.pause()
        assert main.did == did


class Following(Main):
    """Does something with the text that was reported to it last."""

    BINDINGS = [Binding("f2", "use")]  # noqa: RUF012
    reported = ""

    def on_input_changed(self, event: Input.Changed) -> None:
        self.reported = event.value

    def action_use(self) -> None:
        self.did.append(self.reported)


async def test_a_key_comes_when_the_screen_knows_what_was_typed_and_pasted_before() -> None:
    main = Following()
    async with typed_on(main, "/abc") as pilot:
        pilot.app.post_message(events.Key("f2", None))
        pilot.app.post_message(events.Paste("de"))
        pilot.app.post_message(events.Key("f2", None))
        pilot.app.post_message(events.Key("backspace", None))
        pilot.app.post_message(events.Key("f2", None))
        await pilot.pause()
        assert main.did == ["abc", "abcde", "abcd"]


class Slow(Main):
    """Takes turns over what was entered, as where other programs have the processors."""

    async def before_closing(self) -> None:
        for _ in range(30):
            time.sleep(0.03)  # noqa: ASYNC251  (the whole loop is slow)
            await asyncio.sleep(0)


async def test_a_key_behind_another_waits_for_a_slow_loop() -> None:
    main = Slow()
    async with typed_on(main, "/ab\rr") as pilot:
        await pilot.pause()
        assert main.did == ["ab", "run"]


class Waiting(Main):
    """Closes the line only when something was run."""

    async def before_closing(self) -> None:
        self.set_focus(None)
        await self.has_run.wait()


async def test_a_key_comes_though_the_one_before_waits_for_it() -> None:
    main = Waiting()
    async with typed_on(main, "/ab\rr") as pilot:
        async with asyncio.timeout(PATIENCE_S):
            while len(main.did) < 2:
                await pilot.pause(0.01)
        assert main.did == ["run", "ab"]


async def test_keys_that_come_when_the_screen_was_left_do_nothing() -> None:
    app = KeysInOrder[None]()
    async with app.run_test():
        app.exit()
    for key in in_one_piece("q?"):
        await app.on_event(key)


@pytest.mark.parametrize("turns", range(4))
async def test_keys_that_come_while_it_is_being_left_do_nothing(turns: int) -> None:
    app, main = KeysInOrder[None](), Main()
    async with app.run_test():
        await app.push_screen(main)
        app.exit()
        for _ in range(turns):
            await asyncio.sleep(0)
        # Some have already been handed to the screen.
        main.post_message(events.Key("r", "r"))
        app.post_message(events.Key("r", "r"))
    assert main.did == []
