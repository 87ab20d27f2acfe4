"""The JSON of pytest-benchmark 2.5 to 5.3, in and out.

All times of the file are in seconds for one call; `data` has those of rounds, each the mean of
`iterations` calls. Files that were saved without `--benchmark-save-data` have no `data`.
"""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import numpy as np

from cortex_tui.formats.checks import count_of, ns_of, text_of
from cortex_tui.formats.importing import (
    ImportedRun,
    decoded,
    moment_of,
    params_of,
    serial_interval_ns,
    session_of,
)
from cortex_tui.formats.port import Format, FormatError, Origin, Recording
from cortex_tui.formats.runs import name_of
from cortex_tui.limits import MAX_IMPORTED_VALUES
from cortex_tui.profiles.pytest_names import profile_name, suite_names
from cortex_tui.quantities import format_duration
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.buckets import Ints
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.summary import summarise
from cortex_tui.store.records import SUMMARY_ONLY, StoredSession

_OURS = "cortex"
"""The key of `extra_info` under which our own files carry what the format has no place for."""
_VERSION = "5.1.0"
"""Of pytest-benchmark, whose layout is written."""


class _Benchmark(msgspec.Struct):
    name: str
    fullname: str
    group: str | None
    params: dict[str, Any]
    stats: dict[str, Any]
    own: dict[str, Any]

    @property
    def path(self) -> str:
        """Of the file of the test."""
        return self.fullname.partition("::")[0]


def _read(data: bytes, origin: Origin) -> StoredSession:
    document = decoded(data, "JSON of pytest-benchmark")
    rows = document.get("benchmarks") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise FormatError("no JSON of pytest-benchmark: it has no list `benchmarks`")
    benchmarks = [_benchmark(row, number) for number, row in enumerate(rows, 1)]
    values = [_values_ns(each) for each in benchmarks]
    longest_ns = max((int(each.sum()) for each in values if each is not None), default=0)
    interval_ns = serial_interval_ns(longest_ns)
    suites = suite_names([*dict.fromkeys(each.path for each in benchmarks)])
    runs = [
        _run(each, suites[each.path], found, interval_ns)
        for each, found in zip(benchmarks, values, strict=True)
    ]
    return session_of(
        data, runs, moment=moment_of(document.get("datetime")), environment=_environment(document)
    )


def _benchmark(row: Any, number: int) -> _Benchmark:
    where = f"benchmark {number}"
    if not isinstance(row, dict) or not isinstance(row.get("stats"), dict):
        raise FormatError(f"{where}: expected an object with `stats`")
    stats = row["stats"]
    for name in ("min", "max", "mean", "median"):
        ns_of(stats.get(name), 1e9, f"{where}: {name}")
    extra = row.get("extra_info")
    own = extra.get(_OURS) if isinstance(extra, dict) else None
    return _Benchmark(
        name=str(row.get("name", "")),
        fullname=str(row.get("fullname") or row.get("name") or number),
        group=row["group"] if isinstance(row.get("group"), str) else None,
        params=row["params"] if isinstance(row.get("params"), dict) else {},
        stats=stats,
        own=own if isinstance(own, dict) else {},
    )


def _iterations(each: _Benchmark) -> int:
    return max(1, count_of(each.stats.get("iterations", 1), f"{each.fullname[:80]}: iterations"))


def _values_ns(each: _Benchmark) -> Ints | None:
    """The times of whole rounds; None for a file without them."""
    data = each.stats.get("data")
    if each.own.get("hdr") or not isinstance(data, list) or not data:
        return None
    where = f"{each.fullname[:80]}: data"
    if len(data) > MAX_IMPORTED_VALUES:
        raise FormatError(
            f"{where}: {len(data):,} values: at most {MAX_IMPORTED_VALUES:,} are read"
        )
    unit = 1e9 * _iterations(each)
    found = np.array([ns_of(value, unit, where) for value in data])
    if float(found.sum()) >= 1 << 62:
        raise FormatError(f"{where}: times that no run can have had")
    values: Ints = np.rint(found).astype(np.int64)
    return values


def _run(each: _Benchmark, suite: str, values_ns: Ints | None, interval_ns: int) -> ImportedRun:
    name = profile_name(each.fullname)
    if not name:
        suite, name = "pytest", each.fullname
    run = ImportedRun(suite, name, interval_ns, params=params_of(each.params))
    run.tags = (text_of(each.group.replace(" ", "-"), 100),) if each.group else ()
    run.batch = _iterations(each)
    hdr = each.own.get("hdr")
    if isinstance(hdr, str):
        _add_ours(run, each, hdr)
    elif values_ns is not None:
        run.add_serial(values_ns)
        if run.batch > 1:
            run.notes.append(
                f"times are of rounds of {run.batch:,} calls each: single calls are not in the file"
            )
    else:
        _summarise(run, each)
    return run


