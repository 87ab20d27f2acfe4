"""The line of keys: what matters in each state of the screen is in it, also at 80 columns."""

from __future__ import annotations

import pytest

from cortex_tui.tui.actions import actions
from cortex_tui.tui.key_lines import FIRST, LABELS, State, key_line
from tests.tui.samples import finished, running
from tests.tui.series_samples import measured, with_intervals
from tests.tui.stand_in import bench
from tests.tui.test_travel import settled

MUST: dict[State, tuple[str, ...]] = {
    "idle": ("run", "check", "edit", "filter", "library"),
    "ended": ("run", "save", "library", "earlier"),
    "live": ("stop", "freeze", "pause", "earlier"),
    "frozen": ("freeze", "stop", "earlier"),
    "part": ("back", "earlier", "longer", "note"),
    "live part": ("stop", "back", "earlier", "longer"),
    "stored": ("back", "earlier", "note", "baseline"),
}


def names(state: State, width: int) -> list[str]:
    return [action.name for action in key_line(actions(), width, state)]


@pytest.mark.parametrize("state", FIRST)
def test_all_that_is_named_is_an_action_with_a_key(state: State) -> None:
    shown = {action.name for action in actions() if action.shown}
    assert set(FIRST[state]) <= shown
    assert set(LABELS.get(state, ())) <= set(FIRST[state])


@pytest.mark.parametrize("state", MUST)
def test_what_matters_is_there_at_80_columns(state: State) -> None:
    assert {*MUST[state], "help", "quit"} <= set(names(state, 79))


@pytest.mark.parametrize("state", FIRST)
def test_a_wider_line_has_all_of_a_narrower_one(state: State) -> None:
    before: set[str] = set()
    for width in (20, 59, 79, 119, 199):
        now = set(names(state, width))
        assert before - now == set()
        before = now


async def test_the_line_follows_the_state_of_the_screen() -> None:
    view = measured(running())
    async with bench(with_intervals(view)) as b:
        assert "r run" in b.lines[-1]
        assert "x stop" not in b.lines[-1]
        await b.show(view)
        assert "space freeze" in b.lines[-1]
        assert "x stop" in b.lines[-1]
        await b.press("space")
        assert "space unfreeze" in b.lines[-1]
        await b.press("left_square_bracket")
        await settled(b)
        assert "space unfreeze" in b.lines[-1]
        await b.press("space")
        assert "esc to now" in b.lines[-1]
        assert "{ } length" in b.lines[-1]
        await b.press("escape")
        assert "space freeze" in b.lines[-1]
        await b.show(measured(finished()))
        assert "s save" in b.lines[-1]
        assert "[ ] look back" in b.lines[-1]
