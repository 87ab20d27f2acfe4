"""The intervals of a session as rows of a table: what CSV and JSON Lines write and read.

A row is one time of one run in one interval; what else an interval has, such as failures, stands in
the row of the first time. An interval without any, and a run that measured nothing, has one row
without values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from cortex_tui.formats.checks import count_of, ns_of, text_of
from cortex_tui.formats.importing import FAILED, TIMES, ImportedRun, moment_of, session_of
from cortex_tui.formats.port import FormatError, Origin, Recording
from cortex_tui.formats.run_facts import RunFacts
from cortex_tui.formats.runs import split_name
from cortex_tui.limits import MAX_IMPORTED_BUCKETS, MAX_IMPORTED_INTERVALS, MAX_IMPORTED_RUNS
from cortex_tui.results.interval import Interval
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.codec import HistogramFormatError, to_text
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments
from cortex_tui.store.records import EncodedHistogram, IntervalRecord, StoredSession

COLUMNS = (
    "started_at", "run", "profile", "round", "variant", "batch", "window_ns", "time", "start_ns",
    "length_ns", "count", "overflow", "errors", "unstarted", "in_flight", "level", "min_ns",
    "mean_ns", "m2_ns2", "max_ns", "p50_ns", "p90_ns", "p95_ns", "p99_ns", "p99.9_ns", "histogram",
    "partial", "drained", "failed_in_batches", "state", "reason", "unfinished",
)  # fmt: skip
"""Times in ns since measuring began; `window_ns` is for how long the run measured, and `m2_ns2`
the sum of squared differences from the mean. `drained` operations succeeded after the window,
or workers did them in a pause, and `failed_in_batches` are in the `count` of batches that are timed
as one. What is of the whole run is in each of its rows."""
LACKS = "load, targets, types of errors, marks, environment and log; how old what never ended was"
NEEDED = ("profile", "time", "start_ns", "length_ns", "histogram")
_OF_INTERVAL = ("unstarted", "in_flight", "level")
_PERCENTILES = {"p50_ns": 0.5, "p90_ns": 0.9, "p95_ns": 0.95, "p99_ns": 0.99, "p99.9_ns": 0.999}
_MAX_SQUARES = 1e300


def rows_of(recording: Recording) -> Iterator[dict[str, Any]]:
    """Each with all of COLUMNS, in order of run, interval and time; runs that measured nothing come
    last."""
    record = recording.result.record
    runs = {run.run: _of_run(run, recording) for run in recording.result.runs}
    for interval in recording.intervals:
        if interval.run in runs:
            yield from _rows(interval, runs[interval.run], record.interval_ns)
    measured = {interval.run for interval in recording.intervals}
    for run in recording.result.runs:
        ended = run.operations or run.error_count
        if run.run not in measured and run.has_begun and not ended:
            nothing = IntervalRecord(run=run.run, first=0, length=0, unstarted=run.unstarted)
            yield from _rows(nothing, runs[run.run], record.interval_ns)


def _of_run(run: RunResult, recording: Recording) -> dict[str, Any]:
    return {
        "started_at": recording.result.record.started_at, "run": run.run,
        "profile": run.profile.full_name, "round": run.round, "variant": run.variant,
        "batch": run.batch, "window_ns": run.measured_ns, "partial": run.partial,
        **msgspec.structs.asdict(RunFacts.of(run)),
    }  # fmt: skip


def _rows(
    interval: IntervalRecord, of_run: dict[str, Any], interval_ns: int
) -> Iterator[dict[str, Any]]:
    found = [(time, each) for time in TIMES if (each := getattr(interval, time)) is not None]
    if not found:
        found = [("service", EncodedHistogram(IntervalHistogram.of(b"").encode(), Moments()))]
    for at, (time, each) in enumerate(found):
        values = IntervalHistogram.decode(each.blob, each.moments)
        facts = each.moments
        of_interval = {
            "errors": sum(interval.errors.values()),
            "unstarted": interval.unstarted,
            "in_flight": interval.in_flight,
            "level": interval.level,
            "drained": interval.drained,
            "failed_in_batches": interval.failed_in_batches,
        }
        row = {
            **of_run,
            **(of_interval if at == 0 else dict.fromkeys(of_interval)),
            "start_ns": interval.first * interval_ns,
            "length_ns": interval.length * interval_ns,
            "time": time,
            "count": facts.count,
            "overflow": facts.overflow,
            "min_ns": facts.min_ns,
            "mean_ns": facts.mean_ns if facts.count else None,
            "m2_ns2": facts.m2 if facts.count else None,
            "max_ns": facts.max_ns,
            **{name: values.percentile(quantile) for name, quantile in _PERCENTILES.items()},
            "histogram": to_text(each.blob),
        }
        yield {name: row[name] for name in COLUMNS}


def session_of_rows(
    data: bytes, rows: Iterable[tuple[int, dict[str, Any]]], origin: Origin
) -> StoredSession:
    """The session of numbered rows; a value that is missing is None or ""."""
    found: list[tuple[int, dict[str, Any]]] = []
    for number, row in rows:
        if len(found) >= MAX_IMPORTED_INTERVALS:
            raise FormatError(f"more than {MAX_IMPORTED_INTERVALS:,} rows")
        if any(row.get(name) in (None, "") for name in NEEDED):
            raise FormatError(f"line {number}: expected a value for each of {', '.join(NEEDED)}")
        found.append((number, row))
    lengths = [count_of(row["length_ns"], f"line {number}: length_ns") for number, row in found]
    starts = [count_of(row["start_ns"], f"line {number}: start_ns") for number, row in found]
    # Intervals of different lengths are those of runs of different lengths, merged in pairs.
    unit_ns = max(1_000_000, min(filter(None, lengths), default=0))
    runs: dict[tuple[str, str, str], ImportedRun] = {}
    windows: dict[int, tuple[ImportedRun, int]] = {}
    facts: list[tuple[ImportedRun, int, Interval]] = []
    left = MAX_IMPORTED_BUCKETS
    for (number, row), start_ns, length_ns in zip(found, starts, lengths, strict=True):
        where = f"line {number}"
        run = _run_of(runs, row, where, unit_ns, origin)
        values = _values(row, where)
        left -= values.size
        if left < 0:
            raise FormatError(f"more than {MAX_IMPORTED_BUCKETS:,} occupied buckets")
        if row["time"] not in TIMES:
            raise FormatError(f"{where}: time: expected one of {', '.join(TIMES)}")
        run.add(row["time"], start_ns, length_ns, values)
        windows[id(run)] = run, _count(row, "window_ns", where)
        if any(row.get(name) not in (None, "") for name in _OF_INTERVAL):
            facts.append((run, start_ns, _interval(row, where)))
        if errors := _count(row, "errors", where):
            run.add_errors(start_ns, {FAILED: errors})
        _add_counts(run, row, start_ns, values.total, where)
    # Behind the times: what is of a moment, such as `in_flight`, is that of the last to come.
    for run, start_ns, interval in facts:
        run.add_facts(start_ns, interval)
    for run, window_ns in windows.values():
        run.measured_ns = window_ns or run.measured_ns
    moment = moment_of(found[0][1].get("started_at")) if found else None
    return session_of(data, list(runs.values()), moment=moment)


def _run_of(
    runs: dict[tuple[str, str, str], ImportedRun],
    row: dict[str, Any],
    where: str,
    unit_ns: int,
    origin: Origin,
) -> ImportedRun:
    full_name = text_of(row["profile"])
    variant = text_of(row.get("variant") or "", 100)
    number = next((row[name] for name in ("run", "round") if row.get(name) not in (None, "")), "")
    key = (full_name, variant, str(number)[:40])
    run = runs.get(key)
    if run is None:
        if len(runs) >= MAX_IMPORTED_RUNS:
            raise FormatError(f"more than {MAX_IMPORTED_RUNS:,} runs")
        suite, name = split_name(full_name, origin.stem)
        run = runs[key] = ImportedRun(suite, name, unit_ns, variant=variant)
        run.round = min(max(1, _count(row, "round", where)), 1_000_000)
        run.batch = max(1, _count(row, "batch", where))
        run.partial = text_of(row.get("partial") or "", 1_000)
        run.facts = RunFacts.read({**row, "unstarted": 0}, where)
    return run


def _add_counts(
    run: ImportedRun, row: dict[str, Any], start_ns: int, timed: int, where: str
) -> None:
    drained = _count(row, "drained", where)
    failed_in_batches = _count(row, "failed_in_batches", where)
    if drained + failed_in_batches > timed * run.batch:
        raise FormatError(
            f"{where}: {drained:,} drained and {failed_in_batches:,} failed operations in "
            f"{timed * run.batch:,}"
        )
    run.add_counts(start_ns, drained=drained, failed_in_batches=failed_in_batches)


def _interval(row: dict[str, Any], where: str) -> Interval:
    level = row.get("level")
    return Interval(
        unstarted=_count(row, "unstarted", where),
        in_flight=_count(row, "in_flight", where),
        level=None if level in (None, "") else ns_of(level, 1, f"{where}: level"),
    )


def _count(row: dict[str, Any], name: str, where: str) -> int:
    value = row.get(name)
    return 0 if value in (None, "") else count_of(value, f"{where}: {name}")


def _values(row: dict[str, Any], where: str) -> IntervalHistogram:
    """With its exact mean and extremes where the row has them all."""
    try:
        values = IntervalHistogram.decode(str(row["histogram"]))
    except HistogramFormatError as error:
        raise FormatError(f"{where}: histogram: {error}") from None
    overflow = _count(row, "overflow", where)
    exact = [row.get(name) for name in ("min_ns", "mean_ns", "m2_ns2", "max_ns")]
    if any(value in (None, "") for value in exact):
        return values
    low, mean, m2, high = exact
    if not isinstance(m2, int | float) or not 0 <= m2 < _MAX_SQUARES:
        raise FormatError(f"{where}: m2_ns2: expected a sum of squares")
    moments = Moments(
        values.total,
        ns_of(mean, 1, f"{where}: mean_ns"),
        float(m2),
        int(ns_of(low, 1, f"{where}: min_ns")),
        int(ns_of(high, 1, f"{where}: max_ns")),
        overflow,
    )
    return IntervalHistogram.of_buckets(values.indices, values.counts, moments)
