"""The open load: operations that start on a schedule, whatever has become of the earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from cortex_tui.isolation import asyncio
from cortex_tui.limits import MAX_ARRIVALS_AT_ONCE
from cortex_tui.loads.schedule import ArrivalSchedule
from cortex_tui.runner.clock import NEVER_NS
from cortex_tui.runner.deadlines import Deadlines
from cortex_tui.runner.driver import DriverTask
from cortex_tui.runner.loops import open_arrival

PRECISE_HEAD_START_NS = 50_000
"""How long before its moment a precise arrival gets its task: longer than the task needs to its
first step, mostly."""


class OpenDriver:
    """Drives one phase with arrivals."""

    def __init__(self, task: DriverTask) -> None:
        """The load must have a schedule."""
        rules = task.load.arrival_rules
        if rules is None:
            raise ValueError("a load without a schedule")
        self._load = task.load
        self._phase = phase = task.phase
        self._operation = task.operations.first
        self._indices = task.indices
        self._timer = task.timer
        self._precise = rules.precise
        self._head_start = None if rules.precise else task.timer.head_start
        self._early_ns = PRECISE_HEAD_START_NS if rules.precise else 0
        """How long before its moment the next arrival gets its task."""
        self._max_in_flight = max(1, task.share.count(rules.max_in_flight))
        self._arrival = open_arrival(self._operation)
        self._lasts = phase.end_ns != NEVER_NS
        end_ns = phase.end_ns if self._lasts else None
        self._schedule = ArrivalSchedule(
            task.load, phase.start_ns, end_ns, task.iterations, task.seed, task.share
        )
        self._starts: dict[int, int] = {}
        self._newest: tuple[int, int] | None = None
        """The index and the moment of the arrival that was the last to get its task."""
        self._failures_before = 0
        """How many failures were recorded when it did."""
        self._alarm = 0
        self._deadlines: Deadlines | None = None
        self._settle: Callable[..., None] = phase.recorder.record
        self._fail = phase.fail
        if (timeout_ns := task.timeout_ns) is not None:
            self._deadlines = Deadlines(
                timeout_ns, phase, task.timer, self._starts.items, self._settle
            )
            self._settle, self._fail = self._deadlines.settle, self._deadlines.fail

    def begin(self) -> None:
        self._wait()
        if self._deadlines is not None:
            self._deadlines.begin()

    @property
    def level(self) -> float:
        return self._schedule.levels.at(self._phase.now_ns())

    def started_ns(self) -> Sequence[int]:
        """When each operation under way began."""
        return list(self._starts.values())

    @property
    def next_start_ns(self) -> int:
        """NEVER_NS where nothing is left to start."""
        next_ns = self._schedule.next_ns
        return NEVER_NS if next_ns is None else next_ns - self._early_ns

    def pause(self) -> None:
        """Starts what is due already: that keeps its moment."""
        self._start_or_drop(self._phase.now_ns())

    async def finish(self) -> None:
        """Starts what was due before the end, however late the loop has come to it: an arrival
        belongs to the phase in which it was meant to start. What the loop cannot start within the
        time of the drain was not started."""
        phase = self._phase
        self._schedule.end(min(phase.end_ns, phase.now_ns()))
        give_up_ns = phase.clock() + phase.drain_ns
        while phase.broken is None and not phase.abandoned and self._start_due(phase.end_ns):
            await asyncio.sleep(0)
            while phase.clock() > give_up_ns and (dropped := self._take(phase.end_ns)):
                phase.recorder.unstarted += len(dropped)
                await asyncio.sleep(0)

    def put_off(self, by_ns: int, from_ns: int) -> None:
        # An arrival that is due and could not be started yet keeps its lateness.
        self._schedule.shift(by_ns, min(from_ns, self._schedule.next_ns or from_ns))
        self._wait()

    def adjust(self, factor: float, at_ns: int) -> None:
        """Multiplies the rate; what is due already keeps its moment."""
        if not self._phase.paused:
            self._start_or_drop(at_ns)
        if level := self._schedule.levels.at(at_ns):
            factor = self._load.adjusted(level, factor) / level
        self._schedule.scale(factor, at_ns)
        self._wait()

    def _wait(self) -> None:
        """Has the next arrival's moment reported; one that was waited for before is forgotten."""
        self._alarm += 1
        alarm = self._alarm
        next_ns = self._schedule.next_ns
        if next_ns is not None:
            if self._head_start is not None:
                # Where the moment is nearer, the loop is awake anyway, and would only be blocked.
                early_ns = self._head_start.ns
                self._early_ns = early_ns if next_ns - early_ns > self._phase.clock() else 0
            fire = self._phase.guarded(lambda: self._fire(alarm))
            self._timer.at(next_ns - self._early_ns, fire, precise=self._precise)
        elif not self._lasts:
            self._phase.over.set()

    def _fire(self, alarm: int) -> None:
        if not self._is_awaited(alarm):
            return
        phase = self._phase
        now_ns = phase.clock()
        self._newest, self._failures_before = None, len(phase.recorder.failures_ns)
        more = self._start_due(now_ns)
        if not more and (self._precise or self._newest is None):
            self._make_ready(now_ns + self._early_ns)
        # An arrival begins with the next turn of the loop. Whatever is done now delays it, so the
        # next one is waited for behind it; and where more are due than one turn may take, others
        # have their turn first.
        following = self._fire if more else self._follow
        follow = phase.guarded(lambda: following(alarm))
        asyncio.get_running_loop().call_soon(follow)

    def _make_ready(self, until_ns: int) -> None:
        """Gives what is to begin until then its task ahead of its moment, for which it waits there:
        several precise arrivals, or one, for the others would block the loop."""
        phase = self._phase
        next_ns = self._schedule.next_ns
        while next_ns is not None and next_ns <= until_ns:
            if len(phase.tasks) >= self._max_in_flight:
                return  # at its moment there may be room
            self._start_due(next_ns)
            next_ns = self._schedule.next_ns if self._precise else None

    def _follow(self, alarm: int) -> None:
        """Has the next arrival wait for its moment, which may have come meanwhile."""
        if not self._is_awaited(alarm):
            return
        if self._head_start is not None and self._early_ns:
            if (lateness_ns := self._newest_lateness_ns()) is not None:
                self._head_start.learn(lateness_ns)
            self._early_ns = 0
        next_ns = self._schedule.next_ns
        if next_ns is not None and next_ns - self._early_ns <= self._phase.clock():
            self._fire(alarm)
        else:
            self._wait()

    def _newest_lateness_ns(self) -> int | None:
        """How late the operation began that got its task last and has had its first step; None
        where that was not recorded."""
        if self._newest is None:
            return None
        i, intended_ns = self._newest
        if (start_ns := self._starts.get(i)) is not None:
            return start_ns - intended_ns
        recorder = self._phase.recorder
        if len(recorder.failures_ns) > self._failures_before or not recorder.lateness_ns:
            return None
        return recorder.lateness_ns[-1]

    def _is_awaited(self, alarm: int) -> bool:
        """Whether that is the arrival that is waited for, and nothing has come between."""
        return alarm == self._alarm and not self._phase.paused and not self._phase.over.is_set()

    def _take(self, now_ns: int) -> list[int]:
        return self._schedule.take_due(now_ns, MAX_ARRIVALS_AT_ONCE)

    def _start_or_drop(self, now_ns: int) -> None:
        """What cannot be started in a turn of the loop, before the schedule changes, is dropped."""
        if self._start_due(now_ns):
            while dropped := self._take(now_ns):
                self._phase.recorder.unstarted += len(dropped)

    def _start_due(self, now_ns: int) -> bool:
        """Starts what is due, as much as one turn may take; whether there may be more."""
        phase = self._phase
        due = self._take(now_ns)
        for intended_ns in due:
            i = next(self._indices)
            if len(phase.tasks) >= self._max_in_flight:
                phase.recorder.unstarted += 1
                continue
            self._newest = i, intended_ns
            arrival = self._arrival(
                i, intended_ns, self._operation.function, self._starts, phase.clock,
                self._settle, self._fail,
            )  # fmt: skip
            if self._deadlines is None:
                phase.spawn(arrival, _nothing)
            else:
                task = phase.spawn(arrival, partial(self._deadlines.forget, i))
                self._deadlines.watch(i, task)
        return len(due) == MAX_ARRIVALS_AT_ONCE


def _nothing() -> None:
    """An arrival's end says nothing about the phase."""
