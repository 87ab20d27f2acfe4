"""How tests read the table, shown with the screens that are stored as golden files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.workbench import find_row

GOLDEN = Path(__file__).resolve().parents[1] / "tui" / "golden"
NAME = re.compile(r"^[▸ ]\[[x -]\].(\S+)", re.MULTILINE)


@pytest.mark.parametrize("size", ["80x24", "120x40", "200x60"])
def test_a_row_that_was_not_run_has_no_operations(size: str) -> None:
    screen = (GOLDEN / f"before-{size}.txt").read_text(encoding="utf-8")
    names = NAME.findall(screen)
    assert len(names) > 5
    # `500/s · 3000 ops` may end, or be cut, where the operations of a run would.
    for count in range(1, 12):
        shifted = screen.replace("1 worker ·", f"{'9' * count}/s · 3000 ops ·")
        assert not any(find_row(name, shifted).operations for name in names)


@pytest.mark.parametrize("size", ["80x24", "120x40", "200x60"])
def test_a_row_that_runs_has_the_operations_that_it_shows(size: str) -> None:
    screen = (GOLDEN / f"running-{size}.txt").read_text(encoding="utf-8")
    assert find_row("steady", screen).operations == 4321
    assert not find_row("no-results", screen).operations
