"""The Bencher Metric Format (adapter `json`), written only: durations in ns."""

from __future__ import annotations

import json

from cortex_tui.formats.pooled import Pooled, pooled
from cortex_tui.formats.port import Format, Recording
from cortex_tui.text import one_line

MAX_NAME_CHARS = 1_024


def _write(recording: Recording) -> bytes:
    # What a partial run measured is of another load, and would be a change in a chart.
    whole = (each for each in pooled(recording) if not each.partial)
    found = {one_line(each.name)[:MAX_NAME_CHARS]: _measures(each) for each in whole}
    known = {name: measures for name, measures in found.items() if measures}
    return json.dumps(known, indent=2).encode() + b"\n"


def _measures(each: Pooled) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for statistic, value in each.percentiles().items():
        measure = {"value": value / each.batch}
        bounds = each.bounds(statistic)
        if bounds:
            measure["lower_value"], measure["upper_value"] = (one / each.batch for one in bounds)
        # A measure's name is a slug.
        found[f"latency-{statistic.replace('.', '-')}"] = measure
    if "latency-p50" in found:
        found["latency"] = found["latency-p50"]
    if each.throughput_per_s is not None:
        found["throughput"] = {"value": each.throughput_per_s}
    return found


FORMAT = Format(
    "bencher",
    ".json",
    "the Bencher Metric Format: percentiles in ns with their bounds, and throughput",
    "curves, targets and verdicts; partial runs",
    write=_write,
)
