"""Why there is nothing measured of a run, in words: "yet" only where it may still come."""

from __future__ import annotations

from cortex_tui.results.run_result import RunResult
from cortex_tui.tui.panes.errors import ErrorsPane
from cortex_tui.tui.state.latest_runs import LatestRuns

_SUCCEEDED = "no operation has succeeded"
_WHERE = f"(tab {ErrorsPane.TAB} says why)"


def why_unmeasured(run: RunResult | None, latest: LatestRuns, *, here: str = "here") -> str:
    """Of the run under the cursor, None where there is none; `here` is the place that it is not
    in."""
    if run is None:
        may_come = latest.view is None or latest.active
        return f"nothing was measured {here}{' yet' * may_come}"
    if not run.life.is_over:
        return f"nothing was measured {here} yet"
    if run.interrupted:
        return "interrupted before it measured"
    match run.life.outcome:
        case "failed":
            return f"FAILED: nothing was measured {_WHERE}"
        case "stopped":
            return "stopped before it measured"
        case _:
            return f"nothing was measured {here}"


def why_no_times(run: RunResult | None, latest: LatestRuns) -> str:
    """The same of a run that may have measured, without an operation that succeeded."""
    if run is None or not run.measured_ns:
        return why_unmeasured(run, latest)
    if run.life.outcome == "failed":
        return f"FAILED: {_SUCCEEDED} {_WHERE}"
    return _SUCCEEDED if run.life.is_over else f"{_SUCCEEDED} yet"
