"""Saving a session or a run, with the dialog that asks for the name."""

from __future__ import annotations

import pytest

from cortex_tui.session.control import SavedSnapshot
from tests.tui.samples import finished
from tests.tui.stand_in import bench


@pytest.mark.parametrize(("choice", "run"), [([], None), (["down"], 0)])
async def test_saving_names_the_session_or_the_run(choice: list[str], run: int | None) -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("s", *choice, *"-a", "enter")
        [(name, number, future)] = b.control.saving
        assert (name, number) == ("-a", run)
        future.set_result(SavedSnapshot(name, "session", number))
        await b.pilot.pause()
        assert b.notifications == ["Saved as -a."]
        assert "Save a snapshot" not in b.text


async def test_a_snapshot_that_cannot_be_saved_keeps_the_dialog_and_the_name() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("s", *"main", "enter")
        b.control.saving[0][2].set_exception(OSError("main is taken; [red]choose[/] another"))
        await b.pilot.pause()
        assert "main is taken; [red]choose[/] another" in b.text
        await b.press("2", "enter")
        assert b.control.saving[1][0] == "main2"


async def test_an_answer_after_escape_is_still_shown() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("s", "enter", "escape")
        b.control.saving[0][2].set_exception(OSError("the store is read-only"))
        await b.pilot.pause()
        assert b.notifications == ["the store is read-only"]


async def test_an_empty_name_is_asked_for_again() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("s", "backspace", "enter")
        assert "expected a name" in b.text
        assert b.control.saving == []


async def test_a_name_that_was_used_is_not_suggested_again() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("s", "enter")
        b.control.saving[0][2].set_result(SavedSnapshot("20250131-120530", "session", None))
        await b.pilot.pause()
        await b.press("s", "enter")
        assert [name for name, _, _ in b.control.saving] == ["20250131-120530", "20250131-120530-2"]


async def test_there_is_nothing_to_save_before_the_first_session() -> None:
    async with bench() as b:
        await b.press("s")
        assert b.notifications == ["There is no session to save yet; r runs the checked profiles."]


async def test_the_dialog_to_save_offers_a_choice_only_where_there_is_one() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("j", "s")
        assert "↑ ↓ choose what" in b.text
        await b.press("escape", "home", "s")
        assert "enter saves   esc cancels" in b.text
