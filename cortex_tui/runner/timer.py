"""Wakes the measuring loop at exact moments, for the arrivals of open loads.

Event loops round timers up to whole milliseconds, which makes arrivals half a millisecond late at
the median. A Linux timerfd that the loop watches wakes it within some 50 us, without turning the
loop. One timer serves all runs of a session.
"""

from __future__ import annotations

import contextlib
import ctypes
import heapq
import os
import sys
from collections.abc import Callable
from functools import partial
from itertools import count, pairwise
from typing import Literal

from cortex_tui.isolation import asyncio
from cortex_tui.runner.clock import CLOCK

MIN_PRECISE_NS = 100_000
"""How long at least the loop turns before a precise moment: a processor that is awake is seldom
later than that."""
MAX_PRECISE_NS = 500_000
"""And at most, or it would hardly do anything else at a thousand arrivals a second."""
MAX_HEAD_START_NS = 100_000
"""Of an arrival: longer than it takes from an idle machine's timer to the operation, mostly."""
PROMPT_NS = 500
"""An arrival that is less late than that was ready before its moment, and had to wait for it."""

_FIRST_HEAD_START_NS = 20_000
_LATE_STEP_NS = 500
_EARLY_STEP_NS = 9 * _LATE_STEP_NS
"""Nine late ones lengthen the head start by what an early one shortens it: so one arrival in ten
has to wait, for a few microseconds of the processor."""
_IN_TIME_STEP_NS = 500
_TOO_LATE_STEP_NS = 19 * _IN_TIME_STEP_NS
"""Nineteen wakes in time shorten the turning by what one too late lengthens it: so one in twenty is
too late for its precise moment."""

_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("it_interval", _Timespec), ("it_value", _Timespec))


