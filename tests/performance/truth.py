"""Whether the numbers are true: runs whose true answer is known, against what is reported of them.

Everything runs as a user's session does: in a runner process, through messages, intake and store.

1. Operations of known distributions record with two clock reads of their own how long they really
   took, and how long their call took as timed by hand. To call one costs 0.28 us, and for seconds
   on end 0.75 where a neighbour of the virtual machine computes: so what a call costs is taken from
   the 51 operations around it. What is reported is at most 1 % off the time by hand plus that cost,
   which the call by the runner has once more; in the median of several rounds, as the machine may
   take the processor away between ours and theirs.

2. A single server with a stall. Requests come every 5 ms (200/s), each takes the server 1 ms, and
   once a second, between two requests, it stalls for 200 ms. Let the stall begin 2.5 ms before a
   request. That one waits 197.5 ms and takes 1; while the backlog lasts, each later one comes 5 ms
   later and leaves 1 ms later, so the n-th behind the stall has a response time of 198.5 - 4 n ms.
   The backlog is gone when that would be less than the service itself: for n = 50 (the 49th still
   has 2.5 ms). So of each 200 requests 50 have 198.5, 194.5, … 2.5 ms, and 150 have 1 ms:

       P(R <= r) = 3/4                                    for 1 <= r < 2.5 ms
       P(R <= r) = 3/4 + floor((r - 2.5) / 4 + 1) / 200   for 2.5 <= r <= 198.5 ms

   The run ends 0.35 s into a period, so that no percentile lies on a step of that distribution.
   A closed loop that thinks 4 ms between requests has the same rate on paper. It sends nothing
   while the server stalls, so it meets each stall once: its picture is shown, too, and is wrong.

3. Arrivals are meant to start when their process says: those of a constant rate at exact moments,
   the gaps of a Poisson process exponentially distributed (Kolmogorov-Smirnov, 0.1 % level).

4. A run's histograms are those of its intervals merged, to the bit, also when intervals have been
   merged in pairs because there were too many; and those of hdrhistogram, given every value.

5. The rules that end a warm-up by themselves, or a run when a percentile is known, err no more
   often than they say: see _truth_rules.py.
"""

from __future__ import annotations

import asyncio
import tempfile
from array import array
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram

from cortex_tui.limits import MAX_INTERVALS
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Arrivals, Load
from cortex_tui.profiles.model import Length
from cortex_tui.stats.buckets import HIGHEST_NS
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.percentiles import SHOWN
from tests.performance import _truth_subjects as subjects
from tests.performance._measure import Measurements
from tests.performance._truth_rules import measure_precision, measure_warm_up
from tests.performance._truth_runs import Outcome, profile, run_session

AROUND = 51
"""Operations from which is taken what a call costs at the moment: some 5 ms."""
QUANTILES = {name: q for name, q in SHOWN.items() if name != "p99.99"}
SECOND_NS = 1_000_000_000


