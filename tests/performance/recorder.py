"""What it costs to record an operation, all the way into a histogram, and to read percentiles.

Ours is the whole way of a value: appended on the measuring loop, handed on as bytes in a frame,
read from it and folded into the run as the intake does. The reference is hdrhistogram, value by
value on the measuring loop. The two clock reads of an operation are in neither.
"""

from __future__ import annotations

import itertools
import random

from hdrh.histogram import HdrHistogram

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.frames import FrameReader, decode_messages, encode_messages
from cortex_tui.protocol.messages import RunPlanned, Samples
from cortex_tui.results.run_fold import RunFold
from cortex_tui.runner.recorder import Recorder
from cortex_tui.stats.buckets import HIGHEST_NS
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SHOWN
from tests.performance._measure import Measurements, timed

INTERVAL_NS = 100_000_000
PERCENTS = [round(100 * quantile, 9) for quantile in SHOWN.values()]


def durations(count: int) -> list[int]:
    """Like those of a fast asynchronous operation: log-normal around 60 µs, a tail of ms."""
    noise = random.Random(1)
    return [int(noise.lognormvariate(11, 0.5)) for _ in range(count)]


def record_ours(values: list[int], intervals: int) -> None:
    profile = Profile(suite="s", name="p", workload="w", stop=Length())
    fold = RunFold(RunPlanned(0, profile, ()))
    recorder, reader = Recorder(0, "measure", 0, INTERVAL_NS), FrameReader()
    for interval in range(intervals):
        append = recorder.service_ns.append
        for value in values:
            append(value)
        recorder.reach((interval + 1) * INTERVAL_NS)
        for body in reader.feed(encode_messages([*recorder.take()])):
            for message in decode_messages(body):
                assert isinstance(message, Samples)
                fold.add(message)
    assert fold.service.total == len(values) * intervals


def record_reference(values: list[int], intervals: int) -> None:
    histogram = HdrHistogram(1, HIGHEST_NS, 3)
    for _ in range(intervals):
        record = histogram.record_value
        for value in values:
            record(value)
    assert histogram.get_total_count() == len(values) * intervals


def measure_recording(measurements: Measurements, per_second: int, goal: float | None) -> None:
    values = durations(per_second // 10)
    intervals = 100_000 // len(values)
    count = len(values) * intervals
    measurements.compare(
        f"record, hand on and fold a value at {per_second:,} operations/s",
        timed(lambda: record_ours(values, intervals), count),
        timed(lambda: record_reference(values, intervals), count),
        unit="ns/value",
        goal=goal,
        rounds=measurements.rounds(quick=9, full=31),
    )


def measure_percentiles(measurements: Measurements) -> None:
    reference = HdrHistogram(1, HIGHEST_NS, 3)
    for value in durations(100_000):
        reference.record_value(value)
    ours = Histogram.decode(reference.encode().decode("ascii"))
    quantiles = tuple(SHOWN.values())
    expected = reference.get_percentile_to_value_dict(PERCENTS)
    assert ours.percentiles(quantiles) == [expected[percent] for percent in PERCENTS]
    nudges = itertools.count()

    def read_others() -> None:
        """Those that were read before are known until the histogram changes."""
        nudge = next(nudges) * 1e-12
        ours.percentiles(tuple(each - nudge for each in quantiles))

    measurements.compare(
        "read 7 percentiles",
        timed(read_others),
        timed(lambda: reference.get_percentile_to_value_dict(PERCENTS)),
        unit="ns",
        goal=30.0,
        rounds=measurements.rounds(quick=99, full=499),
    )


def main() -> None:
    measurements = Measurements("The cost of recording, against hdrhistogram's own.")
    measure_recording(measurements, 100_000, goal=12.0)
    # Shown without a goal: the fixed cost of an interval, some 30 µs off the measuring loop
    # ten times a second, is here shared by a tenth of the values.
    measure_recording(measurements, 10_000, goal=None)
    measure_percentiles(measurements)
    measurements.exit()


if __name__ == "__main__":
    main()
