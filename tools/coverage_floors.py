"""Prints which share of lines and of branches the tests ran, and fails below a floor.

`python -m tools.coverage_floors FILE` reads what `coverage json` has written. The floor of
coverage.py itself (`fail_under`) is one for the sum of both, in which many lines hide a lack of
branches.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

FLOORS = {"lines": 96.0, "branches": 92.0}
"""In percent."""


class Covered(NamedTuple):
    """How many of something ran, and how many there are."""

    ran: int
    total: int

    @property
    def percent(self) -> float:
        """Rounded down to two digits, so that what is printed never reaches a floor by rounding."""
        return math.floor(1e4 * self.ran / self.total) / 100 if self.total else 100.0


def counted(totals: Mapping[str, int]) -> dict[str, Covered]:
    """Lines and branches, from `totals` of the file that `coverage json` writes."""
    return {
        "lines": Covered(totals["covered_lines"], totals["num_statements"]),
        "branches": Covered(totals["covered_branches"], totals["num_branches"]),
    }


def main(path: str) -> int:
    """1 where something is below its floor."""
    totals = json.loads(Path(path).read_text())["totals"]
    below = False
    for name, covered in counted(totals).items():
        floor = FLOORS[name]
        missed = covered.percent < floor
        below |= missed
        print(
            f"{name} covered: {covered.percent:.2f} % ({covered.ran:,} of {covered.total:,}), "
            f"{'below' if missed else 'at or above'} the floor of {floor:g} %"
        )
    return int(below)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
