"""Has a series settled? It has where its values are shown to change no more, not where a change
cannot be shown.

A time that falls off during warm-up does so on a scale that nobody knows beforehand. So the change
is measured against the logarithm of the time since the start: a time that falls off exponentially,
and still falls by a share d while the elapsed time grows by a factor e, has at most d left to fall
once its time constant has passed. The slope is found by least squares over the medians of twelve
equal parts; the first eighth is left out, so that a first connection or a cold cache is forgotten.

The series has settled when the whole 90 % confidence interval of that slope lies within MARGIN
(equivalence by two one-sided tests at 5 %; Schuirmann, Journal of Pharmacokinetics and
Biopharmaceutics 15, 1987), and the slope is not known to differ from none by more than TOLERANCE. A
series that is too noisy for its length never settles. tests/performance/truth.py shows how often a
series that has not settled passes for one that has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

MIN_VALUES = 40
"""Fewer may all lie in the beginning of a slow fall, which then looks flat."""
MARGIN = 0.05
TOLERANCE = 0.01
"""A slope below this is none to wait for, however surely it is there."""
GROWTH = 1.15
"""After a look, the series grows by this factor before the next: each look is a chance to err."""

_HEAD = 8
_PARTS = 12
_CRITICAL = 1.812
"""One-sided 95 % of Student's t with ten degrees of freedom."""
_KNOWN = 1.5
"""Standard errors from which on a slope counts as known."""
_MAX_VALUES = 1_200


class Settling:
    """A series that grows, and whether it has settled; what has settled once stays so."""

    def __init__(self) -> None:
        self.settled = False
        self._values: list[float] = []
        self._next_test = MIN_VALUES
        self._each = 1
        """How many values make one that is kept: the logarithm of time does not mind."""
        self._rest: list[float] = []

    def __len__(self) -> int:
        """How many values were added."""
        return len(self._values) * self._each + len(self._rest)

    def add(self, value: float) -> None:
        """Adds the next value; a value of 0 or less counts as the smallest there is."""
        self._rest.append(max(value, 0.5))
        if len(self._rest) < self._each:
            return
        self._values.append(fmean(self._rest))
        self._rest = []
        if not self.settled and len(self._values) >= self._next_test:
            self._next_test = math.ceil(len(self._values) * GROWTH)
            self.settled = settled(self._values)
        if len(self._values) >= _MAX_VALUES:
            pairs = zip(self._values[::2], self._values[1::2], strict=True)
            self._values = [fmean(pair) for pair in pairs]
            self._each *= 2
            self._next_test = math.ceil(self._next_test / 2)


def settled(values: Sequence[float]) -> bool:
    """Whether the values, equally spaced in time from the start on, are shown to change no more."""
    if len(values) < MIN_VALUES:
        return False
    slope, error = drift(values)
    if abs(slope) + _CRITICAL * error >= MARGIN:
        return False
    return abs(slope) <= max(TOLERANCE, _KNOWN * error)


def drift(values: Sequence[float]) -> tuple[float, float]:
    """By what share the values change while the elapsed time grows by a factor e, and the standard
    error of that; of MIN_VALUES or more."""
    count = len(values)
    first = count // _HEAD
    edges = [first + (count - first) * part // _PARTS for part in range(_PARTS + 1)]
    times, levels = [], []
    for start, end in pairwise(edges):
        times.append(fmean(math.log(index + 0.5) for index in range(start, end)))
        levels.append(median(math.log(value) for value in values[start:end]))
    mean_time, mean_level = fmean(times), fmean(levels)
    spread = sum((time - mean_time) ** 2 for time in times)
    slope = (
        sum((time - mean_time) * level for time, level in zip(times, levels, strict=True)) / spread
    )
    squares = sum(
        (level - mean_level - slope * (time - mean_time)) ** 2
        for time, level in zip(times, levels, strict=True)
    )
    return slope, math.sqrt(squares / (_PARTS - 2) / spread)
