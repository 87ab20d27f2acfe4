"""The clock of a memory: whatever the caller's gives, times that can be stored."""

from collections.abc import Callable
from datetime import UTC, datetime

from cortex_core.domain import rules
from cortex_core.domain.plain import check_plain
from cortex_core.domain.violations import Violation

Clock = Callable[[], datetime]


def storable(clock: Clock) -> Clock:
    """A clock that gives the times of `clock` in UTC, and never one that is still to come.

    Nothing is stored with a time in the future: where `clock` is ahead of the system's, the time
    is the system's. Raises TypeError if `clock` is async, and the clock returned raises
    ValueError where `clock` gives anything but an aware time.
    """
    if clock is rules.utc_now:
        return clock
    check_plain("clock", clock)

    def now() -> datetime:
        found: list[Violation] = []
        time: object = clock()
        rules.aware(found, "clock", time)
        if found or not isinstance(time, datetime):
            raise ValueError(f"clock: {found[0].message}; datetime.now(UTC) is one that fits")
        return min(time.astimezone(UTC), rules.utc_now())

    return now
