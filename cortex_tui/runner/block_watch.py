"""Looks at the measuring loop's thread while the loop is blocked, to find what blocks it.

As long as the loop turns, nothing of this takes the interpreter lock: a thread waits within the
kernel for a timer that each beat of the loop puts off. Only where a beat does not come does the
timer expire, and the thread looks where the other one is.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.stack import sighting_of
from cortex_tui.runner.timer import Timerfd

FIRST_LOOK_NS = 18_000_000
"""How late a beat is at least when the thread looks. The interpreter lock may take 5 ms more,
Python's switch interval; blocks are reported from 25 ms on."""
AHEAD_NS = 12_000_000
"""By how much later it may look, a little more than the time between two beats: then the timer need
not be put off with each, which takes up to 40 us where the caches have other things."""
LATE_NS = 8_000_000
"""A look that comes later than that had to wait for code that did not give the lock up."""
LONG_NS = 45_000_000
"""Of processor time since the timer was put off, at most 20 ms before the block: without any wait
for a processor, that would have been reported, too."""
REPORTED_NS = 1_000_000_000
"""How long the loop has been blocked at least when that is reported while it still is."""
_LATE_ASLEEP_NS = 4_000_000
"""The same while the loop's thread did not compute: whoever computed then was another thread."""

COLLECTION = "garbage collection"
NO_PROCESSOR = "waiting for a processor"
NOT_MEASURED = "outside of the measured code"
LOCKED = "waiting for the interpreter lock"


class Look(NamedTuple):
    """What was seen at one time."""

    stands_for_ns: int
    """The time since the look before, or since the beat was due."""
    late_ns: int
    """How much later than intended."""
    unready_ns: int | None
    """How long of that the watch itself waited for a processor; None where it is not known."""
    place: str
    after_call: bool


class ThreadTime(NamedTuple):
    """What a thread had in some time."""

    computed_ns: int = 0
    waited_ns: int = 0
    """For a processor, while it could have run."""


def cause_of(
    lag_ns: int, collected_ns: int, thread: ThreadTime | None, looks: Sequence[Look]
) -> str:
    """What blocked the loop for most of that time, such as `at prices.py:21 in lookup`; empty where
    that is not known. `collected_ns` is how long the garbage was collected meanwhile.

    Code that never gives the interpreter lock up delays the look until it is done, and what is seen
    then is what came next. Right behind a call that is mostly the call itself, and the place is
    given as near; elsewhere it is not known. Where the loop's thread did not compute meanwhile, it
    was another one that kept the lock.
    """
    if 2 * collected_ns >= lag_ns:
        return COLLECTION
    # Of the time in which it could have run, mostly.
    computed = thread is None or 2 * thread.computed_ns >= lag_ns - thread.waited_ns
    times_ns: dict[str, int] = {}
    for look in looks:
        cause = _seen(look) if computed else _seen_asleep(look)
        times_ns[cause] = times_ns.get(cause, 0) + look.stands_for_ns
    found = max(times_ns, key=times_ns.__getitem__, default="")
    if thread is not None and 2 * thread.waited_ns >= lag_ns:
        # What it was at is to blame only where that took long by itself.
        return found if thread.computed_ns >= LONG_NS else NO_PROCESSOR
    return found


def last_seen(looks: Sequence[Look]) -> str:
    """What blocks a loop that still is blocked, by the last look that shows it; else ""."""
    return next((cause for look in reversed(looks) if (cause := _seen(look))), "")


def _seen(look: Look) -> str:
    """What a look shows where the loop's thread computed, other than while the watch waited for a
    processor: that does not depend on who has the lock."""
    late = look.late_ns - (look.unready_ns or 0) > LATE_NS
    if not look.place:
        return "" if late else NOT_MEASURED
    if late:
        return f"near {look.place}" if look.after_call else ""
    return f"at {look.place}"


def _seen_asleep(look: Look) -> str:
    """The same where it waited for something that is no processor."""
    if look.late_ns > _LATE_ASLEEP_NS:
        known = look.unready_ns is not None and look.late_ns - look.unready_ns > LATE_NS
        return LOCKED if known else ""
    return f"at {look.place}" if look.place else NOT_MEASURED