def exact(ordered: Sequence[int], quantile: float, off: int = 0) -> int:
    """The value of that rank, the smallest having rank 1; or `off` ranks behind it."""
    rank = int(quantile * len(ordered) + 0.5) + off
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def called_ns(file: Path) -> list[int]:
    """How long each operation takes who calls it and times that, in order of length."""
    spun_ns, by_hand_ns = (
        np.frombuffer(each.read_bytes(), dtype=np.int64)
        for each in (file, file.with_name(f"{file.name}.by-hand"))
    )
    costs_ns = np.pad(by_hand_ns - spun_ns, AROUND // 2, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(costs_ns, AROUND)
    return sorted((by_hand_ns + np.median(around, axis=1).astype(np.int64)).tolist())


async def measure_distributions(measurements: Measurements, folder: Path, rounds: int) -> None:
    taken: defaultdict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for _ in range(rounds):
        files = {name: folder / f"{name}.true" for name in subjects.DISTRIBUTIONS}
        runs = [
            profile(
                name,
                "_truth_subjects:spinning",
                params={"distribution": name, "out": str(file)},
                stop=Length(iterations=10_500),
            )
            for name, file in files.items()
        ]
        outcome = await run_session(runs, folder)
        for run, file in zip(outcome.document["runs"], files.values(), strict=True):
            true_ns = called_ns(file)
            for name, quantile in QUANTILES.items():
                reported = float(run["service_ns"][name])
                # One operation may be interrupted just between its own clock reads and ours.
                near = [exact(true_ns, quantile, rank) for rank in (-1, 0, 1)]
                true = float(min(near, key=lambda value: abs(reported - value)))
                off = abs(reported - true) / true
                key = (run["profile"].removeprefix("truth."), name)
                taken[key].append((off, reported, true))
    for (distribution, name), found in taken.items():
        off, reported, true = sorted(found)[len(found) // 2]
        measurements.line(
            f"service {name} of {distribution} spins, against the same calls timed by hand",
            reported, true, 1 + off, 1.01, met=off <= 0.01, unit="ns",
        )  # fmt: skip


def analytic_response_ns(count: int, spacing_ns: int) -> list[float]:
    """The response times of the stalling server, in order of arrival; see above."""
    behind_ns: list[float] = []
    stall_end_ns = subjects.STALL_FROM_NS + subjects.STALL_NS
    first_ns = -(-subjects.STALL_FROM_NS // spacing_ns) * spacing_ns
    response_ns = float(stall_end_ns - first_ns + subjects.SERVICE_NS)
    while response_ns > subjects.SERVICE_NS:
        behind_ns.append(response_ns)
        response_ns -= spacing_ns - subjects.SERVICE_NS
    found = []
    for i in range(count):
        n = (i * spacing_ns % subjects.PERIOD_NS - first_ns) // spacing_ns
        found.append(behind_ns[n] if 0 <= n < len(behind_ns) else float(subjects.SERVICE_NS))
    return found


async def measure_queueing(measurements: Measurements, folder: Path, rounds: int) -> None:
    """Whatever else the machine does only adds to a response time: the least disturbed of the
    rounds is the truest, and once one was not disturbed there is no need for more."""
    spacing_ns, duration_ns = 5 * subjects.MS, 1_350 * subjects.MS
    analytic = sorted(map(round, analytic_response_ns(duration_ns // spacing_ns, spacing_ns)))
    true = {name: exact(analytic, quantile) for name, quantile in QUANTILES.items()}
    loads: dict[str, Load] = {
        "open": OpenLoad(rate_per_s=SECOND_NS / spacing_ns, precise=True),
        "closed": ClosedLoad(think_time_ns=spacing_ns - subjects.SERVICE_NS),
    }
    subject, params = "_truth_subjects:stalling", {"spacing_ns": spacing_ns}
    runs = {
        name: profile(name, subject, load=load, params=params, stop=Length(duration_ns=duration_ns))
        for name, load in loads.items()
    }
    closed, *_ = (await run_session([runs["closed"]], folder)).document["runs"]
    wrong = reported_percentiles(closed["service_ns"])
    least = dict.fromkeys(QUANTILES, 1 << 62)
    for _ in range(rounds):
        opened, *_ = (await run_session([runs["open"]], folder, loop="asyncio")).document["runs"]
        reported = reported_percentiles(opened["response_ns"])
        least = {name: min(least[name], reported[name]) for name in QUANTILES}
        if all(abs(least[name] / true[name] - 1) <= 0.05 for name in QUANTILES):
            break
    for name in QUANTILES:
        ratio = least[name] / true[name]
        measurements.line(
            f"response {name} of a server that stalls, against the analytic value",
            least[name], true[name], ratio, 1.05, met=abs(ratio - 1) <= 0.05, unit="ns",
        )  # fmt: skip
        measurements.show(
            f"the same server's {name} as a closed loop has it (wrong)",
            wrong[name], true[name], unit="ns",
        )  # fmt: skip


def reported_percentiles(times: dict[str, Any]) -> dict[str, int]:
    """From the histogram, also those that a report withholds for want of samples."""
    values = Histogram.decode(times["histogram"]).percentiles(list(QUANTILES.values()))
    return {name: value for name, value in zip(QUANTILES, values, strict=True) if value is not None}


async def measure_arrivals(measurements: Measurements, folder: Path, rounds: int) -> None:
    rate_per_s, count = 2_000, 4_000
    distances: list[float] = []
    deviations: list[int] = []
    late: dict[Arrivals, list[int]] = {"constant": [], "poisson": []}
    for number in range(rounds):
        files = {name: folder / f"{name}.arrivals" for name in late}
        runs = [
            profile(
                # The name seeds the process, so that every round has another one.
                f"{name}-{number}",
                "_truth_subjects:witness",
                params={"out": str(file)},
                load=OpenLoad(rate_per_s=float(rate_per_s), arrivals=name),
                stop=Length(iterations=count),
            )
            for name, file in files.items()
        ]
        outcome = await run_session(runs, folder)
        for run, (name, file) in enumerate(files.items()):
            intended = array("q", file.read_bytes())
            late[name].extend(outcome.raw(run, "lateness"))
            if name == "constant":
                deviations += [
                    abs(at - intended[0] - i * SECOND_NS // rate_per_s)
                    for i, at in enumerate(intended)
                ]
            else:
                gaps = np.sort(np.diff(np.array(intended))) * rate_per_s / SECOND_NS
                rank = np.arange(1, len(gaps) + 1) / len(gaps)
                distances.append(float(np.abs(rank - (1 - np.exp(-gaps))).max()))
    most = 1.95 / float(np.sqrt(count - 1))
    measurements.line(
        "gaps of Poisson arrivals: greatest distance from exponential (Kolmogorov-Smirnov)",
        max(distances), most, max(distances) / most, 1.0, met=max(distances) <= most, unit="share",
    )  # fmt: skip
    measurements.line(
        "constant arrivals: greatest distance from their moment",
        max(deviations), 0.0, 1.0, 0.0, met=max(deviations) == 0, unit="ns",
    )  # fmt: skip
    for name, values in late.items():
        p50, p99 = (float(value) for value in np.percentile(np.array(values), (50, 99)))
        measurements.line(f"lateness p50 of {name} arrivals", p50, None, 1.0, None, met=True,
                          unit="ns")  # fmt: skip
        measurements.line(f"lateness p99 of {name} arrivals", p99, None, 1.0, None, met=True,
                          unit="ns")  # fmt: skip


def of_library(values: Sequence[int]) -> list[int]:
    """The counts of hdrhistogram's own histogram, into which each value was recorded."""
    histogram = HdrHistogram(1, HIGHEST_NS, 3)
    for value in values:
        histogram.record_value(value)
    return list(histogram.counts)


def counts_of(histogram: Histogram) -> list[int]:
    return list(HdrHistogram.decode(histogram.encode_text()).counts)


def differences(outcome: Outcome, run: int, which: str) -> int:
    """In how many ways the histograms of a run differ that ought to be one and the same."""
    fold, stored = outcome.fold.runs[run], outcome.stored[run]
    own: Histogram | None = getattr(fold, which)
    kept = {str(name): times for name, times in stored.items()}.get(which)
    assert own is not None
    assert kept is not None
    merged = Histogram()
    for interval in outcome.intervals:
        encoded = getattr(interval, which)
        if interval.run == run and encoded is not None:
            merged.add_interval(IntervalHistogram.decode(encoded.blob, encoded.moments))
    quantiles = [*SHOWN.values(), *(k / 1_000 for k in range(1_000))]
    reported = own.percentiles(quantiles)
    return sum(
        (
            own.encode() != merged.encode(),
            own.encode() != kept.encode(),
            reported != merged.percentiles(quantiles),
            reported != kept.percentiles(quantiles),
            counts_of(own) != of_library(outcome.raw(run, which)),
        )
    )


async def measure_merging(measurements: Measurements, folder: Path, rounds: int) -> None:
    found, most_intervals, length = 0, 0, 0
    for _ in range(rounds):
        for interval_ns in (100_000_000, 1_000_000):
            loads = (OpenLoad(rate_per_s=3_000.0), ClosedLoad(workers=2))
            runs = [
                profile(
                    f"count-{number}", "_truth_subjects:dozing", load=load,
                    stop=Length(duration_ns=2_600 * subjects.MS),
                )
                for number, load in enumerate(loads)
            ]  # fmt: skip
            outcome = await run_session(runs, folder, interval_ns=interval_ns, one_by_one=False)
            for which in ("service", "response", "lateness"):
                found += differences(outcome, 0, which)
            found += differences(outcome, 1, "service")
            for run in (0, 1):
                kept = [i for i in outcome.intervals if i.run == run]
                most_intervals = max(most_intervals, len(kept))
                length = max(length, *(i.length for i in kept))
    measurements.line(
        "histograms of a run: ways in which its total, its stored intervals merged, and "
        "hdrhistogram differ",
        found, 0.0, 1.0, 0.0, met=found == 0, unit="count",
    )  # fmt: skip
    measurements.line(
        "the most intervals that were stored of a run, and how many were merged into one",
        most_intervals, MAX_INTERVALS, length, 2.0,
        met=most_intervals <= MAX_INTERVALS and length >= 2, unit="count",
    )  # fmt: skip


async def measure_all(measurements: Measurements) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await measure_distributions(measurements, folder, measurements.rounds(quick=3, full=9))
        await measure_queueing(measurements, folder, measurements.rounds(quick=8, full=20))
        await measure_arrivals(measurements, folder, measurements.rounds(quick=1, full=5))
        await measure_merging(measurements, folder, measurements.rounds(quick=1, full=3))
    measure_warm_up(measurements, measurements.rounds(quick=100, full=1_000))
    measure_precision(measurements, measurements.rounds(quick=60, full=600))


def main() -> None:
    measurements = Measurements("Whether the numbers that are reported are true.")
    asyncio.run(measure_all(measurements))
    measurements.exit()


if __name__ == "__main__":
    main()
