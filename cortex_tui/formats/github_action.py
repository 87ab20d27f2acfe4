"""The custom format of github-action-benchmark (`customSmallerIsBetter`), written only."""

from __future__ import annotations

import json

from cortex_tui.formats.pooled import Pooled, pooled
from cortex_tui.formats.port import Format, Recording
from cortex_tui.quantities import format_range
from cortex_tui.text import one_line

STATISTICS = ("p50", "p95", "p99")


def _write(recording: Recording) -> bytes:
    # What a partial run measured is of another load, and would be a change in the chart.
    rows = [row for each in pooled(recording) if not each.partial for row in _rows(each)]
    return json.dumps(rows, indent=2).encode() + b"\n"


def _rows(each: Pooled) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    known = each.percentiles()
    for statistic in STATISTICS:
        if statistic in known:
            bounds = each.bounds(statistic)
            row = {
                # The name is the key of a series in the chart: it must stay the same.
                "name": f"{one_line(each.name)} {statistic}",
                "unit": "ms",
                "value": known[statistic] / each.batch / 1e6,
                "extra": f"{each.operations:,} operations, {each.errors:,} failed",
            }
            if bounds:
                low, high = bounds
                row["range"] = format_range(low / each.batch, high / each.batch)
            found.append(row)
    return found


FORMAT = Format(
    "github-action-benchmark",
    ".json",
    "the tool `customSmallerIsBetter` of github-action-benchmark: p50, p95 and p99 in ms",
    "throughput, of which more is better; curves, targets and verdicts; partial runs",
    write=_write,
)
