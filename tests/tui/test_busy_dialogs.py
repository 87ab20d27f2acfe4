"""A dialog that does what was confirmed: keys behind that are for what follows."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from cortex_tui.session import baselines
from cortex_tui.session.control import SavedSnapshot
from cortex_tui.tui.screens.ask import AskDialog
from cortex_tui.tui.screens.baseline import BaselineDialog
from cortex_tui.tui.screens.keys_page import KeysPage
from cortex_tui.tui.screens.save import SaveDialog
from cortex_tui.tui.widgets.choice import Choice
from tests.patience import PATIENCE_S
from tests.tui.samples import finished
from tests.tui.stand_in import Bench, bench
from tests.tui.stored_sessions import SECOND, three


def damage(path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)


def entered(on: Bench) -> str:
    return on.app.screen.query_one(Input).value


async def test_keys_behind_the_one_that_saves_wait_until_it_is_saved() -> None:
    async with bench() as on:
        await on.show(finished())
        await on.press("s", *"quick", "enter", "enter", "question_mark")
        ((name, _, saved),) = on.control.saving
        assert isinstance(on.app.screen, SaveDialog)
        assert (name, entered(on)) == ("quick", "quick")
        saved.set_result(SavedSnapshot("quick", "x", None))
        await on.until(lambda: isinstance(on.app.screen, KeysPage))
        assert len(on.control.saving) == 1


async def test_keys_that_wait_are_dropped_where_nothing_follows() -> None:
    async with bench() as on:
        await on.show(finished())
        await on.press("s", *"quick", "enter", "slash", "x", "enter")
        on.control.saving[0][2].set_exception(ValueError("the name is taken"))
        await on.until(lambda: "the name is taken" in on.text)
        assert (len(on.control.saving), entered(on)) == (1, "quick")
        await on.press(*"er", "enter")
        assert [name for name, *_ in on.control.saving] == ["quick", "quicker"]


async def test_the_key_that_closes_it_comes_at_once_and_takes_back_what_waits() -> None:
    async with bench() as on:
        await on.show(finished())
        await on.press("s")
        suggested = entered(on)
        await on.press("enter", "question_mark", "escape")
        assert on.app.screen is on.main
        on.control.saving[0][2].set_result(SavedSnapshot(suggested, "x", None))
        await on.until(lambda: f"Saved as {suggested}." in on.notifications)
        await on.press("s")
        assert entered(on) == f"{suggested}-2"


async def test_so_do_keys_behind_an_answer_that_is_applied() -> None:
    answered = list[str]()
    applied: Future[str] = Future()

    def apply(text: str) -> Future[str]:
        answered.append(text)
        return applied

    async with bench() as on:
        dialog = AskDialog[str]("A tag", "", placeholder="", about="", apply=apply)
        on.app.push_screen(dialog)
        await on.press(*"one", "enter", "enter", "question_mark")
        assert (answered, entered(on)) == (["one"], "one")
        applied.set_result("done")
        await on.until(lambda: isinstance(on.app.screen, KeysPage))
        assert answered == ["one"]


@pytest.fixture
def slow_store(monkeypatch: pytest.MonkeyPatch) -> Sequence[threading.Event]:
    """Let the store be listed, and a session be loaded."""
    allowed = threading.Event(), threading.Event()

    def after(event: threading.Event, function: object, *args: object) -> object:
        assert event.wait(PATIENCE_S)
        assert callable(function)
        return function(*args)

    module = "cortex_tui.tui.screens.baseline"
    for event, name in zip(allowed, ("candidates", "load_baseline"), strict=True):
        monkeypatch.setattr(f"{module}.{name}", partial(after, event, getattr(baselines, name)))
    return allowed


async def test_what_is_confirmed_before_the_store_was_read_is_what_stands_there_then(
    path: Path, slow_store: Sequence[threading.Event]
) -> None:
    await three(path)
    async with bench(store=str(path)) as on:
        await on.press("b", *"main", "enter", "question_mark")
        assert isinstance(on.app.screen, BaselineDialog)
        assert on.main.versus.name == ""
        slow_store[0].set()
        await on.until(lambda: "main" in on.text)
        await on.press("x")
        assert isinstance(on.app.screen, BaselineDialog)
        assert entered(on) == "main"
        slow_store[1].set()
        await on.until(lambda: isinstance(on.app.screen, KeysPage))
        assert on.main.versus.name == "main"


async def test_what_is_confirmed_in_one_piece_is_what_was_searched_for(path: Path) -> None:
    await three(path)
    async with bench(store=str(path)) as on:
        await on.press("b")
        await on.until(lambda: "main" in on.text)
        await on.in_one_piece(*SECOND, "enter")
        await on.until(lambda: on.app.screen is on.main)
        assert on.main.versus.name == SECOND


async def test_what_is_pasted_behind_the_key_that_saves_is_for_what_follows() -> None:
    async with bench() as on:
        await on.show(finished())
        await on.press("s", *"quick", "enter")
        on.app.post_message(events.Paste("er"))
        await on.in_one_piece("enter")
        ((_, _, saved),) = on.control.saving
        assert entered(on) == "quick"
        saved.set_result(SavedSnapshot("quick", "x", None))
        await on.until(lambda: on.app.screen is on.main)
        assert len(on.control.saving) == 1


async def test_a_store_that_cannot_be_read_takes_no_baseline_away(
    path: Path, slow_store: Sequence[threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    await three(path)
    slow_store[1].set()
    async with bench(store=str(path)) as on:
        slow_store[0].set()
        await on.press("b")
        await on.until(lambda: "main" in on.text)
        await on.press(*"main", "enter")
        await on.until(lambda: on.main.versus.name == "main")
        slow_store[0].clear()
        await on.press("b", "enter", "enter")
        damage(path)
        slow_store[0].set()
        await on.until(lambda: "no SQLite database" in on.text)
        assert isinstance(on.app.screen, BaselineDialog)
        assert on.main.versus.name == "main"


async def test_a_choice_of_fewer_lines_than_there_was_room_for_is_drawn() -> None:
    async with bench() as on:
        choice = Choice("one", "two", "three")
        await on.main.mount(choice)
        await on.pilot.pause()
        choice.set_labels("one")
        assert [choice.render_line(y).text.strip() for y in range(3)] == ["(•) one", "", ""]
