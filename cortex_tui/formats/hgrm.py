"""HdrHistogram's percentile distribution (`.hgrm`) of one profile, in ms; written only.

The columns and the footer are those of `outputPercentileDistribution` of HdrHistogram, with five
rows for each halving of the distance to 100 %.
"""

from __future__ import annotations

from hdrh.histogram import HdrHistogram

from cortex_tui.formats.pooled import pooled
from cortex_tui.formats.port import Format, FormatError, Recording

_MS = 1e6
_TICKS = 5


def _write(recording: Recording) -> bytes:
    profiles = [each for each in pooled(recording) if each.headline.total]
    if not profiles:
        raise FormatError("it has no operations to write")
    if len(profiles) > 1:
        names = ", ".join(each.name for each in profiles[:10])
        raise FormatError(f"a file holds one profile: choose one with --profile ({names})")
    times = profiles[0].headline
    # Only the library's iterator knows its steps; what it needs is the counts.
    library = HdrHistogram.decode(times.encode_text())
    lines = [f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}", ""]
    for step in library.get_percentile_iterator(_TICKS):
        share = step.percentile_level_iterated_to / 100
        value_ms, count = step.value_iterated_to / _MS, step.total_count_to_this_value
        row = f"{value_ms:12.3f} {share:2.12f} {count:10d}"
        lines.append(row if share >= 1 else f"{row} {1 / (1 - share):14.2f}")
    mean, spread, longest = times.mean_ns or 0.0, times.stddev_ns or 0.0, times.max_ns or 0
    lines += [
        f"#[Mean    = {mean / _MS:12.3f}, StdDeviation   = {spread / _MS:12.3f}]",
        f"#[Max     = {longest / _MS:12.3f}, Total count    = {times.total:12d}]",
        f"#[Buckets = {library.bucket_count:12d}, SubBuckets     = {library.sub_bucket_count:12d}]",
    ]
    return ("\n".join(lines) + "\n").encode()


FORMAT = Format(
    "hgrm",
    ".hgrm",
    "HdrHistogram's percentile curve of one profile in ms, for its plotter",
    "all but the curve of the headline time",
    write=_write,
)
