"""Keys and mouse, and what they ask of the controller."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import msgspec
import pytest
from textual.events import MouseDown, MouseUp
from textual.worker import WorkerFailed

from cortex_tui.tui.actions import actions, bindings
from tests.tui.samples import finished, running, session_view
from tests.tui.stand_in import StandIn, bench

COMMAND = "mediator.command-dispatch"
QUERY = "mediator.query-dispatch"


async def test_run_takes_the_checked_profiles_together() -> None:
    async with bench() as b:
        await b.press("space", "j", "space", "r")
        assert b.control.started == [([COMMAND, QUERY], False)]


async def test_one_by_one_takes_them_one_after_another() -> None:
    async with bench(checked=[COMMAND, "search.steady"]) as b:
        await b.press("o")
        assert b.control.started == [([COMMAND, "search.steady"], True)]


async def test_with_nothing_checked_the_row_under_the_cursor_runs() -> None:
    async with bench() as b:
        await b.press("down", "r")
        assert b.control.started == [([QUERY], False)]


async def test_with_nothing_checked_the_head_of_a_suite_runs_the_suite() -> None:
    async with bench() as b:
        await b.press("home", "r")
        assert len(b.control.started[0][0]) == 3


async def test_checks_are_shown_and_toggle_by_profile_suite_and_all() -> None:
    async with bench() as b:
        await b.press("space")
        assert "▸[x] comm" in b.text
        assert "[-] mediator" in b.text
        await b.press("a")
        assert "[x] mediator" in b.text
        await b.press("A")
        assert "5 checked" in b.text
        await b.press("A")
        assert "0 checked" in b.text


async def test_a_session_that_goes_on_is_not_started_again() -> None:
    async with bench() as b:
        await b.show(running())
        await b.press("r")
        assert b.control.started == []
        assert b.notifications == ["A session is running; press x to stop it."]


async def test_a_controller_that_refuses_is_quoted() -> None:
    control = StandIn()
    control.refuse = RuntimeError("[b]still ending[/b]")
    async with bench(control) as b:
        await b.press("r")
        assert b.notifications == ["Not started: [b]still ending[/b]"]


async def test_hidden_profiles_that_run_are_mentioned() -> None:
    async with bench(checked=[COMMAND, "search.steady"]) as b:
        await b.press("slash", *"steady", "enter", "r")
        assert b.control.started == [([COMMAND, "search.steady"], False)]
        assert b.notifications == ["2 profiles run, 1 of them hidden by the filter."]


async def test_stop_ends_the_session_and_shift_stop_one_run() -> None:
    async with bench() as b:
        await b.press("x")
        assert "no session is running" in b.lines[0]
        await b.show(running())
        await b.press("j", "X")
        await b.press("x")
        assert b.control.stopped == [1, None]


async def test_escape_closes_the_filter_and_shows_everything() -> None:
    async with bench() as b:
        await b.press("slash", *"steady")
        assert "/steady 1 of 5" in b.text
        assert "comman…patch" not in b.text
        await b.press("escape")
        assert "comman…patch" in b.text
        await b.press("slash", *"no-", "enter", "escape")
        assert "comman…patch" in b.text


async def test_the_cursor_stays_on_its_row_when_the_list_changes() -> None:
    async with bench() as b:
        await b.press("end", "k", "slash", *"search", "enter")
        assert "▸[ ] steady" in b.text


@pytest.mark.parametrize("keys", [("q", "q"), ("ctrl+c",)])
async def test_quitting_closes_the_controller_and_keeps_the_last_view(keys: Sequence[str]) -> None:
    control = StandIn()
    async with bench(control) as b:
        await b.show(running())
        await b.press(*keys)
        await b.app.workers.wait_for_complete()
        await b.pilot.pause()
        assert control.closed == 1
        assert b.app.last_view == running()
        assert b.app.return_value == 0


async def test_one_key_alone_does_not_lose_a_session_that_is_not_stored() -> None:
    async with bench(size=(120, 40)) as b:
        view = msgspec.structs.replace(finished(), store_error="/data: [red]disk full[/]")
        await b.show(view)
        await b.press("q")
        (text,) = b.notifications
        assert text == (
            "The newest session is not stored. Press q again to leave without it: "
            "/data: [red]disk full[/]"
        )
        assert (b.control.closed, b.app.is_running) == (0, True)
        # Once it is stored, there is nothing to lose.
        await b.show(finished())
        await b.press("j", "q")
        await b.app.workers.wait_for_complete()
        await b.pilot.pause()
        assert b.app.return_value == 0


@pytest.mark.parametrize("between", ["j", "click"])
async def test_one_key_alone_does_not_end_a_session_that_is_running(between: str) -> None:
    async with bench() as b:
        await b.show(running())
        for _ in range(3):
            await b.press("q")
            assert "A session is running. Press q again to stop it and leave." in b.notifications
            if between == "click":
                # As a terminal's driver does; Pilot hands clicks to the screen, past the app.
                for kind in (MouseDown, MouseUp):
                    b.app.post_message(kind(None, 20, 2, 0, 0, 1, False, False, False))
                await b.pilot.pause()
            else:
                await b.press(between)
        assert (b.control.closed, b.app.is_running) == (0, True)


async def test_one_key_leaves_when_the_session_has_ended() -> None:
    async with bench() as b:
        await b.show(running())
        await b.press("q")
        await b.show(finished())
        await b.press("j", "q")
        await b.app.workers.wait_for_complete()
        assert b.control.closed == 1


async def test_one_key_leaves_a_session_that_was_asked_to_stop() -> None:
    async with bench() as b:
        await b.show(running())
        await b.press("x", "q")
        await b.app.workers.wait_for_complete()
        assert (b.control.stopped, b.control.closed) == ([None], 1)


async def test_an_end_from_outside_has_its_own_exit_code() -> None:
    async with bench() as b:
        await b.show(running())
        b.app.end(130)
        await b.pilot.pause()
        await b.app.workers.wait_for_complete()
        await b.pilot.pause()
        assert b.control.closed == 1
        assert b.app.return_value == 130


async def test_a_controller_that_cannot_be_closed_is_reported() -> None:
    control = StandIn()
    control.refuse_to_close = OSError("the store is gone")
    async with bench(control) as b:
        await b.press("q")
        with suppress(WorkerFailed):  # it may be over already
            await b.app.workers.wait_for_complete()
        await b.pilot.pause()
        assert b.app.return_code == 1


async def test_ctrl_c_quits_from_a_dialog_too() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("s", "ctrl+c")
        await b.app.workers.wait_for_complete()
        assert b.control.closed == 1


async def test_a_click_moves_the_cursor_and_a_click_on_a_box_checks() -> None:
    async with bench() as b:
        table = b.main.table
        await b.pilot.click(table, offset=(20, 2))
        assert "▸[ ] query" in b.text
        await b.pilot.click(table, offset=(2, 3))
        assert "▸[x] concur" in b.text
        await b.pilot.click(table, offset=(2, 0))
        assert "3 checked" in b.text


async def test_a_click_on_a_key_presses_it() -> None:
    async with bench() as b:
        column = b.lines[-1].index("? keys")
        await b.pilot.click(offset=(column, 23))
        assert "Keys  escape closes" in b.text
        await b.press("escape")
        assert "Keys  escape closes" not in b.text


async def test_the_wheel_scrolls_the_table() -> None:
    async with bench(size=(80, 15)) as b:
        await b.press("home")
        before = b.lines[2]
        await b.pilot._post_mouse_events([_wheel()], b.main.table, offset=(5, 2), button=0)
        await b.pilot.pause()
        assert b.lines[2] != before


def _wheel() -> type:
    from textual.events import MouseScrollDown

    return MouseScrollDown


async def test_details_scroll_with_their_own_keys_and_when_they_have_the_focus() -> None:
    async with bench() as b:
        await b.show(finished())
        assert "definition" not in b.text
        await b.press(*["J"] * 12)
        assert "definition" in b.text
        await b.press("enter", "home")
        assert "shares its loop" in b.text
        await b.press("end", "enter", "j")
        assert "▸[ ] query" in b.text


@pytest.mark.parametrize("colours", [True, False])
async def test_only_the_part_with_the_focus_has_a_cursor(
    colours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    async with bench() as b:
        await b.show(finished())
        for key, marked in [("home", "[ ] mediator"), ("enter", "mediator"), ("l", "log of")]:
            await b.press(key)
            assert [line for line in b.lines if "▸" in line] == [b.line_with(f"▸{marked}")]
        # Which row it was can still be seen: no other is set off.
        strips = b.app.screen._compositor.render_strips()
        rows = [strip for strip in strips if strip.text[1:].startswith("[ ]")]
        bold = [s.text for s in rows if all(p.style and p.style.bold for p in s if p.text.strip())]
        assert [text[5:13] for text in bold] == ["mediator"]


async def test_the_palette_offers_what_applies_now() -> None:
    async with bench() as b:
        idle = {command.title for command in b.app.get_system_commands(b.app.screen)}
        await b.show(running())
        busy = {command.title for command in b.app.get_system_commands(b.app.screen)}
    starts = {"Run", "One by one", "Repeat", "Alone?"}
    assert starts <= idle
    assert starts.isdisjoint(busy)
    assert "Stop" in busy
    assert "Stop" not in idle
    assert {"Theme", "Keys", "Quit"} <= idle & busy


async def test_every_binding_has_an_id_of_its_own_and_a_tooltip() -> None:
    async with bench() as b:
        found = [binding for chain in b.app.screen._binding_chain for binding in chain[1]]
    ours = [binding for _, binding in found if binding.action in {a.call for a in actions()}]
    assert len(ours) >= len(bindings(actions()))
    assert all(binding.id and binding.tooltip for binding in ours)
    assert len({binding.id for binding in ours}) >= len(bindings(actions()))


async def test_a_session_of_profiles_that_are_gone_does_no_harm() -> None:
    async with bench() as b:
        await b.show(session_view(state="died", died="the runner was killed (signal 9)"))
        assert "DIED: the runner was killed (signal 9)" in b.text


async def test_what_was_asked_for_is_shown_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cortex_tui.tui.state.status_message.SHOWN_S", 0.01)
    async with bench() as b:
        await b.show(running())
        await b.press("p")
        while "pausing every run" in b.lines[0]:
            await b.pilot.pause(0.01)
        assert "4.20s" in b.lines[0]


async def test_every_action_that_fails_without_a_text_still_says_what_it_was() -> None:
    control = StandIn()
    control.refuse = RuntimeError()
    async with bench(control, size=(120, 40)) as b:
        await b.press("r")
        assert b.notifications == ["Not started: RuntimeError"]
        await b.show(running())
        control.answer = TimeoutError()
        await b.press("p")
        assert "ignored: TimeoutError" in b.lines[0]
        await b.press("s", "enter")
        control.saving[0][2].set_exception(TimeoutError())
        await b.pilot.pause()
        assert "TimeoutError" in b.text


async def test_the_palette_has_no_name_twice() -> None:
    async with bench() as b:
        for view in (None, running(), finished()):
            if view is not None:
                await b.show(view)
            names = [each.title for each in b.app.get_system_commands(b.app.screen)]
            assert len(names) == len(set(names))
            assert "Check" in names


async def test_a_filter_can_be_typed_on() -> None:
    async with bench() as b:
        await b.press("slash", *"que", "enter", "slash", *"ry", "enter")
        assert b.main.listing.filter == "query"


def test_no_key_has_two_meanings() -> None:
    keys = [key for action in actions() for key in action.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("key", "shown"), [("i", "session and machine"), ("l", "log of the session")]
)
async def test_escape_leaves_session_and_log_before_the_filter(key: str, shown: str) -> None:
    async with bench(size=(120, 40)) as b:
        await b.press("slash", *"steady", "enter", key)
        assert shown in b.text
        await b.press("escape")
        assert shown not in b.text
        assert "/steady" in b.lines[0]
        await b.press("escape")
        assert "/steady" not in b.lines[0]


async def test_a_double_click_on_a_row_goes_to_the_details() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.pilot.click(b.main.table, offset=(20, 2), times=2)
        assert b.main.pane.body.has_focus
        assert "query-dispatch" in b.line_with("▸")
        await b.press("enter")
        await b.pilot.click(b.main.table, offset=(2, 2), times=2)
        assert b.main.table.has_focus


async def test_the_palette_names_the_keys_and_offers_no_other_way_round_before_there_is_one() -> (
    None
):
    async with bench() as b:
        texts = {c.title: c.help for c in b.app.get_system_commands(b.app.screen)}
        assert texts["Run"].endswith("(r)")
        assert "Reverse" not in texts
        await b.press("comma")
        assert "Reverse" in {c.title for c in b.app.get_system_commands(b.app.screen)}
