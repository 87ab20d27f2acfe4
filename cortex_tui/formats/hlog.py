"""HdrHistogram's log of intervals, versions 1.0 to 1.3, in and out.

The rules are those of HistogramLogReader and HistogramLogWriter of HdrHistogram: a line is
`[Tag=X,]start,length,maximum,histogram`. Starts are in seconds since StartTime, or since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from statistics import median
from typing import NamedTuple
from urllib.parse import quote, unquote

from cortex_tui.formats.hdr_payload import MAX_TEXT, read_payload
from cortex_tui.formats.importing import (
    FAILED,
    TIMES,
    ImportedRun,
    counted,
    moment_of,
    session_of,
)
from cortex_tui.formats.port import Format, FormatError, Origin, Recording
from cortex_tui.formats.runs import label_of, name_of, read_label
from cortex_tui.limits import MAX_IMPORTED_BUCKETS, MAX_IMPORTED_INTERVALS, MAX_IMPORTED_RUNS
from cortex_tui.protocol.plan import INTERVAL_NS
from cortex_tui.results.interval import TimeName
from cortex_tui.stats.codec import to_text
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import IntervalRecord, StoredSession

LINE_NS = 1_000_000_000
"""How much of a run a line holds at least."""
_YEAR_S = 365 * 24 * 3600.0
_MAX_TAG_CHARS = 1_000
_MAX_LINE_CHARS = MAX_TEXT + 2_000
_MAX_S = 1e11

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_LINE = re.compile(
    rf"\s*(?:Tag=(?P<tag>[^, \r\n]*)[, ]+)?(?P<start>{_NUMBER})[, ]+(?P<length>{_NUMBER})[, ]+"
    rf"(?P<maximum>{_NUMBER})[, ]+(?P<payload>[A-Za-z0-9+/=]+)\s*"
)
_MOMENT = re.compile(rf"#\[(StartTime|BaseTime):\s*({_NUMBER})")
_BATCH = re.compile(r"#\[BatchSize: (?P<size>\d{1,9}) of (?P<run>\S+)\]")
"""Ours, and a comment to others: how many operations of a run each of its values stands for."""


class _Line(NamedTuple):
    tag: str
    start_s: float
    length_s: float
    payload: str


def _read(data: bytes, origin: Origin) -> StoredSession:
    text = data.decode("utf-8", "replace")
    start_s, base_s, lines = _lines(text)
    if not lines:
        raise FormatError("no interval in it: expected lines such as 0.127,1.007,2.769,HISTF…")
    first_s = min(line.start_s for line in lines)
    if base_s is None:
        # Starts long before StartTime are relative to it; others are moments themselves.
        relative = start_s is not None and first_s < start_s - _YEAR_S
        base_s = start_s if relative and start_s is not None else 0.0
    begin_s = base_s + first_s
    # The lengths of intervals vary by milliseconds, which must not leave holes between them.
    usual_ns = round(median(line.length_s for line in lines) * 1e9)
    span_ns = round((max(line.start_s for line in lines) - first_s) * 1e9)
    interval_ns = max(usual_ns, span_ns // 1_100, 1_000_000)
    runs: dict[str, ImportedRun] = {}
    batches = {unquote(each["run"]): int(each["size"]) for each in _BATCH.finditer(text)}
    left = MAX_IMPORTED_BUCKETS
    for line in lines:
        found = read_label(line.tag, origin.stem)
        run = runs.get(found.run)
        if run is None:
            if len(runs) >= MAX_IMPORTED_RUNS:
                raise FormatError(f"more than {MAX_IMPORTED_RUNS:,} tags")
            run = runs[found.run] = ImportedRun(
                found.suite, found.name, interval_ns, found.round, found.variant
            )
            run.batch = max(1, batches.get(found.run, 1))
        buckets = read_payload(line.payload)
        left -= buckets.values.size
        if left < 0:
            raise FormatError(f"more than {MAX_IMPORTED_BUCKETS:,} occupied buckets")
        # Rounded to the nearest interval: their starts have jitter as well.
        start_ns = round((line.start_s - first_s) * 1e9) + interval_ns // 2
        values = counted(*buckets, origin.unit_ns)
        length_ns = round(line.length_s * 1e9)
        run.add(found.time, start_ns, length_ns - interval_ns // 2, values)
        if found.time == "failure" and values.total:
            run.add_errors(start_ns, {FAILED: values.total})
    moment = moment_of(begin_s) if begin_s > _YEAR_S else None
    return session_of(data, list(runs.values()), moment=moment)


def _lines(text: str) -> tuple[float | None, float | None, list[_Line]]:
    """StartTime, BaseTime, and the intervals."""
    moments: dict[str, float] = {}
    lines: list[_Line] = []
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip() or row.lstrip().startswith('"'):
            continue
        if row.startswith("#"):
            if match := _MOMENT.match(row):
                moments.setdefault(match[1], _checked_s(match[2], number))
            continue
        match = _LINE.fullmatch(row) if len(row) <= _MAX_LINE_CHARS else None
        if match is None or len(match["tag"] or "") > _MAX_TAG_CHARS:
            raise FormatError(f"line {number}: expected [Tag=X,]start,length,maximum,histogram")
        if len(lines) >= MAX_IMPORTED_INTERVALS:
            raise FormatError(f"more than {MAX_IMPORTED_INTERVALS:,} intervals")
        start_s, length_s = (_checked_s(match[key], number) for key in ("start", "length"))
        lines.append(_Line(unquote(match["tag"] or ""), start_s, length_s, match["payload"]))
    return moments.get("StartTime"), moments.get("BaseTime"), lines


def _checked_s(text: str, number: int) -> float:
    seconds = float(text)
    if not 0 <= seconds <= _MAX_S:
        raise FormatError(f"line {number}: expected seconds, got {text[:40]}")
    return seconds


def _write(recording: Recording) -> bytes:
    record = recording.result.record
    began = datetime.fromisoformat(record.started_at)
    runs = {run.run: run for run in recording.result.runs}
    lines = [
        "#[Logged by cortex-tui: values in ns]",
        "#[Histogram log format version 1.3]",
        f"#[StartTime: {began.timestamp():.3f} (seconds since epoch), "
        f"{began.astimezone(UTC):%a %b %d %H:%M:%S UTC %Y}]",
        *(
            f"#[BatchSize: {run.batch} of {_quoted(name_of(run))}]"
            for run in runs.values()
            if run.batch > 1
        ),
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ]
    for number, intervals in groupby(recording.intervals, key=lambda each: each.run):
        if number not in runs:
            continue
        for time, first, length, values in _seconds(list(intervals), record.interval_ns):
            tag = _quoted(label_of(runs[number], time))
            start_s, length_s = first / 1e9, length / 1e9
            longest_ms = (values.moments.max_ns or 0) / 1e6
            lines.append(
                f"Tag={tag},{start_s:.3f},{length_s:.3f},{longest_ms:.3f},"
                f"{to_text(values.encode())}"
            )
    return ("\n".join(lines) + "\n").encode()


def _quoted(label: str) -> str:
    """Without blanks and commas, which end a tag."""
    return quote(label, safe=":/#@[]=.-_")


def _seconds(
    intervals: list[IntervalRecord], interval_ns: int = INTERVAL_NS
) -> Iterator[tuple[TimeName, int, int, IntervalHistogram]]:
    """The intervals of a run, those of a second together: time, start and length in ns, values."""
    for second, group in groupby(intervals, key=lambda each: each.first * interval_ns // LINE_NS):
        parts = list(group)
        start_ns = parts[0].first * interval_ns
        end_ns = (parts[-1].first + parts[-1].length) * interval_ns
        start_ns = min(start_ns, max(second * LINE_NS, start_ns))
        for time in TIMES:
            found = [each for part in parts if (each := getattr(part, time)) is not None]
            if found:
                values = IntervalHistogram.decode(found[0].blob, found[0].moments)
                for each in found[1:]:
                    values = values.merge(IntervalHistogram.decode(each.blob, each.moments))
                yield time, start_ns, end_ns - start_ns, values


def _recognises(name: str, head: bytes) -> bool:
    return name.endswith(".hlog") or b"#[Histogram log format" in head


FORMAT = Format(
    "hlog",
    ".hlog",
    "HdrHistogram's log: a histogram a second, for each profile and time",
    "targets, errors by type, unstarted arrivals, environment and log; exact minimum, mean and "
    "maximum",
    write=_write,
    read=_read,
    recognises=_recognises,
)
