"""Arrival schedules of open loads: when operations are meant to start.

A schedule is exact integer arithmetic on nanoseconds: it neither drifts nor depends on when it is
asked. Closed loads have no schedule.
"""

from __future__ import annotations

from cortex_tui.profiles.model import OpenLoad


class ConstantArrivals:
    """Arrival k is meant for `start_ns + k / rate`, rounded down to a nanosecond."""

    __slots__ = ("_denominator", "_end_ns", "_limit", "_next", "_numerator", "_start_ns", "next_ns")

    def __init__(
        self, load: OpenLoad, start_ns: int, end_ns: int | None, limit: int | None = None
    ) -> None:
        """Arrivals lie in [start_ns, end_ns); at most `limit` of them where that is given."""
        per_s_numerator, per_s_denominator = load.rate_per_s.as_integer_ratio()
        self._numerator = 1_000_000_000 * per_s_denominator
        self._denominator = per_s_numerator
        self._start_ns = start_ns
        self._end_ns = end_ns
        self._limit = limit
        self._next = 0
        self.next_ns: int | None = start_ns
        self._settle()

    def take_due(self, now_ns: int) -> list[int]:
        """The intended times up to now that were not taken yet, in order; `next_ns` moves on.

        `next_ns` is None once the schedule is at its end.
        """
        due: list[int] = []
        while self.next_ns is not None and self.next_ns <= now_ns:
            due.append(self.next_ns)
            self._next += 1
            self.next_ns = self._start_ns + self._next * self._numerator // self._denominator
            self._settle()
        return due

    def _settle(self) -> None:
        if (self._limit is not None and self._next >= self._limit) or (
            self._end_ns is not None and self.next_ns is not None and self.next_ns >= self._end_ns
        ):
            self.next_ns = None
