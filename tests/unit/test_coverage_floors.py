"""The floors of coverage, for lines and for branches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.coverage_floors import FLOORS, main

LINES, BRANCHES = FLOORS["lines"], FLOORS["branches"]


def _report(folder: Path, lines: tuple[int, int], branches: tuple[int, int]) -> str:
    totals = {
        "covered_lines": lines[0], "num_statements": lines[1],
        "covered_branches": branches[0], "num_branches": branches[1],
    }  # fmt: skip
    path = folder / "coverage.json"
    path.write_text(json.dumps({"totals": totals}))
    return str(path)


def test_both_shares_are_printed_with_their_floors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_report(tmp_path, (9_876, 10_000), (4_711, 5_000))) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"lines covered: 98.76 % (9,876 of 10,000), at or above the floor of {LINES:g} %",
        f"branches covered: 94.22 % (4,711 of 5,000), at or above the floor of {BRANCHES:g} %",
    ]


def test_branches_below_their_floor_fail_however_many_lines_ran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_report(tmp_path, (100_000, 100_000), (int(BRANCHES) * 10 - 1, 1_000))) == 1
    lines, branches = capsys.readouterr().out.splitlines()
    assert "below" not in lines
    assert f"below the floor of {BRANCHES:g} %" in branches


def test_lines_below_their_floor_fail_however_many_branches_ran(tmp_path: Path) -> None:
    assert main(_report(tmp_path, (int(LINES) * 10 - 1, 1_000), (1_000, 1_000))) == 1


def test_a_share_is_never_rounded_up_to_its_floor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    total = 10_000_000
    assert main(_report(tmp_path, (total, total), (int(BRANCHES / 100 * total) - 1, total))) == 1
    assert f"{BRANCHES - 0.01:.2f} %" in capsys.readouterr().out


def test_exactly_the_floor_is_enough_and_code_without_branches_lacks_none(tmp_path: Path) -> None:
    assert main(_report(tmp_path, (int(LINES), 100), (0, 0))) == 0
