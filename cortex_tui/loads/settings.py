"""Keys in TOML that several loads have."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from cortex_tui.limits import MAX_IN_FLIGHT, MAX_PROCESSES
from cortex_tui.loads.port import Arrivals, Load
from cortex_tui.toml.reading import (
    DURATION,
    FLAG,
    Key,
    RefusedError,
    below,
    counts,
    read_any_duration_ns,
    read_count,
    read_flag,
)
from cortex_tui.toml.words import shown

DEFAULT_MAX_IN_FLIGHT = 10_000

L = TypeVar("L", bound=Load)


def _read_arrivals(value: object, path: str) -> Arrivals:
    if value == "constant" or value == "poisson":
        return value
    raise RefusedError(path, f'expected "constant" or "poisson", got {shown(value)}')


OF_ALL = {
    "processes": Key(
        partial(read_count, at_most=MAX_PROCESSES),
        counts(1, MAX_PROCESSES),
        "How many runner processes share the load.",
    ),
}
"""Settings of any load that can be shared."""

OF_RATES = {
    **OF_ALL,
    "arrivals": Key(
        _read_arrivals,
        {"enum": ["constant", "poisson"]},
        "Evenly spaced, or at random (a Poisson process) at that rate on average.",
    ),
    "max_in_flight": Key(
        partial(read_count, at_most=MAX_IN_FLIGHT),
        counts(1, MAX_IN_FLIGHT),
        "An arrival during this number of operations in flight is counted as unstarted.",
    ),
    "precise": Key(
        read_flag,
        FLAG,
        "Turn the loop for the last 150 to 550 µs before an arrival, as the machine wakes: "
        "it starts on time, at the expense of everything else on the loop.",
    ),
}
"""Settings of a load with a schedule."""

OF_WORKERS = {
    **OF_ALL,
    "think_time": Key(
        read_any_duration_ns, DURATION, "How long a worker rests after each operation."
    ),
}
"""Settings of a load with workers."""


def with_no_idle_process(load: L, path: str) -> L:
    """The load; raises RefusedError where a process that shares it would have nothing to do."""
    if idle := load.idle_among(load.shared_by):
        raise RefusedError(below(path, "processes"), idle)
    return load


def processes_text(load: Load) -> str:
    return f", {load.shared_by} processes" if load.shared_by > 1 else ""


def processes_lines(load: Load) -> tuple[str, ...]:
    return (f"shared by {load.shared_by} processes",) if load.shared_by > 1 else ()
