"""Keys in TOML that several loads have."""

from __future__ import annotations

from functools import partial

from cortex_tui.limits import MAX_IN_FLIGHT
from cortex_tui.loads.port import Arrivals
from cortex_tui.profiles.reading import (
    DURATION,
    FLAG,
    Key,
    RefusedError,
    counts,
    read_any_duration_ns,
    read_count,
    read_flag,
)
from cortex_tui.profiles.words import shown

DEFAULT_MAX_IN_FLIGHT = 10_000


def _read_arrivals(value: object, path: str) -> Arrivals:
    if value == "constant" or value == "poisson":
        return value
    raise RefusedError(path, f'expected "constant" or "poisson", got {shown(value)}')


OF_RATES = {
    "arrivals": Key(
        _read_arrivals,
        {"enum": ["constant", "poisson"]},
        "Evenly spaced, or at random (a Poisson process) at that rate on average.",
    ),
    "max_in_flight": Key(
        partial(read_count, at_most=MAX_IN_FLIGHT),
        counts(1, MAX_IN_FLIGHT),
        "An arrival that finds as many operations under way is counted as unstarted.",
    ),
    "precise": Key(
        read_flag,
        FLAG,
        "Turn the loop for the last 100 µs before an arrival: it starts on time, at the expense "
        "of everything else on the loop.",
    ),
}
"""Settings of a load with a schedule."""

OF_WORKERS = {
    "think_time": Key(
        read_any_duration_ns, DURATION, "How long a worker rests after each operation."
    ),
}
"""Settings of a load with workers."""
