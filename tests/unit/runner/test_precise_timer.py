"""Precise moments on machines that wake late, in simulated time."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count
from statistics import median
from typing import Any, cast

import pytest

from cortex_tui.isolation import asyncio
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.timer import MAX_PRECISE_NS, MIN_PRECISE_NS, ArrivalTimer, Turning

US = 1_000
MS = 1_000_000
TURN_NS = 3 * US


class LateLoop:
    """A loop whose timers are late by a time that is drawn, and each turn of which takes 3 us. It
    cannot watch descriptors, so that a timer uses its own clock."""

    def __init__(self, late_ns: Callable[[], int]) -> None:
        self.now_ns = 0
        self.turns = 0
        self._late_ns = late_ns
        self._order = count()
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._soon: list[Callable[[], None]] = []

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        raise NotImplementedError

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        when_ns = self.now_ns + round(delay_s * 1e9)
        heapq.heappush(self._later, (when_ns, next(self._order), callback))
        return cast(asyncio.TimerHandle, _Handle())

    def call_soon(self, callback: Callable[..., None], *arguments: Any) -> None:
        self._soon.append(lambda: callback(*arguments))

    def run(self) -> None:
        """Until nothing is left to be called."""
        while self._soon or self._later:
            if not self._soon:
                when_ns, _, callback = heapq.heappop(self._later)
                self.now_ns = max(self.now_ns, when_ns) + self._late_ns()
                callback()
            soon, self._soon = self._soon, []
            for callback in soon:
                callback()
            self.now_ns += TURN_NS
            self.turns += 1


class _Handle:
    """Of a timer that has fired."""

    def cancel(self) -> None:
        pass


def lateness_ns(monkeypatch: pytest.MonkeyPatch, late: Callable[[], int]) -> tuple[list[int], int]:
    """How late a thousand precise moments were, 5 ms apart, and how often the loop turned."""
    loop = LateLoop(late)
    monkeypatch.setattr(CLOCK, "read_ns", lambda: loop.now_ns)
    timer = ArrivalTimer(cast(asyncio.AbstractEventLoop, loop))
    found: list[int] = []

    def reached() -> None:
        found.append(loop.now_ns - due_ns)

    for number in range(1, 1_001):
        due_ns = number * 5 * MS
        timer.at(due_ns, reached, precise=True)
        loop.run()
    return found, loop.turns


def test_a_machine_that_wakes_late_is_woken_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    late_ns, _ = lateness_ns(monkeypatch, lambda: rng.randint(200 * US, 350 * US))
    assert min(late_ns) >= 0
    assert median(late_ns) <= TURN_NS
    settled = late_ns[100:]
    assert sum(late > TURN_NS for late in settled) / len(settled) <= 0.08


def test_one_that_wakes_in_time_turns_no_longer_than_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(1)
    late_ns, turns = lateness_ns(monkeypatch, lambda: rng.randint(20 * US, 60 * US))
    assert max(late_ns) <= TURN_NS
    assert turns <= 1_000 * (MIN_PRECISE_NS / TURN_NS + 2)


def test_a_loop_that_is_blocked_is_no_timer_that_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or each arrival would turn for as long as may be."""
    rng = random.Random(1)
    blocked_ns = MAX_PRECISE_NS + MS
    late = lambda: blocked_ns if rng.random() < 0.5 else 30 * US  # noqa: E731
    late_ns, turns = lateness_ns(monkeypatch, late)
    assert sum(late > TURN_NS for late in late_ns) > 400
    assert turns <= 1_000 * (MIN_PRECISE_NS / TURN_NS + 2)


@pytest.mark.parametrize("bounds_ns", [(30 * US, 300 * US), (150 * US, 250 * US)])
def test_one_wake_in_twenty_is_too_late(bounds_ns: tuple[int, int]) -> None:
    rng = random.Random(1)
    turning = Turning()
    too_late = 0
    for number in range(22_000):
        late_ns = rng.randint(*bounds_ns)
        too_late += late_ns > turning.ns and number >= 2_000
        turning.learn(late_ns)
    assert 800 <= too_late <= 1_200


def test_the_loop_never_turns_longer_than_may_be() -> None:
    turning = Turning()
    for _ in range(1_000):
        turning.learn(MAX_PRECISE_NS)
    assert turning.ns <= MAX_PRECISE_NS
    for _ in range(10_000):
        turning.learn(0)
    assert turning.ns == MIN_PRECISE_NS
