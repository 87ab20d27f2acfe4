"""What is known of runs from their messages, for tests of it."""

from __future__ import annotations

from typing import Any

from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.run_fold import RunFold
from cortex_tui.stats.measured import SUBJECTS
from tests.unit.session.messages import SECOND_NS, at_stage, planned, profile

TENTH_NS = SECOND_NS // 10


def measuring(file: IntervalFile | None = None, **fields: Any) -> RunFold:
    """Of a run that has begun to measure, of a profile with these fields."""
    fold = RunFold(planned(profile(**fields)), file=file)
    fold.change(at_stage(0, "measure", 0))
    return fold


def facts(interval: object) -> list[object]:
    """All that is in an interval or a slice, comparable."""
    times = [getattr(interval, name) for name in SUBJECTS]
    return [
        *((each.indices.tolist(), each.counts.tolist(), each.moments) for each in times),
        *(getattr(interval, name) for name in ("errors", "unstarted", "in_flight", "oldest_ns")),
        *(getattr(interval, name) for name in ("neighbours", "level", "drained", "health")),
    ]
