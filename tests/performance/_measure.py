"""What every performance script does alike: interleaved rounds, one JSON line each.

A script measures ours and a reference in turns, round after round, so that whatever slows the
machine meets both, and ends with 1 if a goal was missed. `--quick` takes fewer rounds, `--only`
takes some of the measurements.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

Round = Callable[[], float]
"""Measures once; returns what it cost, in the unit of the measurement."""


class Measurements:
    """The lines of one script, and whether all goals were met."""

    def __init__(self, description: str, arguments: list[str] | None = None) -> None:
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--quick", action="store_true", help="fewer rounds")
        parser.add_argument(
            "--only",
            action="append",
            default=[],
            metavar="TEXT",
            help="what has this text in its name; again, what has both",
        )
        given = parser.parse_args(arguments)
        self.quick: bool = given.quick
        self._only: list[str] = given.only
        self.all_met = True

    def rounds(self, *, quick: int, full: int) -> int:
        return quick if self.quick else full

    def wants(self, what: str) -> bool:
        """Whether a measurement of that name is to be made."""
        return all(text in what for text in self._only)

    def compare(
        self,
        what: str,
        ours: Round,
        reference: Round,
        *,
        unit: str,
        goal: float | None,
        rounds: int,
    ) -> None:
        """How many times ours is cheaper than the reference, by the medians."""
        if not self.wants(what):
            return
        our_cost, reference_cost = self._costs(ours, reference, rounds)
        ratio = reference_cost / our_cost
        met = goal is None or ratio >= goal
        self.line(what, our_cost, reference_cost, ratio, goal, met=met, unit=unit)

    def at_most(
        self,
        what: str,
        ours: Round,
        reference: Round,
        *,
        unit: str,
        goal: float | None,
        rounds: int,
    ) -> None:
        """How many times what the reference costs ours does, by the medians."""
        if not self.wants(what):
            return
        our_cost, reference_cost = self._costs(ours, reference, rounds)
        self.ratio(what, our_cost, reference_cost, unit=unit, goal=goal)

    def ratio(
        self, what: str, ours: float, reference: float, *, unit: str, goal: float | None
    ) -> None:
        """Prints how many times what the reference costs ours did, and holds it to a goal."""
        ratio = ours / reference
        met = goal is None or ratio <= goal
        self.line(what, ours, reference, ratio, goal, met=met, unit=unit)

    def absolute(self, what: str, ours: float, *, unit: str, goal: float) -> None:
        """Prints what has no reference, and holds it itself to a goal."""
        self.line(what, ours, None, ours, goal, met=ours <= goal, unit=unit)

    def show(self, what: str, ours: float, reference: float, *, unit: str) -> None:
        """Prints a comparison that has no goal: ours over the reference."""
        self.line(what, ours, reference, ours / reference, None, met=True, unit=unit)

    def share_at_most(
        self, what: str, share: float, goal: float, count: int, *, other: float | None = None
    ) -> None:
        """Prints a share of `count` simulated runs over its goal, and holds it to that.

        A quick run has too few of them to tell 5 % from 8 %: there, three standard errors are
        allowed on top, and stand in the line as its goal. For a full run it is the goal itself.
        """
        limit = goal + self._chance(goal, count)
        reference = goal if other is None else other
        self.line(
            what, share, reference, share / goal, round(limit / goal, 2), met=share <= limit,
            unit="share",
        )  # fmt: skip

    def share_at_least(self, what: str, share: float, goal: float, count: int) -> None:
        """The same for a share that is to be reached."""
        limit = goal - self._chance(goal, count)
        self.line(
            what, share, goal, share / goal, round(limit / goal, 2), met=share >= limit,
            unit="share",
        )  # fmt: skip

    def _chance(self, share: float, count: int) -> float:
        return 3 * math.sqrt(share * (1 - share) / count) if self.quick else 0.0

    def peers(self, module: str) -> Any | None:
        """The module of this folder that needs other libraries; None, and a goal that is not
        met, where one of them is not installed."""
        try:
            return importlib.import_module(f"tests.performance.{module}")
        except ModuleNotFoundError as error:
            what = f"{error.name} is not installed (`make perf` does): nothing to compare with"
            self.line(what, 0.0, None, 0.0, None, met=False, unit="")
            return None

    def line(
        self,
        what: str,
        ours: float,
        reference: float | None,
        ratio: float,
        goal: float | None,
        *,
        met: bool,
        unit: str,
    ) -> None:
        """Prints one measurement; one that missed its goal makes the script fail."""
        self.all_met &= met
        fields = {
            "what": what,
            "ours": round(ours, 3),
            "reference": None if reference is None else round(reference, 3),
            "ratio": round(ratio, 2),
            "goal": goal,
            "met": met,
            "unit": unit,
        }
        print(json.dumps(fields), flush=True)

    def _costs(self, ours: Round, reference: Round, rounds: int) -> tuple[float, float]:
        ours(), reference()  # not counted: caches and allocators warm up
        taken = [(ours(), reference()) for _ in range(rounds)]
        return median(cost for cost, _ in taken), median(cost for _, cost in taken)

    def exit(self) -> None:
        """Ends the script: 0 if every goal was met, else 1."""
        sys.exit(0 if self.all_met else 1)


def timed(work: Callable[[], object], per: int = 1) -> Round:
    """A round that does the work once; nanoseconds by each of `per`."""

    def once() -> float:
        start_ns = time.perf_counter_ns()
        work()
        return (time.perf_counter_ns() - start_ns) / per

    return once