class Timerfd:
    """A one-shot timer on CLOCK_MONOTONIC, Linux's `perf_counter_ns`, as a descriptor.

    `os.timerfd_create` exists since Python 3.13 only, so libc is called directly. PyDLL keeps the
    interpreter lock: the calls take less than giving it up and getting it back.
    """

    def __init__(self, *, blocking: bool = False) -> None:
        """Raises OSError where the system has no timerfd. One that is `blocking` can be waited for
        on a thread, and not watched by a loop."""
        if not sys.platform.startswith("linux"):
            raise OSError("timerfd is Linux's")
        libc = ctypes.PyDLL(None, use_errno=True)
        try:
            create, self._settime = libc.timerfd_create, libc.timerfd_settime
        except AttributeError as error:
            raise OSError("this libc has no timerfd") from error
        flags = os.O_CLOEXEC | (0 if blocking else os.O_NONBLOCK)
        self.fd: int = create(_CLOCK_MONOTONIC, flags)
        if self.fd < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        self._spec = _Itimerspec()
        self._spec_ref = ctypes.byref(self._spec)

    def arm(self, when_ns: int) -> None:
        """Makes the descriptor readable at `when_ns`, at once if that is past."""
        self._set(max(1, when_ns))

    def disarm(self) -> None:
        """Takes back the time for which it was armed."""
        self._set(0)

    def _set(self, when_ns: int) -> None:
        value = self._spec.it_value
        value.tv_sec, value.tv_nsec = divmod(when_ns, 1_000_000_000)
        self._settime(self.fd, _TFD_TIMER_ABSTIME, self._spec_ref, None)

    def wait(self) -> None:
        """Returns when it is due; without the interpreter lock, where it was made to block."""
        os.read(self.fd, 8)

    def clear(self) -> None:
        """Makes the descriptor unreadable again until it is armed and due."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 8)

    def close(self) -> None:
        os.close(self.fd)


class HeadStart:
    """How long before its moment an arrival's timer is set: what is to be done before the operation
    takes 30 to 100 us, most of it the kernel's to wake the process.

    Learned from how late arrivals were: it follows the tenth percentile of that time by stochastic
    approximation (Robbins and Monro, 1951), which a few very late ones do not move.
    """

    def __init__(self, reading_ns: int = 0) -> None:
        """`reading_ns` is how long it takes to read the clock, on some virtual machines
        microseconds: who waits for a moment sees it up to that late, and the twofold is allowed."""
        self.ns = _FIRST_HEAD_START_NS
        self._prompt_ns = max(PROMPT_NS, 2 * reading_ns)

    def learn(self, lateness_ns: int) -> None:
        """Takes in how late an arrival was that had the head start."""
        if lateness_ns < self._prompt_ns:
            self.ns = max(0, self.ns - _EARLY_STEP_NS)
        else:
            self.ns = min(MAX_HEAD_START_NS, self.ns + _LATE_STEP_NS)


class Turning:
    """How long before a precise moment the loop begins to turn: as long as the timer wakes late.

    That is 50 us where the processor was awake, and 250 where an idle virtual machine had been
    taken off it. Learned as a `HeadStart` is: it follows the 95th percentile of how late the timer
    was.
    """

    def __init__(self) -> None:
        self.ns = MIN_PRECISE_NS

    def learn(self, late_ns: int) -> None:
        """Takes in how late the timer woke the loop. What was later than can be allowed for was not
        the timer, but a loop that was blocked."""
        if late_ns <= self.ns:
            self.ns = max(MIN_PRECISE_NS, self.ns - _IN_TIME_STEP_NS)
        elif late_ns <= MAX_PRECISE_NS:
            self.ns = min(MAX_PRECISE_NS, self.ns + _TOO_LATE_STEP_NS)


def _reading_ns() -> int:
    """How long it takes to read the clock, where nothing comes between."""
    return min(after - before for before, after in pairwise(CLOCK.read_ns() for _ in range(10)))


class ArrivalTimer:
    """Calls back on the loop at given times of `perf_counter_ns`; many users, one descriptor."""

    head_start: HeadStart | None = None
    """Of arrivals; None where the timer is not exact enough for one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._armed_ns: int | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._timerfd: Timerfd | None = None
        self._turning = Turning()
        # A loop that cannot watch descriptors, or a system without timerfd, falls back.
        with contextlib.suppress(OSError, NotImplementedError):
            timerfd = Timerfd()
            loop.add_reader(timerfd.fd, self._fire)
            self._timerfd = timerfd
            self.head_start = HeadStart(_reading_ns())

    @property
    def name(self) -> Literal["timerfd", "loop"]:
        return "timerfd" if self._timerfd is not None else "loop"

    def at(self, when_ns: int, callback: Callable[[], None], *, precise: bool = False) -> None:
        """Calls `callback` once, as soon as `when_ns` is reached.

        If `precise`, the loop turns for the last MIN_PRECISE_NS to MAX_PRECISE_NS before: it wakes
        in microseconds, but whoever shares the loop or its processor has less of both meanwhile.
        """
        if precise:
            due_ns, when_ns = when_ns, when_ns - self._turning.ns
            waits = when_ns > CLOCK.read_ns()
            turn = partial(self._turn_until, due_ns, callback)
            callback = partial(self._woken, when_ns, turn) if waits else turn

        heapq.heappush(self._heap, (when_ns, next(self._order), callback))
        if self._armed_ns is None or when_ns < self._armed_ns:
            self._arm(when_ns)

    def _woken(self, when_ns: int, callback: Callable[[], None]) -> None:
        """The loop may have slept until `when_ns`."""
        self._turning.learn(CLOCK.read_ns() - when_ns)
        callback()

    def _turn_until(self, due_ns: int, fire: Callable[[], None]) -> None:
        if CLOCK.read_ns() >= due_ns:
            fire()
        else:
            self._loop.call_soon(self._turn_until, due_ns, fire)

    def close(self) -> None:
        """Nothing is called any more."""
        self._heap.clear()
        if self._handle is not None:
            self._handle.cancel()
        if self._timerfd is not None:
            self._loop.remove_reader(self._timerfd.fd)
            self._timerfd.close()
            self._timerfd = None

    def _arm(self, when_ns: int) -> None:
        self._armed_ns = when_ns
        if self._timerfd is not None:
            self._timerfd.arm(when_ns)
            return
        if self._handle is not None:
            self._handle.cancel()
        delay_ns = max(0, when_ns - CLOCK.read_ns())
        self._handle = self._loop.call_later(delay_ns / 1e9, self._fire)

    def _fire(self) -> None:
        self._armed_ns = None
        heap = self._heap
        # The time is read once: callbacks that are due again at once wait for the next turn.
        now_ns = CLOCK.read_ns()
        try:
            while heap and heap[0][0] <= now_ns:
                heapq.heappop(heap)[2]()
        finally:
            # Not before: the arrivals need not wait for that.
            if self._timerfd is not None:
                self._timerfd.clear()
            # Whatever one of them raises, the others wait for theirs. What a callback has armed
            # and is due by now was cleared, too.
            if heap:
                self._arm(heap[0][0])
