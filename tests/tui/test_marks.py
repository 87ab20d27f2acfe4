"""The page of keys explains every mark that a row may have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import get_args

import pytest

from cortex_tui.protocol.lifecycle import TRANSITIONS, Outcome, RunLife, TransitionError
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.targets import Verdict
from cortex_tui.tui.actions import actions
from cortex_tui.tui.render.columns import columns_for
from cortex_tui.tui.render.marks import BOXES, legend
from cortex_tui.tui.render.rows import phase_text, profile_row
from cortex_tui.tui.screens.keys_page import key_lines
from cortex_tui.tui.state.listing import Entry
from tests.tui.samples import MEDIATOR, SECOND_NS, run_view

COMMAND = MEDIATOR.profiles[0]
LISTED = legend()


def lives() -> set[RunLife]:
    """Every life that a run can have."""
    found: set[RunLife] = set()
    fresh = [RunLife()]
    while fresh:
        life = fresh.pop()
        found.add(life)
        fresh += set(following(life)) - found
    return found


def following(life: RunLife) -> Iterator[RunLife]:
    for stage in TRANSITIONS[life.stage]:
        for outcome in (None, *get_args(Outcome)):
            with suppress(TransitionError):
                yield life.to(stage, outcome)
    for change in (life.pause, life.resume, life.stop):
        with suppress(TransitionError):
            yield change()


def words_of(run: RunResult) -> Iterator[str]:
    for current in (True, False):
        yield phase_text(run, wide=False, current=current).text


def test_every_phase_that_a_row_can_show_is_explained() -> None:
    explained = LISTED["Phase"]
    shown = {
        word
        for life in lives()
        for progress in (None, 0.4)
        for stalled in (0, 9 * SECOND_NS)
        for word in words_of(run_view(0, COMMAND, life=life, progress=progress, oldest_ns=stalled))
    }
    ended = RunLife("ended", outcome="stopped")
    shown |= set(words_of(run_view(0, COMMAND, life=ended, interrupted=True)))
    listed = {re.sub(r"^!.*", "!9.0s", word) for word in explained}
    listed |= {f"{word[0]} 40%" for word in ("warm", "meas")}
    assert shown == listed


@pytest.mark.parametrize("verdict", get_args(Verdict))
@pytest.mark.parametrize("neighbours", [0, 4, 12])
def test_every_verdict_that_a_row_can_show_is_explained(verdict: Verdict, neighbours: int) -> None:
    run = run_view(0, COMMAND, verdict=verdict, neighbours=("a.b",) * neighbours)
    columns = columns_for(79, 19)
    line = profile_row(Entry(MEDIATOR, COMMAND), run, columns, box="none")
    cell = "".join(span.text for span in line)[-9:-6]
    for mark in (cell[0], cell[1:]):
        assert not mark.strip() or mark.strip() in LISTED["T, the targets"], cell


def test_boxes_warnings_and_cuts_are_explained() -> None:
    for mark in (*BOXES.values(), "▸", "!"):
        assert mark in LISTED["Before a name"]
    many = run_view(0, COMMAND, errors={"E": 5_000}, warnings=("late",), batch=256)
    line = profile_row(Entry(MEDIATOR, COMMAND), many, columns_for(79, 19), box="all")
    text = "".join(span.text for span in line)
    assert text.startswith("[x]!")
    listed = LISTED["Numbers"] | LISTED["Behind a name"]
    for mark in ("of 256", "–", "1k+"):
        assert mark in text
        assert mark in listed


@pytest.mark.parametrize("width", [60, 76, 200])
def test_the_page_of_keys_has_it_all(width: int) -> None:
    lines = [
        "".join(span.text for span in line) for line in key_lines(actions(), legend(), {}, width)
    ]
    assert all(len(line) <= width for line in lines)
    for place, marks in LISTED.items():
        at = lines.index(place)
        for mark, meaning in marks.items():
            assert any(line.startswith(mark.ljust(11) + meaning[:20]) for line in lines[at:])