def _add_ours(run: ImportedRun, each: _Benchmark, hdr: str) -> None:
    try:
        values = IntervalHistogram.decode(hdr)
    except HistogramFormatError as error:
        raise FormatError(f"{each.fullname[:80]}: hdr: {error}") from None
    run.suite, _, run.name = str(each.own.get("profile", each.fullname)).partition(".")
    run.round = max(1, count_of(each.own.get("round", 1), "round"))
    run.variant = text_of(each.own.get("variant", ""), 100)
    run.batch = max(1, count_of(each.own.get("batch", 1), "batch"))
    measured_ns = count_of(each.own.get("measured_ns", 0), "measured_ns")
    run.add("service", 0, measured_ns, values)
    drained, failed = (
        count_of(each.own.get(name, 0), name) for name in ("drained", "failed_in_batches")
    )
    if drained + failed > values.total * run.batch:
        raise FormatError(f"{each.fullname[:80]}: more operations drained or failed than there are")
    run.add_counts(0, drained=drained, failed_in_batches=failed)
    if not run.name:
        run.suite, run.name = "pytest", run.suite


def _summarise(run: ImportedRun, each: _Benchmark) -> None:
    stats = each.stats
    rounds = count_of(stats.get("rounds", 0), "rounds")
    run.statistics = {
        "p50": ns_of(stats["median"], 1e9, "median"),
        "mean": ns_of(stats["mean"], 1e9, "mean"),
        "max": ns_of(stats["max"], 1e9, "max"),
    }
    run.batch = 1  # all of these are of one call
    spread = ns_of(stats.get("stddev", 0) or 0, 1e9, "stddev")
    shown = {name: format_duration(value) for name, value in run.statistics.items()}
    run.notes.append(
        f"{SUMMARY_ONLY} of {rounds:,} rounds "
        f"(median {shown['p50']}, mean {shown['mean']} ± {format_duration(spread)}, "
        f"max {shown['max']}), so it has no percentiles and is not compared"
    )


def _environment(document: dict[str, Any]) -> dict[str, Any]:
    """In the words of our own, as far as they go."""
    machine, commit = (
        each if isinstance(each := document.get(key), dict) else {}
        for key in ("machine_info", "commit_info")
    )
    cpu = machine.get("cpu") if isinstance(machine.get("cpu"), dict) else {}
    assert isinstance(cpu, dict)
    revision = commit.get("id")
    found = {
        "system": machine.get("system"),
        "release": machine.get("release"),
        "machine": machine.get("machine"),
        "cpu": cpu.get("brand_raw") or cpu.get("brand") or machine.get("processor"),
        "cores": cpu.get("count"),
        "python": machine.get("python_version"),
        "implementation": machine.get("python_implementation"),
        "git_commit": None if revision in ("unversioned", "unknown") else revision,
        "git_branch": commit.get("branch"),
    }
    texts = {key: text_of(value) for key, value in found.items() if isinstance(value, str)}
    counts = {key: value for key, value in found.items() if type(value) is int and 0 < value < 1e6}
    dirty = {"git_dirty": commit["dirty"]} if isinstance(commit.get("dirty"), bool) else {}
    return {key: value for key, value in {**texts, **counts, **dirty}.items() if value != ""}


def _write(recording: Recording) -> bytes:
    result = recording.result
    environment = result.record.environment
    commit = str(environment.get("git_commit", "")) or "unversioned"
    document = {
        "machine_info": {
            "node": "",
            "processor": str(environment.get("cpu", "")),
            "machine": str(environment.get("machine", "")),
            "python_compiler": "",
            "python_implementation": str(environment.get("implementation", "")),
            "python_implementation_version": str(environment.get("python", "")),
            "python_version": str(environment.get("python", "")),
            "python_build": ["", ""],
            "release": str(environment.get("release", "")),
            "system": str(environment.get("system", "")),
            "cpu": {"brand_raw": str(environment.get("cpu", ""))},
        },
        "commit_info": {
            "id": commit,
            "time": None,
            "author_time": None,
            "dirty": bool(environment.get("git_dirty", False)),
            "project": "",
            "branch": str(environment.get("git_branch", "")),
        },
        "benchmarks": [
            found
            for run in result.runs
            if (found := _written(run, result.histograms[run.run][run.profile.headline]))
        ],
        "datetime": result.record.started_at.replace("Z", "+00:00"),
        "version": _VERSION,
    }
    return json.dumps(document, indent=4, ensure_ascii=True).encode() + b"\n"


