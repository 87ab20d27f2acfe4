"""Which of several runners have sent nothing for too long: what blocks one leaves the others."""

from __future__ import annotations

from collections.abc import Iterable

SILENT_NS = 3_000_000_000
"""A runner with runs under way sends something ten times a second."""


class Silence:
    """Pure: it is given every message, and asked a few times a second. Times are in ns."""

    def __init__(self) -> None:
        self._last_ns: dict[int, int] = {}
        self._silent: set[int] = set()

    def received(self, runner: int, at_ns: int) -> int | None:
        """A message came from the runner; for how long there was none, if it had been silent."""
        last_ns = self._last_ns.get(runner, at_ns)
        self._last_ns[runner] = at_ns
        if runner not in self._silent:
            return None
        self._silent.discard(runner)
        return at_ns - last_ns

    def begun(self, runners: Iterable[int], now_ns: int) -> list[int]:
        """Which of the runners have become silent since this was asked last."""
        found = [
            runner
            for runner in runners
            if runner not in self._silent and self.lasts_ns(runner, now_ns) > SILENT_NS
        ]
        self._silent.update(found)
        return found

    def lasts_ns(self, runner: int, now_ns: int) -> int:
        """For how long the runner has sent nothing."""
        return now_ns - self._last_ns.get(runner, now_ns)
