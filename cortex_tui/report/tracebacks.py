"""What failed operations left behind, for reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cortex_tui.results.run_result import RunResult
from cortex_tui.text import one_line


def tracebacks(runs: Iterable[RunResult]) -> Iterator[str]:
    """The first traceback of each run that has one, as lines; each text once, with its runs."""
    seen: dict[str, dict[str, None]] = {}
    for run in runs:
        if run.traceback:
            seen.setdefault(run.traceback, {})[run.profile.full_name] = None
    for traceback, names in seen.items():
        yield f"{', '.join(names)}:"
        yield from (f"  {one_line(line)}" for line in traceback.rstrip().split("\n"))
