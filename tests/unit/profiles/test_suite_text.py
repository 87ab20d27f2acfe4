"""Changes that are written into the text of a suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli

from cortex_tui.profiles.drafts import Changes, Draft, same
from cortex_tui.profiles.suite_text import LayoutError, changed_text
from tests.unit.profiles.suites_at_random import SuiteMaker


def draft(text: str, name: str = "x") -> Draft:
    table = tomli.loads(text.removeprefix("\ufeff"))
    return Draft("s", name, Path("s.toml"), text.encode(), table)


def changed(text: str, **changes: Any) -> str:
    return changed_text(draft(text), changes)


def is_within(lines: list[str], others: list[str]) -> bool:
    """Whether all lines stand among the others, in their order."""
    rest = iter(others)
    return all(line in rest for line in lines)


@pytest.mark.parametrize("part", range(6))
def test_what_is_written_is_read_as_it_was_meant_and_all_else_stays(part: int) -> None:
    for seed in range(part * 50, part * 50 + 50):
        maker = SuiteMaker(seed)
        written, profiles = maker.suite()
        name = maker.random.choice(list(profiles))
        before = draft(written.text, name)
        assert same(before.stated, profiles[name]), seed
        changes: Changes = maker.changes(before.stated)
        text = changed_text(before, changes)
        assert same(tomli.loads(text), before.with_changes(changes)), seed
        lines = text.split(written.newline)
        # A profile in braces is one line for all of its keys.
        touched = {*changes, ""}
        assert is_within(written.lines_of_others(name, touched), lines), (seed, written.text, text)
        assert text.endswith("\n") is written.text.endswith("\n"), seed
        if written.newline == "\r\n":
            assert text.count("\n") == text.count("\r\n"), seed


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        (
            '[profile]\nx = { workload = "a:b", duration = "1s" } # c\n',
            {"warmup": 0, "duration": None},
            '[profile]\nx = { workload = "a:b", warmup = 0 } # c\n',
        ),
        (
            '[profile.x]\nload = { workers = 4, think_time = "1s" } # c\n',
            {"load": {"workers": 3}},
            "[profile.x]\nload = { workers = 3 } # c\n",
        ),
        (
            '[profile.x]\nload.workers = 4\nload.think_time = "1s"\n',
            {"load": {"rate": "3/s"}},
            '[profile.x]\nload.rate = "3/s"\n',
        ),
        (
            '\ufeff[profile.x]\nworkload = "a:b"\n\n# about y\n[profile.y]',
            {"duration": "2s"},
            '\ufeff[profile.x]\nworkload = "a:b"\nduration = "2s"\n\n# about y\n[profile.y]',
        ),
        (
            "[profile.x.load]\nworkers = 4\n",
            {"duration": "3s"},
            '[profile.x]\nduration = "3s"\n\n[profile.x.load]\nworkers = 4\n',
        ),
        (
            '[profile.x]\ntargets = [ "a", "b" ] #k\n',
            {"targets": ["a", "c", "b"]},
            '[profile.x]\ntargets = [ "a", "c", "b" ] #k\n',
        ),
        (
            '[profile.x]\ntargets = [ # all\n  "a", # of users\n\n  "b"\n]',
            {"targets": ["b"]},
            '[profile.x]\ntargets = [ # all\n\n  "b"\n]',
        ),
    ],
)
def test_a_change_looks_as_if_it_had_been_made_by_hand(
    before: str, changes: Changes, after: str
) -> None:
    assert changed(before, **changes) == after


def test_a_layout_that_would_not_stay_is_refused() -> None:
    with pytest.raises(LayoutError):
        changed('[profile.x]\na = 1\n[[ profile . "x".b]]\nc = 1\n', duration="1s")
