"""How often verdicts on targets are wrong, on simulated runs of which the truth is known.

Operations come in intervals of a tenth of a second, 100 each, and go through the same fold as those
of a real run. Their times are log-normal, 2 % of them with a Pareto tail. Where the truth lies
exactly on the limit, met and missed are both wrong: each may be reported in 5 % of the runs. Shown
with it is what comparing the percentile with the limit says, as most tools do.

- independent: nothing else.
- correlated: a fifth of the variance is of a level that changes little from operation to operation
  (AR(1), 0.9).
- bursty: that, and once in 2,900 operations 40 in a row take 1.5 to 4 times as long.
- slow level: 30 % of the variance is of a level with a memory of 200 operations (AR(1), 0.995). It
  has no goals: it shows where a dependence becomes too slow for short runs to show it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.profiles.variants import going_on
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import RunFinished, RunPlanned, Samples, StateChanged
from cortex_tui.results.result_of import targets_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.session.decisions import decisions
from tests.performance._measure import Measurements

Times = NDArray[np.float64]

EACH = 100
INTERVAL_NS = 100_000_000
LEAST = 10
"""Intervals that a run has in any case, where it lasts until its target is decided."""
TOGETHER = 50
"""Runs that are simulated at once."""


class Model(NamedTuple):
    name: str
    level: float = 0.0
    """Its share of the variance."""
    memory: float = 0.0
    bursts: float = 0.0
    """How many an operation."""
    held: bool = True
    """Whether there are goals for it."""

    def times_ns(self, random: np.random.Generator, runs: int, count: int) -> Times:
        """The times of that many operations of each run, in order."""
        noise = math.sqrt(1 - self.level) * random.standard_normal((runs, count))
        if self.level:
            noise += math.sqrt(self.level) * _levels(random, runs, count, self.memory)
        times: Times = 442_000 * np.exp(0.3 * noise)
        tail = random.random((runs, count)) < 0.02
        times[tail] *= 1 + random.pareto(2.5, int(tail.sum()))
        for run in times:
            for start in random.integers(0, count, random.poisson(self.bursts * count)):
                run[start : start + 40] *= random.uniform(1.5, 4)
        return times


def _levels(random: np.random.Generator, runs: int, count: int, memory: float) -> Times:
    steps = random.standard_normal((count, runs))
    steps[1:] *= math.sqrt(1 - memory**2)
    for index in range(1, count):
        steps[index] += memory * steps[index - 1]
    return steps.T


MODELS = (
    Model("independent"),
    Model("correlated", 0.2, 0.9),
    Model("bursty", 0.2, 0.9, 0.7 / 2_000),
    Model("slow level", 0.3, 0.995, held=False),
)


def limit_ns(model: Model, quantile: float) -> float:
    """The true percentile, from ten million operations."""
    random = np.random.default_rng(1)
    parts = [model.times_ns(random, TOGETHER, 20_000).ravel() for _ in range(10)]
    return float(np.quantile(np.concatenate(parts), quantile))


def measuring(target: str, intervals: int, *, until_decided: bool = False) -> RunFold:
    profile = Profile(
        suite="simulated",
        name="run",
        workload="simulated:run",
        load=ClosedLoad(),
        stop=Length(duration_ns=(LEAST if until_decided else intervals) * INTERVAL_NS),
        targets=(target,),
    )
    if until_decided:
        profile = going_on(profile, intervals * INTERVAL_NS)
    run = RunFold(RunPlanned(0, profile, (), 1))
    run.change(StateChanged(0, RunLife("measure"), 0))
    return run


def add(run: RunFold, number: int, times: Times) -> None:
    run.add(
        Samples(
            run=0,
            phase="measure",
            interval=number,
            at_ns=(number + 1) * INTERVAL_NS,
            service=times.astype(np.int64).tobytes(),
        )
    )


def ended(run: RunFold) -> str:
    """Ends it, and the verdict of its target."""
    measured_ns = run.measured_ns
    run.finish(RunFinished(run=0, state="finished", at_ns=measured_ns, measured_ns=measured_ns))
    (target,) = targets_of(run, {})
    return target.verdict


def simulated(model: Model, runs: int, count: int) -> Iterator[Times]:
    random = np.random.default_rng(2)
    for _ in range(-(-runs // TOGETHER)):
        yield from model.times_ns(random, TOGETHER, count)


def verdicts(model: Model, target: str, runs: int, count: int) -> list[str]:
    found = []
    for times in simulated(model, runs, count):
        run = measuring(target, count // EACH)
        for number, part in enumerate(times.reshape(-1, EACH)):
            add(run, number, part)
        found.append(ended(run))
    return found


def verdicts_until_decided(
    model: Model, target: str, runs: int, count: int
) -> tuple[list[str], list[int]]:
    """The verdicts, and how many intervals each run took; looked at four times a second."""
    found, lengths = [], []
    for times in simulated(model, runs, count):
        run = measuring(target, count // EACH, until_decided=True)
        for number, part in enumerate(times.reshape(-1, EACH)):
            add(run, number, part)
            if number % 5 in (1, 4) and decisions([run]):
                break
        lengths.append(len(run.intervals))
        found.append(ended(run))
    return found, lengths


def share(found: list[str], verdict: str) -> float:
    return found.count(verdict) / len(found)


def report_wrong(
    measurements: Measurements,
    model: Model,
    what: str,
    wrong: float,
    runs: int,
    *,
    other: float | None = None,
) -> None:
    """Holds the share of wrong verdicts to 5 %, or only shows it."""
    if model.held:
        measurements.share_at_most(what, wrong, 0.05, runs, other=other)
    else:
        measurements.show(what, wrong, 0.05, unit="share")


def measure_on_the_limit(measurements: Measurements, runs: int) -> None:
    rows = (
        ("p95", 0.95, 1_000),
        ("p95", 0.95, 6_000),
        ("p95", 0.95, 30_000),
        ("p99", 0.99, 6_000),
        ("p99", 0.99, 30_000),
    )
    for model in MODELS:
        for name, quantile, count in rows:
            title = f"{model.name}, {name} exactly on its limit, {count:,} operations"
            if not measurements.wants(title):
                continue
            limit = limit_ns(model, quantile)
            found = verdicts(model, f"{name} < {limit:.0f}ns", runs, count)
            points = [np.quantile(times, quantile) for times in simulated(model, runs, count)]
            below = sum(point < limit for point in points) / len(points)
            for verdict, point in (("met", below), ("missed", 1 - below)):
                report_wrong(
                    measurements, model,
                    f"{title}: share of runs called {verdict}; next to it those that comparing "
                    "calls so",
                    share(found, verdict), len(found), other=point,
                )  # fmt: skip


def measure_off_the_limit(measurements: Measurements, runs: int) -> None:
    for model in MODELS:
        title = f"{model.name}, limit of p95"
        if not measurements.wants(title):
            continue
        truth = limit_ns(model, 0.95)
        for factor, right in ((1.1, "met"), (0.9, "missed")):
            found = verdicts(model, f"p95 < {truth * factor:.0f}ns", runs, 30_000)
            decided = share(found, right)
            what = (
                f"{title} at {factor} of the truth, 30,000 operations: share of runs called {right}"
            )
            if model.held:
                measurements.share_at_least(what, decided, 0.95, len(found))
            else:
                measurements.show(what, decided, 0.95, unit="share")


def measure_until_decided(measurements: Measurements, runs: int) -> None:
    for model in MODELS:
        title = f"{model.name}, until decided, limit of p95"
        if not measurements.wants(title):
            continue
        truth = limit_ns(model, 0.95)
        for factor in (1.0, 1.1, 0.9):
            target = f"p95 < {truth * factor:.0f}ns"
            found, lengths = verdicts_until_decided(model, target, runs, 60_000)
            wrong = {1.0: ("met", "missed"), 1.1: ("missed",), 0.9: ("met",)}[factor]
            rate = sum(share(found, verdict) for verdict in wrong)
            decided = 1 - share(found, "undecided")
            report_wrong(
                measurements, model,
                f"{title} at {factor:g} of the truth, {LEAST} to 600 intervals: share of runs with "
                f"a wrong verdict ({decided:.0%} decided, after {np.median(lengths):.0f} intervals "
                "in the middle)",
                rate, len(found),
            )  # fmt: skip


def main() -> None:
    measurements = Measurements("How often verdicts on targets are wrong, simulated.")
    runs = measurements.rounds(quick=100, full=400)
    measure_on_the_limit(measurements, runs)
    measure_off_the_limit(measurements, runs)
    measure_until_decided(measurements, runs)
    measurements.exit()


if __name__ == "__main__":
    main()
