"""How many more operations two runner processes do than one, of one that does nothing.

One Python loop is the limit of such an operation, so with two cores two loops should do almost
twice as many. Needs two cores that nothing else uses.
"""

from __future__ import annotations

from cortex_tui.loads.closed import ClosedLoad
from tests.performance._measure import Measurements
from tests.performance._sessions import measured

WORKLOAD = "async def noop(): pass\n"


def cost(processes: int, duration_ns: int) -> float:
    """The ns that an operation took on average, over all processes."""
    load = ClosedLoad(workers=2, processes=processes)
    run = measured(WORKLOAD, "noop", load, duration_ns, processes)
    return run.measured_ns / run.operations


def main() -> None:
    measurements = Measurements("What a second runner process is worth.")
    duration_ns = 1_000_000_000 if measurements.quick else 3_000_000_000
    measurements.compare(
        "an operation that does nothing, in two processes and in one",
        lambda: cost(2, duration_ns),
        lambda: cost(1, duration_ns),
        unit="ns/operation",
        goal=1.7,
        rounds=measurements.rounds(quick=3, full=7),
    )
    measurements.exit()


if __name__ == "__main__":
    main()
