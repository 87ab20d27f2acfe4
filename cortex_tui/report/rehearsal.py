"""What came of running each operation once."""

from __future__ import annotations

from cortex_tui.report.stream import toned
from cortex_tui.report.tracebacks import tracebacks
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.view import SessionView
from cortex_tui.tables import GAP, aligned
from cortex_tui.text import one_line


def rehearsal(view: SessionView, *, colour: bool) -> tuple[str, bool]:
    """A line for each profile, the tracebacks of those that failed, and whether all worked."""
    lines = []
    names = aligned([run.profile.full_name for run in view.runs])
    for run, name in zip(view.runs, names, strict=True):
        why = _why_not(run)
        word = toned("failed" if why else "ok", "bad" if why else "good", colour=colour)
        lines.append(f"{name}{GAP}{word}{f'{GAP}{one_line(why)}' if why else ''}")
        lines += (f"{' ' * len(name)}{GAP}but: {one_line(warning)}" for warning in run.warnings)
    if view.died:
        lines.append(f"{toned('died', 'bad', colour=colour)}: {one_line(view.died)}")
    worked = bool(view.runs) and not any(map(_why_not, view.runs))
    failures = list(tracebacks(view.runs))
    return "\n".join([*lines, *([""] if failures else []), *failures]), worked


def _why_not(run: RunResult) -> str:
    if run.error_count:
        return run.traceback.rstrip().split("\n")[-1] or ", ".join(run.errors)
    if run.state == "failed":
        return run.reason or "without a reason"
    if run.state != "finished":
        return "stopped before it had ended" if run.state == "stopped" else "it never began"
    return "" if run.operations else "it did not end"
