"""In which order profiles are listed: as the suites have them, or by what a column shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cortex_tui.results.run_result import RunResult

if TYPE_CHECKING:
    from cortex_tui.analysis.baseline import BaselineVerdict

_NAME = "name"
_STATES = ("finished", "stopped", "planned", "running", "failed")
_VERDICTS = ("none", "met", "pending", "undecided", "missed")
_WORDS = ("faster", "fewer", "same", "cannot tell", "more", "slower")
"""What needs attention most is the greatest."""


class Sort(NamedTuple):
    """By which column, and whether the greatest comes first."""

    column: str = ""
    """"" for the order of the suites."""
    descending: bool = False

    @property
    def is_flat(self) -> bool:
        """Whether suites are taken apart. By name, profiles are sorted within theirs."""
        return self.column not in ("", _NAME)


UNSORTED = Sort()


def sort_by(column: str) -> Sort:
    """A column the way round that shows first what a person looks for: the slowest, the failed."""
    return Sort(column, column not in ("", _NAME))


def pressed(sort: Sort, column: str) -> Sort:
    """After a click on a title: by that column, or by it the other way round."""
    return turned(sort) if column == sort.column else sort_by(column)


def turned(sort: Sort) -> Sort:
    """The other way round."""
    return sort._replace(descending=not sort.descending) if sort.column else sort


def next_sort(sort: Sort, columns: Sequence[str], *, back: bool = False) -> Sort:
    """By the next of the columns or the one before; the order of the suites is among them."""
    found = ("", *columns)
    at = found.index(sort.column) if sort.column in found else 0
    return sort_by(found[(at + (-1 if back else 1)) % len(found)])


def sorted_names(
    sort: Sort,
    names: Sequence[str],
    runs: Mapping[str, RunResult],
    verdicts: Mapping[str, BaselineVerdict],
) -> list[str]:
    """Full names of profiles, sorted by their `runs` and `verdicts`.

    Those of which nothing is known come last, either way round; equal ones stay in the order in
    which they came.
    """
    if not sort.column:
        return list(names)
    if sort.column == _NAME:
        return sorted(names, reverse=sort.descending)
    values = {
        name: _value(sort.column, runs[name], verdicts.get(name)) for name in names if name in runs
    }
    known = {name: value for name, value in values.items() if value is not None}
    ordered = sorted(known, key=known.__getitem__, reverse=sort.descending)
    return [*ordered, *(name for name in names if name not in known)]


def _value(column: str, run: RunResult, verdict: BaselineVerdict | None) -> float | None:
    match column:
        case "phase":
            return _STATES.index(run.state)
        case "operations":
            return run.operations
        case "throughput":
            return run.throughput_per_s
        case "max":
            return run.max_ns
        case "errors":
            return run.error_count
        case "verdict":
            return _VERDICTS.index(run.verdict)
        case "versus":
            return None if verdict is None else _change(verdict)
        case _:
            return run.percentiles_ns.get(column)


def _change(verdict: BaselineVerdict) -> float:
    """By verdict, and within one by how much."""
    ratio = verdict.judgement.ratio if verdict.judgement is not None else None
    share = 0.0 if ratio is None else ratio / (1 + ratio)
    return _WORDS.index(verdict.word) + share
