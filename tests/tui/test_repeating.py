"""Rounds: how many, and whether profiles run together in them."""

from __future__ import annotations

import pytest

from tests.tui.samples import running
from tests.tui.stand_in import bench

COMMAND = "mediator.command-dispatch"


async def test_repeat_asks_for_rounds_and_runs_them() -> None:
    async with bench(checked=[COMMAND, "search.steady"]) as b:
        await b.press("R", "backspace", "3", "enter")
        assert b.control.started == [([COMMAND, "search.steady"], False)]
        assert b.control.rounds == [3]
        assert b.app.screen is b.main


async def test_rounds_run_one_by_one_if_that_is_chosen() -> None:
    async with bench(checked=[COMMAND, "search.steady"]) as b:
        await b.press("R", "down", "enter")
        assert b.control.started == [([COMMAND, "search.steady"], True)]
        assert b.control.rounds == [5]


async def test_the_choice_follows_up_and_down_and_the_mouse() -> None:
    async with bench(checked=[COMMAND]) as b:
        await b.press("R", "down", "up")
        assert "(•) together" in b.text
        await b.pilot.click("Choice", offset=(1, 1))
        assert "(•) one by one" in b.text


@pytest.mark.parametrize("typed", [("backspace",), ("backspace", "0"), ("0", "0", "0")])
async def test_a_number_of_rounds_that_is_none_is_asked_for_again(typed: tuple[str, ...]) -> None:
    async with bench(checked=[COMMAND]) as b:
        await b.press("R", *typed, "enter")
        assert "expected a number of rounds from 1 to 1000" in b.text
        assert b.control.started == []


async def test_nothing_is_repeated_while_a_session_goes_on() -> None:
    async with bench() as b:
        await b.show(running())
        await b.press("R")
        assert b.notifications == ["A session is running; press x to stop it."]
