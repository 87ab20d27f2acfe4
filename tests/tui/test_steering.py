"""Keys that act on runs while they are measured: a key is a command, and its answer is shown."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import Answered
from cortex_tui.results.view import SessionView
from tests.tui.samples import finished, paused, replaced, running, session_view
from tests.tui.stand_in import Bench, StandIn, bench


async def at_row(on: Bench, row: int) -> None:
    """Puts the cursor on the profile of a run, by its number."""
    view = on.control.view
    assert view is not None
    name = view.runs[row].profile.full_name
    entries = on.main.listing.entries
    at = next(i for i, e in enumerate(entries) if e.profile and e.profile.full_name == name)
    await on.press("home", *["down"] * at)


@pytest.mark.parametrize(
    ("key", "asked"),
    [
        ("p", ("pause", None)),
        ("P", ("pause", 0)),
        ("n", ("end measure", 0)),
        ("S", ("end None", None)),
        ("plus", ("adjust 1.25", 0)),
        ("minus", ("adjust 0.8", 0)),
    ],
)
async def test_a_key_is_a_command_and_what_is_answered_is_shown(
    key: str, asked: tuple[str, int | None]
) -> None:
    async with bench() as on:
        await on.show(running())
        await at_row(on, 0)
        on.control.answer = Answered(True, "mediator.command-dispatch: as it was answered")
        await on.press(key)
        assert on.control.asked == [asked]
        assert "command-dispatch: as it was an" in on.text


async def test_what_was_ignored_is_shown_with_the_reason() -> None:
    async with bench(size=(120, 40)) as on:
        await on.show(running())
        await at_row(on, 0)
        on.control.answer = Answered(False, "its load is at its bound")
        await on.press("minus")
        assert "ignored: its load is at its bound" in on.text


async def test_p_resumes_only_where_every_run_is_paused() -> None:
    async with bench() as on:
        await on.show(paused())
        await on.press("p")
        await on.show(replaced(paused(), 0, life=RunLife("measure")))
        await on.press("p")
        assert [what for what, _ in on.control.asked] == ["resume", "pause"]


async def test_shift_p_resumes_the_run_that_is_paused() -> None:
    async with bench() as on:
        view = running()
        await on.show(replaced(view, 0, life=view.runs[0].life.pause()))
        await at_row(on, 0)
        await on.press("P")
        assert on.control.asked == [("resume", 0)]


@pytest.mark.parametrize("view", [None, finished(), session_view()])
@pytest.mark.parametrize("key", ["p", "P", "n", "S", "plus", "minus"])
async def test_without_a_run_that_is_measured_nothing_is_asked(
    key: str, view: SessionView | None
) -> None:
    async with bench() as on:
        await on.show(view)
        await on.press(key)
        assert on.control.asked == []
        assert "no run is being measured" in on.text


async def test_x_stops_and_shows_what_was_answered() -> None:
    async with bench() as on:
        await on.show(running())
        on.control.answer = Answered(True, "4 runs: stopping")
        await on.press("x")
        assert on.control.stopped == [None]
        assert "4 runs: stopping" in on.text


class Waiting(StandIn):
    """Answers when the test has it answer."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Future[Answered]] = []

    def _answered(self) -> Future[Answered]:
        self.answers.append(Future())
        return self.answers[-1]


def another() -> SessionView:
    return msgspec.structs.replace(running(), session="another")


@pytest.mark.parametrize("key", ["x", "p", "n", "minus"])
async def test_what_a_session_was_asked_is_never_answered_over_the_next(key: str) -> None:
    control = Waiting()
    async with bench(control, (120, 40)) as on:
        await on.show(running())
        await at_row(on, 0)
        await on.press(key, key)
        early, late = control.answers
        early.set_result(Answered(True, "as it was answered"))
        await on.pilot.pause()
        assert "as it was answered" in on.text
        # The end and the next beginning may come between two looks.
        await on.show(another())
        assert "as it was answered" not in on.text
        late.set_result(Answered(True, "too late"))
        await on.pilot.pause()
        assert "too late" not in on.text
        assert on.notifications == []


async def test_what_was_asked_stands_there_until_it_is_answered() -> None:
    control = Waiting()
    async with bench(control, (120, 40)) as on:
        await on.show(msgspec.structs.replace(running(), silent_ns=3_200_000_000))
        await on.press("x", "p")
        assert "running  asked to stop: no answer yet  silent for 3.2 s" in on.lines[0]
        control.answers[0].set_result(Answered(True, "4 runs: stopping"))
        await on.pilot.pause()
        assert "4 runs: stopping  asked to pause or resume: no answer yet" in on.lines[0]
        await on.show(another())
        assert "no answer yet" not in on.text


@pytest.mark.parametrize(("key", "text"), [("x", "  its process"), ("p", "  ignored: its process")])
async def test_a_session_that_was_to_stop_was_not_ignored(key: str, text: str) -> None:
    async with bench(size=(120, 40)) as on:
        await on.show(running())
        on.control.answer = Answered(False, "its process was lost")
        await on.press(key)
        assert f"running{text} was lost" in on.text


class Publishing(StandIn):
    """Publishes its session as the controller does: before `start` returns."""

    def start(self, *args: Any, **options: Any) -> None:
        super().start(*args, **options)
        self.view = running()


@pytest.mark.parametrize("keys", [("r", "x"), ("o", "x"), ("R", "enter", "x")])
async def test_x_right_after_the_start_stops_however_seldom_is_drawn(keys: tuple[str, ...]) -> None:
    control = Publishing()
    async with bench(control) as on:
        with patch.object(on.main.poller, "look", return_value=False):
            await on.press("space", *keys)
        assert len(control.started) == 1
        assert control.stopped == [None]


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("x", lambda on: on.control.stopped == [None]),
        ("p", lambda on: on.control.asked == [("pause", None)]),
        ("space", lambda on: on.main.frozen),
        ("c", lambda on: "A session is running; press x to stop it." in on.notifications),
        ("s", lambda on: type(on.app.screen).__name__ == "SaveDialog"),
    ],
)
async def test_a_key_is_about_a_session_that_was_not_drawn_yet(
    key: str, what: Callable[[Bench], bool]
) -> None:
    async with bench() as on:
        on.control.view = running()
        await on.press(key)
        assert what(on)


@pytest.mark.parametrize("key", ["r", "o"])
async def test_a_key_starts_a_session_behind_one_whose_end_was_not_drawn_yet(key: str) -> None:
    async with bench() as on:
        await on.press("space")
        await on.show(running())
        on.control.view = finished()
        await on.press(key)
        assert len(on.control.started) == 1


async def test_shift_x_stops_the_run_under_the_cursor() -> None:
    async with bench() as on:
        await on.show(running())
        await at_row(on, 2)
        await on.press("X")
        assert on.control.stopped == [2]


async def test_an_answer_is_shown_literally() -> None:
    async with bench() as on:
        await on.show(running())
        on.control.answer = Answered(True, "[red]\x1b[31mshop[/]: paused")
        await on.press("p")
        assert "[red]␛[31mshop[/]: paused" in on.text