def _written(run: RunResult, times: Histogram) -> dict[str, Any] | None:
    """None for a run without values: pytest-benchmark has no place for it."""
    summary = summarise(times)
    if summary is None or not times.total:
        return None
    unit = 1e-9 / run.batch
    q1, median, q3 = _quartiles(times)
    iqr, spread, mean = q3 - q1, times.stddev_ns or 0.0, times.mean_ns or 0.0
    lower, upper = _beyond(times, q1 - 1.5 * iqr, q3 + 1.5 * iqr)
    lowest, highest = times.values_at((lower + 1, max(1, times.total - upper)))
    far, beyond = lower + upper, sum(_beyond(times, mean - spread, mean + spread))
    seconds = {
        "min": times.min_ns or 0, "max": times.max_ns or 0, "mean": mean, "stddev": spread,
        "median": median, "iqr": iqr, "q1": q1, "q3": q3, "ld15iqr": lowest, "hd15iqr": highest,
        "total": mean * times.total,
    }  # fmt: skip
    return {
        "group": None,
        "name": name_of(run),
        "fullname": name_of(run),
        "params": dict(run.profile.params) or None,
        "param": None,
        "extra_info": {
            _OURS: {
                "profile": run.profile.full_name,
                "round": run.round,
                "variant": run.variant,
                "batch": run.batch,
                "measured_ns": run.measured_ns,
                "drained": run.drained,
                "failed_in_batches": run.failed_in_batches,
                "time": run.profile.headline,
                "unit": "ns",
                "percentiles": summary.percentiles_ns,
                "hdr": summary.histogram,
            }
        },
        "options": {
            "disable_gc": False, "timer": "perf_counter", "min_rounds": 1, "max_time": 0.0,
            "min_time": 0.0, "warmup": bool(run.warmup_iterations),
        },
        "stats": {
            **{name: value * unit for name, value in seconds.items()},
            "rounds": times.total,
            "iterations": run.batch,
            "iqr_outliers": far,
            "stddev_outliers": beyond,
            "outliers": f"{beyond};{far}",
            "ops": 1 / (mean * unit) if mean and math.isfinite(mean) else 0.0,
        },
    }  # fmt: skip


def _quartiles(times: Histogram) -> tuple[float, float, float]:
    """The first, the median and the third in ns, as pytest-benchmark finds them (`Stats` of its
    stats.py): the medians of both halves of an even number of values, and for an odd number between
    two values, a quarter of the way from one to the other."""
    total = times.total
    parts, rest = divmod(total, 4)
    if total == 1:
        ranks, weights = [1] * 4, [0.5, 0.5]
    elif rest == 1:
        ranks, weights = [parts, parts + 1, 3 * parts + 2, 3 * parts + 1], [0.25, 0.75]
    elif rest == 3:
        ranks, weights = [parts + 2, parts + 1, 3 * parts + 2, 3 * parts + 3], [0.25, 0.75]
    else:
        half = total // 2
        first, second = (half + 1) // 2, half // 2 + 1
        ranks, weights = [first, second, half + first, half + second], [0.5, 0.5]
    low, high, other, another = times.values_at(ranks)
    middle, next_one = times.values_at(((total + 1) // 2, total // 2 + 1))
    return (
        weights[0] * low + weights[1] * high,
        (middle + next_one) / 2,
        weights[0] * other + weights[1] * another,
    )


def _beyond(times: Histogram, low_ns: float, high_ns: float) -> tuple[int, int]:
    """How many values lie below `low_ns` and above `high_ns`, by their buckets."""
    below = times.total + times.overflow - times.count_at_least(max(0, math.ceil(low_ns)))
    return below, times.count_above(math.floor(high_ns))


def _recognises(name: str, head: bytes) -> bool:
    return b'"machine_info"' in head or b'"benchmarks"' in head


FORMAT = Format(
    "pytest-benchmark",
    ".json",
    "what `pytest-benchmark compare` opens, and what its `.benchmarks` folder holds",
    "intervals, targets, errors; all times but the headline",
    write=_write,
    read=_read,
    recognises=_recognises,
)
