"""What k6 writes about a test, in: its summary in each of three shapes, and its points.

- The data of `handleSummary`: `metrics.NAME.{type, contains, values}`, times in ms.
- `--summary-export`: the values of a metric without `values` around them; a threshold is true where
  it was crossed.
- `--new-machine-readable-summary`: `results.metrics[]` with `name`, `type`, `contains`, `values`.
- `--out json`: a line for each value; these are the only ones with values to count.

Which requests failed is k6's own word: the tag `expected_response` of a point, and the metric
`http_req_failed`, of which a summary counts those that failed as `passes`, or as `matches`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np

from cortex_tui.formats.checks import count_of, ns_of, text_of
from cortex_tui.formats.importing import (
    ImportedRun,
    decoded,
    moment_of,
    serial_interval_ns,
    session_of,
)
from cortex_tui.formats.port import Format, FormatError, Origin
from cortex_tui.quantities import format_duration
from cortex_tui.results.interval import TimeName
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import SUMMARY_ONLY, StoredSession

_STATISTICS = {"med": "p50", "avg": "mean", "max": "max"}
_PERCENTILES = {"p(75)": "p75", "p(90)": "p90", "p(95)": "p95", "p(99)": "p99",
                "p(99.9)": "p99.9", "p(99.99)": "p99.99"}  # fmt: skip
_MS = 1e6
_REQUESTS = "http_req_duration"
_POINTS = frozenset({_REQUESTS, "iteration_duration", "grpc_req_duration", "ws_session_duration"})
"""The metrics whose points are taken in."""
_FAILED = "http_req_failed"
_DROPPED = "dropped_iterations"
_WITHOUT = frozenset({_FAILED, _DROPPED})
"""Those whose points are counted."""
_OK = {"grpc_req_duration": ("0",), "ws_session_duration": ("101",)}
"""By metric, the statuses of success; of HTTP they are those from 200 to 399."""
_PROTOCOLS = {_REQUESTS: "HTTP", "grpc_req_duration": "gRPC", "ws_session_duration": "WebSocket"}
_STATUS = re.compile(r"\d{1,3}")
_ERROR_CODE = re.compile(r"\d{4}")


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
    if metric.name == _REQUESTS and (failures := others.get(_FAILED)):
        run.notes += _failed_requests(failures)
    if metric.name in _POINTS and (dropped := others.get(_DROPPED)):
        count = count_of(dropped.values.get("count", 0), f"{_DROPPED}: count")
        run.notes += _dropped_iterations(count)
    run.notes += [
        f"threshold {text_of(expression, 100)}: {'crossed' if crossed else 'kept'}"
        for expression, crossed in list(metric.thresholds.items())[:10]
    ]
    return run


def _failed_requests(failures: _Metric) -> Iterator[str]:
    """A note where requests failed: a rate counts them as those for which it was true."""
    values = failures.values
    if "matches" in values:
        failed, whole = (
            count_of(values.get(k, 0), f"{_FAILED}: {k}") for k in ("matches", "total")
        )
    elif "passes" in values:
        failed, passed = (
            count_of(values.get(k, 0), f"{_FAILED}: {k}") for k in ("passes", "fails")
        )
        whole = failed + passed
    else:
        return
    if failed:
        yield f"{failed:,} of {whole:,} requests failed; their times are among the others"


def _dropped_iterations(count: int) -> Iterator[str]:
    if count:
        yield f"k6 dropped {count:,} iterations: it could not start them in time"


class _PointData(msgspec.Struct):
    time: str
    value: float
    tags: dict[str, Any] | None = None


class _Point(msgspec.Struct):
    type: str
    metric: str
    data: Any


class _Value(NamedTuple):
    moment: datetime
    ns: int
    failure: str
    """How it failed; "" for one that succeeded."""


def _read_points(data: bytes, origin: Origin) -> StoredSession:
    found, counts = _points(data)
    if not found:
        raise FormatError(f"no points of {_REQUESTS} in it")
    begin = min(value.moment for values in found.values() for value in values)
    end = max(value.moment for values in found.values() for value in values)
    interval_ns = serial_interval_ns(int((end - begin).total_seconds() * 1e9))
    runs = []
    for metric, values in found.items():
        run = ImportedRun(origin.stem, metric, interval_ns)
        _fill(run, values, begin)
        if metric == _REQUESTS and (untold := counts[_FAILED] - sum(run.errors.values())) > 0:
            run.notes.append(
                f"{untold:,} more requests failed: the points do not say which, so their times are "
                "among the others"
            )
        run.notes += _dropped_iterations(counts[_DROPPED])
        runs.append(run)
    return session_of(data, runs, moment=begin)


def _points(data: bytes) -> tuple[dict[str, list[_Value]], dict[str, int]]:
    """The values of each metric of time, and the sums of those that are counts."""
    found: dict[str, list[_Value]] = {}
    counts = dict.fromkeys(_WITHOUT, 0)
    decoder = msgspec.json.Decoder(_Point)
    for number, line in enumerate(data.splitlines(), 1):
        # Most lines are of other metrics: those are not even decoded.
        if b'"Point"' not in line or not (
            b"_duration" in line or b"_failed" in line or b"dropped_" in line
        ):
            continue
        try:
            point = decoder.decode(line)
            if point.type != "Point" or point.metric not in _POINTS | _WITHOUT:
                continue
            of_point = msgspec.convert(point.data, _PointData)
            if point.metric in _WITHOUT:
                counts[point.metric] += count_of(of_point.value, f"line {number}: value")
                continue
            moment = moment_of(of_point.time)
            if moment is None or moment.tzinfo is None:
                raise FormatError(f"line {number}: time: expected a moment with a time zone")
            value_ns = round(ns_of(of_point.value, _MS, f"line {number}: value"))
            failure = _failure(point.metric, of_point.tags or {})
            found.setdefault(point.metric, []).append(_Value(moment, value_ns, failure))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise FormatError(f"line {number}: {error}") from None
    return found, counts


def _failure(metric: str, tags: dict[str, Any]) -> str:
    """How a request failed; "" for one that succeeded.

    The tag `expected_response` decides. Points have none where the script has switched it off, of
    other protocols than HTTP, and of versions before 0.31: of these the status does.
    """
    protocol = _PROTOCOLS.get(metric)
    if protocol is None:
        return ""
    status = str(tags.get("status", ""))
    status = status if _STATUS.fullmatch(status) else ""
    expected = tags.get("expected_response")
    if metric == _REQUESTS and expected in ("true", "false"):
        failed = expected == "false"
    elif not status:
        failed = False
    elif metric == _REQUESTS:
        failed = not 200 <= int(status) < 400
    else:
        failed = status not in _OK[metric]
    if not failed:
        return ""
    code = str(tags.get("error_code", ""))
    if metric == _REQUESTS and status in ("0", ""):  # no response came
        return f"k6 error {code}" if _ERROR_CODE.fullmatch(code) else "failed"
    return f"{protocol} status {status}"


def _fill(run: ImportedRun, values: Iterable[_Value], begin: datetime) -> None:
    slots: defaultdict[tuple[int, bool], list[int]] = defaultdict(list)
    errors: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for moment, value_ns, failure in values:
        slot = int((moment - begin).total_seconds() * 1e9) // run.interval_ns
        slots[slot, bool(failure)].append(value_ns)
        if failure:
            errors[slot][failure] += 1
    for (slot, failed), times in slots.items():
        histogram = IntervalHistogram.of(np.array(times, np.int64).tobytes())
        time: TimeName = "failure" if failed else "service"
        run.add(time, slot * run.interval_ns, run.interval_ns, histogram)
    for slot, found in errors.items():
        run.add_errors(slot * run.interval_ns, dict(found))


def _recognises(name: str, head: bytes) -> bool:
    return b'"metrics"' in head or b'"type":"Metric"' in head or b'"type":"Point"' in head


FORMAT = Format(
    "k6",
    ".json",
    "k6's summary in three shapes, or its points (`--out json`)",
    "samples, in a summary, and which failed; other points than of requests and iterations",
    read=_read,
    recognises=_recognises,
)
