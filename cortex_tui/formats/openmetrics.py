"""OpenMetrics 1.0 text, written only: a histogram of each time, counters and throughput.

The bounds of buckets go 1, 2, 5, 10 and so on, each moved up to the end of the bucket of our own in
which it lies, so that the counts are exact.
"""

from __future__ import annotations

from collections.abc import Iterator

from cortex_tui.formats.pooled import Pooled, pooled
from cortex_tui.formats.port import Format, Recording
from cortex_tui.stats.buckets import HIGHEST_NS, highest_of, index_of
from cortex_tui.stats.histogram import Histogram
from cortex_tui.text import encodable, one_line

_EDGES_NS = [
    highest_of(index_of(digit * 10**power))
    for power in range(2, 13)
    for digit in (1, 2, 5)
    if digit * 10**power <= HIGHEST_NS
]
_LATENCY = "cortex_tui_latency_seconds"
_OPERATIONS = "cortex_tui_operations"
_ERRORS = "cortex_tui_errors"
_THROUGHPUT = "cortex_tui_throughput_per_second"
_PARTIAL = "cortex_tui_partial"


def _write(recording: Recording) -> bytes:
    profiles = list(pooled(recording))
    lines = [
        f"# TYPE {_LATENCY} histogram",
        f"# UNIT {_LATENCY} seconds",
        f"# HELP {_LATENCY} How long operations took, by profile and time.",
        *(line for each in profiles for line in _histograms(each)),
        f"# TYPE {_OPERATIONS} counter",
        f"# HELP {_OPERATIONS} Operations that succeeded.",
        *(f"{_OPERATIONS}_total{_labels(each)} {each.operations}" for each in profiles),
        f"# TYPE {_ERRORS} counter",
        f"# HELP {_ERRORS} Operations that failed.",
        *(f"{_ERRORS}_total{_labels(each)} {each.errors}" for each in profiles),
        f"# TYPE {_THROUGHPUT} gauge",
        f"# HELP {_THROUGHPUT} Operations a second within the window.",
        *(
            f"{_THROUGHPUT}{_labels(each)} {each.throughput_per_s!r}"
            for each in profiles
            if each.throughput_per_s is not None
        ),
        f"# TYPE {_PARTIAL} gauge",
        f"# HELP {_PARTIAL} 1 for a profile of which a process was lost while it was measured.",
        *(f"{_PARTIAL}{_labels(each)} {int(bool(each.partial))}" for each in profiles),
        "# EOF",
    ]
    return ("\n".join(lines) + "\n").encode()


def _histograms(each: Pooled) -> Iterator[str]:
    for time, values in each.times.items():
        if values.total or values.overflow:
            yield from _histogram(each, time, values)


def _histogram(each: Pooled, time: str, values: Histogram) -> Iterator[str]:
    whole = values.total + values.overflow
    for edge_ns in _EDGES_NS:
        count = whole - values.count_above(edge_ns)
        yield f"{_LATENCY}_bucket{_labels(each, time=time, le=repr(edge_ns / 1e9))} {count}"
        if count == whole:
            break
    yield f"{_LATENCY}_bucket{_labels(each, time=time, le='+Inf')} {whole}"
    # The sum of those beyond 1 h is not known, and OpenMetrics has no count without a sum.
    if not values.overflow:
        sum_s = (values.mean_ns or 0.0) * values.total / 1e9
        yield f"{_LATENCY}_count{_labels(each, time=time)} {whole}"
        yield f"{_LATENCY}_sum{_labels(each, time=time)} {sum_s!r}"


def _labels(each: Pooled, **more: str) -> str:
    labels = {"profile": each.name, **more}
    if each.batch > 1:
        labels["batch"] = str(each.batch)
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    text = one_line(str(encodable(text)))
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


FORMAT = Format(
    "openmetrics",
    ".prom",
    "OpenMetrics text for Prometheus: a histogram for each profile and time",
    "targets and verdicts; the fine buckets of the curve",
    write=_write,
)
