"""What k6 writes about a test, in: its summary in each of three shapes, and its points.

- The data of `handleSummary`: `metrics.NAME.{type, contains, values}`, times in ms.
- `--summary-export`: the values of a metric without `values` around them; a threshold is true where
  it was crossed.
- `--new-machine-readable-summary`: `results.metrics[]` with `name`, `type`, `contains`, `values`.
- `--out json`: a line for each value; these are the only ones with values to count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np

from cortex_tui.formats.importing import (
    ImportedRun,
    decoded,
    moment_of,
    ns_of,
    serial_interval_ns,
    session_of,
    text_of,
)
from cortex_tui.formats.port import Format, FormatError, Origin
from cortex_tui.quantities import format_duration
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import SUMMARY_ONLY, StoredSession

_STATISTICS = {"med": "p50", "avg": "mean", "max": "max"}
_PERCENTILES = {"p(75)": "p75", "p(90)": "p90", "p(95)": "p95", "p(99)": "p99",
                "p(99.9)": "p99.9", "p(99.99)": "p99.99"}  # fmt: skip
_MS = 1e6
_REQUESTS = "http_req_duration"
_POINTS = frozenset({_REQUESTS, "iteration_duration", "grpc_req_duration", "ws_session_duration"})
"""The metrics whose points are taken in."""


class _Metric(NamedTuple):
    name: str
    values: dict[str, Any]
    is_time: bool
    thresholds: dict[str, bool]
    """By expression, whether it was crossed."""


def _read(data: bytes, origin: Origin) -> StoredSession:
    first = data.lstrip()[:200].split(b"\n", 1)[0]
    if b'"type":"Metric"' in first or b'"type":"Point"' in first:
        return _read_points(data, origin)
    document = decoded(data, "JSON of k6")
    if not isinstance(document, dict):
        raise FormatError("no summary of k6: expected an object")
    metrics = list(_metrics(document))
    if not metrics:
        raise FormatError("no summary of k6: it has no metrics")
    others = {metric.name: metric for metric in metrics}
    runs = [_run(metric, others, origin) for metric in metrics if metric.is_time]
    if not runs:
        raise FormatError("a summary of k6 without any metric of time")
    metadata = document.get("metadata")
    generated = metadata.get("generatedAt") if isinstance(metadata, dict) else None
    return session_of(data, runs, moment=moment_of(generated))


def _metrics(document: dict[str, Any]) -> Iterator[_Metric]:
    """Those of a summary in any shape."""
    results = document.get("results")
    rows = results.get("metrics") if isinstance(results, dict) else None
    if isinstance(rows, list):
        for row in rows:
            if isinstance(row, dict) and isinstance(row.get("values"), dict):
                yield _metric(str(row.get("name")), row, row["values"])
        return
    named = document.get("metrics")
    if not isinstance(named, dict):
        raise FormatError("no summary of k6: it has no `metrics`")
    for name, row in named.items():
        if isinstance(row, dict):
            values = row.get("values")
            yield _metric(name, row, values if isinstance(values, dict) else row)


def _metric(name: str, row: dict[str, Any], values: dict[str, Any]) -> _Metric:
    flat = values is row
    found = row.get("thresholds")
    crossed = {}
    for expression, state in found.items() if isinstance(found, dict) else ():
        if isinstance(state, bool):
            crossed[str(expression)] = state
        elif isinstance(state, dict):
            crossed[str(expression)] = state.get("ok") is False
    has_median = "med" in values and "avg" in values
    # The flat shape does not say what is a time: k6's own names do.
    is_time = has_median and (
        name.endswith(("_duration", "_waiting", "_connecting", "_blocked", "_sending",
                       "_receiving", "_tls_handshaking"))
        if flat else row.get("contains") == "time"
    )  # fmt: skip
    return _Metric(name, values, is_time, crossed)


def _run(metric: _Metric, others: dict[str, _Metric], origin: Origin) -> ImportedRun:
    run = ImportedRun(origin.stem, text_of(metric.name))
    for key, name in {**_STATISTICS, **_PERCENTILES}.items():
        if metric.values.get(key) is not None:
            run.statistics[name] = ns_of(metric.values[key], _MS, f"{metric.name[:80]}: {key}")
    if metric.name == _REQUESTS and (requests := others.get("http_reqs")):
        rate = requests.values.get("rate")
        if isinstance(rate, int | float) and 0 <= rate < 1e12:
            run.statistics["throughput"] = float(rate)
    shown = ", ".join(
        f"{name} {format_duration(value)}"
        for name, value in run.statistics.items()
        if name != "throughput"
    )
    run.notes.append(f"{SUMMARY_ONLY} ({shown})")
    run.notes += [
        f"threshold {text_of(expression, 100)}: {'crossed' if crossed else 'kept'}"
        for expression, crossed in list(metric.thresholds.items())[:10]
    ]
    return run


class _PointData(msgspec.Struct):
    time: str
    value: float
    tags: dict[str, Any] | None = None


class _Point(msgspec.Struct):
    type: str
    metric: str
    data: Any


def _read_points(data: bytes, origin: Origin) -> StoredSession:
    found: dict[str, list[tuple[datetime, float]]] = {}
    decoder = msgspec.json.Decoder(_Point)
    for number, line in enumerate(data.splitlines(), 1):
        # Most lines are of other metrics: those are not even decoded.
        if b'"Point"' not in line or b"_duration" not in line:
            continue
        try:
            point = decoder.decode(line)
            if point.metric in _POINTS and point.type == "Point":
                of_point = msgspec.convert(point.data, _PointData)
                moment = moment_of(of_point.time)
                if moment is None or moment.tzinfo is None:
                    raise FormatError(f"line {number}: time: expected a moment with a time zone")
                value_ns = ns_of(of_point.value, _MS, f"line {number}: value")
                found.setdefault(point.metric, []).append((moment, value_ns))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise FormatError(f"line {number}: {error}") from None
    if not found:
        raise FormatError(f"no points of {_REQUESTS} in it")
    begin = min(moment for points in found.values() for moment, _ in points)
    end = max(moment for points in found.values() for moment, _ in points)
    interval_ns = serial_interval_ns(int((end - begin).total_seconds() * 1e9))
    runs = []
    for metric, points in found.items():
        run = ImportedRun(origin.stem, metric, interval_ns)
        slots: dict[int, list[int]] = {}
        for moment, value_ns in points:
            offset_ns = int((moment - begin).total_seconds() * 1e9)
            slots.setdefault(offset_ns // interval_ns, []).append(round(value_ns))
        for slot, values in slots.items():
            raw = np.array(values, np.int64).tobytes()
            run.add("service", slot * interval_ns, interval_ns, IntervalHistogram.of(raw))
        runs.append(run)
    return session_of(data, runs, moment=begin)


def _recognises(name: str, head: bytes) -> bool:
    return b'"metrics"' in head or b'"type":"Metric"' in head or b'"type":"Point"' in head


FORMAT = Format(
    "k6",
    ".json",
    "k6's summary in three shapes, or its points (`--out json`)",
    "samples, in a summary; other points than of requests and iterations",
    read=_read,
    recognises=_recognises,
)
