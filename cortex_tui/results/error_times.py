"""When errors of each type were seen first and last, from the intervals of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cortex_tui.results.slices import IntervalSlice


class Seen(NamedTuple):
    """In ns since measure began, pauses left out: where the intervals begin."""

    first_ns: int
    last_ns: int


def error_times(slices: Sequence[IntervalSlice], types: Iterable[str]) -> dict[str, Seen]:
    """By type, as far as the intervals have any. Looks at intervals from both ends, only until each
    type was found."""
    wanted = set(types)
    first = _found(slices, wanted)
    last = _found(reversed(slices), wanted)
    return {name: Seen(first[name], last[name]) for name in first}


def _found(slices: Iterable[IntervalSlice], wanted: set[str]) -> dict[str, int]:
    missing, found = set(wanted), dict[str, int]()
    for each in slices:
        if not missing:
            break
        for name in missing & each.errors.keys():
            found[name] = each.from_ns
        missing -= each.errors.keys()
    return found