class BlockWatch:
    """Of the thread on which it is made, and which calls all but `_watch` and what that needs."""

    def __init__(self, report: Callable[[int, str], None] | None = None) -> None:
        """`report` is called on the thread of the watch, at each of its ever rarer looks at a loop
        that has been blocked for long and still is: with how long, in ns, and by what, as
        `cause_of` has it. Raises OSError where the system has no timer for it."""
        self._report = report
        self._timer = Timerfd(blocking=True)
        self._thread_id = threading.get_ident()
        self._folder = os.getcwd()
        self._times = _ThreadTimes()
        self._before = b""
        self._due_ns = self._armed_ns = 0
        self._seen: tuple[int, tuple[Look, ...]] = (0, ())
        """When the beat was due that did not come, and the looks since; replaced, never changed."""
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name="loop watch", daemon=True)
        self._thread.start()

    def expect(self, due_ns: int) -> None:
        """The beat that comes next; ends the wait for the one before. Every other time it takes
        some 4 us."""
        self._due_ns = due_ns
        look_ns = due_ns + FIRST_LOOK_NS
        if not look_ns <= self._armed_ns <= look_ns + AHEAD_NS:
            self._before = self._times.read()
            self._arm(look_ns + AHEAD_NS)

    def rest(self) -> None:
        """No beat is expected any more."""
        self._due_ns = self._armed_ns = 0
        self._timer.disarm()

    def close(self) -> None:
        self._closed = True
        self._due_ns = 0
        self._arm(0)
        self._thread.join(timeout=1.0)
        self._times.close()

    @property
    def looks(self) -> tuple[Look, ...]:
        """Those since the expected beat was due."""
        due_ns, looks = self._seen
        return looks if due_ns == self._due_ns else ()

    def cause(self, now_ns: int, collected_ns: int) -> str:
        """What blocked the loop since the expected beat was due, see `cause_of`."""
        lag_ns = now_ns - self._due_ns
        if lag_ns < FIRST_LOOK_NS:
            return ""
        since = thread_time(self._before, self._times.read())
        return cause_of(lag_ns, collected_ns, since, self.looks)

    def _watch(self) -> None:
        times, looks_due_ns, look_at_ns = _ThreadTimes(), 0, 0
        while True:
            before = times.read()
            self._timer.wait()
            if self._closed:
                self._timer.close()
                times.close()
                return
            now_ns, due_ns, armed_ns = CLOCK.read_ns(), self._due_ns, self._armed_ns
            if due_ns == 0:
                continue
            if due_ns != looks_due_ns:
                looks_due_ns, look_at_ns = due_ns, due_ns + FIRST_LOOK_NS
            # Not where the beat came while this thread was waking up.
            if now_ns >= max(look_at_ns, armed_ns):
                own = thread_time(before, times.read())
                self._look(due_ns, armed_ns, now_ns, own.waited_ns if own else None)
                self._report_long_block(due_ns, now_ns)
                # Ever more rarely: each look stands for as much as all before.
                look_at_ns = due_ns + 2 * (now_ns - due_ns)
                if self._due_ns == due_ns:
                    self._arm(look_at_ns)

    def _arm(self, when_ns: int) -> None:
        self._armed_ns = when_ns
        self._timer.arm(when_ns)

    def _look(self, due_ns: int, intended_ns: int, now_ns: int, unready_ns: int | None) -> None:
        frame = sys._current_frames().get(self._thread_id)
        if frame is None:
            return
        place, after_call = sighting_of(frame, self._folder)
        # A frame keeps what the function has; not for longer than needed.
        del frame
        seen_due_ns, looks = self._seen
        if seen_due_ns != due_ns:
            looks = ()
        since_ns = due_ns + sum(look.stands_for_ns for look in looks)
        look = Look(now_ns - since_ns, now_ns - intended_ns, unready_ns, place, after_call)
        # The block may be over by now, and then this is not what has caused it.
        if self._due_ns == due_ns:
            self._seen = (due_ns, (*looks, look))

    def _report_long_block(self, due_ns: int, now_ns: int) -> None:
        if self._report is None or now_ns - due_ns < REPORTED_NS:
            return
        seen_due_ns, looks = self._seen
        if seen_due_ns == self._due_ns == due_ns and looks:
            self._report(now_ns - due_ns, last_seen(looks))


class _ThreadTimes:
    """The processor times of the thread on which it is made, to be read on any."""

    def __init__(self) -> None:
        self._fd: int | None = None
        with contextlib.suppress(OSError):
            self._fd = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> bytes:
        """As Linux writes them: read much more often than needed, and so not parsed at once."""
        return b"" if self._fd is None else os.pread(self._fd, 64, 0)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def thread_time(before: bytes, after: bytes) -> ThreadTime | None:
    """Between two readings of schedstat, which has the time on a processor, the time of waiting for
    one, and a number of turns."""
    try:
        (computed, waited, _), (computed_later, waited_later, _) = before.split(), after.split()
        return ThreadTime(int(computed_later) - int(computed), int(waited_later) - int(waited))
    except ValueError:
        return None
