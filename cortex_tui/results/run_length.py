"""Whether a run was long enough, and whether it could have been longer."""

from __future__ import annotations

from cortex_tui.limits import MAX_INTERVALS
from cortex_tui.protocol.plan import INTERVAL_NS
from cortex_tui.protocol.programs import is_test
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.confidence import MIN_INTERVALS

LONG_ENOUGH_NS = MIN_INTERVALS * INTERVAL_NS
"""How long a run has to be for it to be known how its percentiles vary."""
_FEWEST_ROUNDS = 5
"""`min_rounds` of pytest-benchmark, unless an option says otherwise."""


def interval_count(run: RunResult) -> int:
    """How many intervals a run of its length has."""
    count = run.measured_ns // INTERVAL_NS
    while count > MAX_INTERVALS:
        count //= 2
    return count


def timed_operations(run: RunResult) -> int:
    """How many operations its times are of, those that failed within batches among them."""
    return run.operations + run.failed_in_batches


def has_its_number(run: RunResult) -> bool:
    """Whether the run has as many operations as it was to have, however long it may last: those of
    its profile, or the rounds of a test's `pedantic`."""
    stop = run.profile.stop
    if stop.iterations is not None and run.operations + run.error_count >= stop.iterations:
        return True
    if not is_test(run.profile) or run.state != "finished" or not stop.duration_ns:
        return False
    values = timed_operations(run) // run.batch
    # Any other test is called again until its time is over, and a few times in any case.
    return (
        run.measured_ns < stop.duration_ns * 9 // 10
        or values < _FEWEST_ROUNDS
        or (values > _FEWEST_ROUNDS and run.measured_ns - (run.max_ns or 0) > stop.duration_ns)
    )


def counted_in(run: RunResult) -> str:
    """What its number is of, where it has one."""
    return "rounds" if is_test(run.profile) else "iterations"
