"""Reads a stored session back: each run's records fill a fold, which makes the run's result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from cortex_tui.results.cells import cells_of
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_records import fold_of
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_result import SessionResult
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.records import (
    IntervalRecord,
    RunRecord,
    StoredSession,
)


def from_stored(stored: StoredSession) -> SessionResult:
    """The session from its stored intervals. SnapshotError if they cannot be read."""
    return result_from(stored, folds_of(stored))


def folds_of(stored: StoredSession, file: IntervalFile | None = None) -> list[RunFold]:
    """A fold for each of its runs. SnapshotError as above; with a `file`, intervals are in it."""
    intervals: defaultdict[int, list[IntervalRecord]] = defaultdict(list)
    for interval in stored.intervals:
        intervals[interval.run].append(interval)
    try:
        return [
            fold_of(run, intervals.pop(run.run, ()), stored.session, stored.state, file)
            for run in stored.runs
        ]
    except (HistogramFormatError, ValueError) as error:
        raise SnapshotError(
            f"session {stored.session.id} cannot be read: {error}: it is damaged, remove it"
        ) from error


def result_from(stored: StoredSession, runs: Sequence[RunFold]) -> SessionResult:
    """What these runs of the session have come to."""
    cells = cells_of(runs)
    return SessionResult(
        record=stored.session,
        state=stored.state,
        snapshot=stored.snapshot.name if stored.snapshot else None,
        note=stored.note,
        tags=stored.tags,
        runs=tuple(
            _with_statistics(result_of(run, cells), record)
            for run, record in zip(runs, stored.runs, strict=True)
        ),
        histograms={run.run: run.times for run in runs},
        shard_times={run.run: run.shards.times for run in runs if run.shards.each},
    )


def _with_statistics(run: RunResult, record: RunRecord) -> RunResult:
    """What was imported of a run whose values are in no file, as far as there is a place for it."""
    known = record.statistics
    if not known or run.times:
        return run
    max_ns = known.get("max")
    return msgspec.structs.replace(
        run,
        percentiles_ns={
            name: round(known[name]) if name in known else None for name in run.percentiles_ns
        },
        samples_missing={},
        max_ns=None if max_ns is None else round(max_ns),
        mean_ns=known.get("mean"),
        throughput_per_s=known.get("throughput"),
    )
