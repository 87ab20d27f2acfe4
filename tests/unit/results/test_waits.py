"""Where operations in flight were, as it is counted and told."""

from __future__ import annotations

import pytest

from cortex_tui.limits import MAX_WAIT_CHARS, MAX_WAIT_PLACES
from cortex_tui.protocol.messages import ELSEWHERE
from cortex_tui.results.waits import FEW_LOOKS, WaitPlace, Waits, add_waits, waits_of


def test_the_most_frequent_places_are_reported_with_their_shares() -> None:
    counts = {"b.py:2 in f": 20, "a.py:1 in g": 60, ELSEWHERE: 20}
    waits = waits_of(counts)
    assert waits == Waits(100, (WaitPlace("a.py:1 in g", 60), WaitPlace("b.py:2 in f", 20)))
    assert waits.words == "60 % at a.py:1 in g; 20 % at b.py:2 in f"


@pytest.mark.parametrize(("seen", "shown"), [(FEW_LOOKS - 1, False), (FEW_LOOKS, True)])
def test_shares_of_few_looks_are_not_reported(seen: int, shown: bool) -> None:
    assert bool(waits_of({"a.py:1 in g": seen}).words) is shown


def test_a_runner_cannot_make_them_grow_without_bound() -> None:
    counts: dict[str, int] = {}
    for number in range(3 * MAX_WAIT_PLACES):
        add_waits(counts, {f"{number:05} {'x' * 10 * MAX_WAIT_CHARS}": 1})
    assert len(counts) <= MAX_WAIT_PLACES + 1
    assert max(map(len, counts)) <= MAX_WAIT_CHARS
    assert sum(counts.values()) == 3 * MAX_WAIT_PLACES


def test_places_are_lines_whatever_a_runner_sends() -> None:
    counts: dict[str, int] = {}
    add_waits(counts, {"a\x1b[31m\nb": 2, "c": -5})
    assert all("\x1b" not in place and "\n" not in place for place in counts)
    assert sum(counts.values()) == 2


def test_numbers_that_nobody_can_have_seen_are_none() -> None:
    waits = waits_of({"a.py:1 in g": 5, "b.py:2 in f": -5, "c.py:3 in h": 0})
    assert waits == Waits(5, (WaitPlace("a.py:1 in g", 5),))
    assert waits_of({"a.py:1 in g": -5}) == Waits()
