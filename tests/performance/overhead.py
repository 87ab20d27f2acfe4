"""What measuring costs the measured, and what other tools make of the same operations.

1. The whole runner around an operation that does nothing, against the barest loop that times one:
   two clock reads and an append, on the same event loop.
2. Operations of known length under pytest-benchmark, pyperf, locust and ours: what each reports
   against what the operation itself recorded. The peers come with the dependency group `peers`.
3. How long the runner's own work holds the measuring loop at a time, in the runner itself.
4. Many: 200 profiles at once, and one with 5,000 workers. Goals: the loop is blocked for less than
   10 ms in the median interval, so that milliseconds of a neighbour are still the neighbour's own;
   what the crowd adds to the memory of each process is below 100 MB, so that it fits with what is
   measured on a small machine; and the first numbers are on view in 2 s, before a person wonders.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.frames import encode_messages
from cortex_tui.protocol.messages import RunFinished
from cortex_tui.protocol.plan import INTERVAL_NS, LoopName, RunPlan, SessionPlan
from cortex_tui.runner.serving import new_event_loop
from cortex_tui.runner.session import Session
from tests.performance import _overhead_peers as peers
from tests.performance import _overhead_subjects as subjects
from tests.performance._measure import Measurements
from tests.performance._overhead_crowds import Crowd, measure_crowd
from tests.performance._overhead_workloads import noop
from tests.performance._truth_runs import profile, run_session

LOOPS: tuple[LoopName, ...] = ("asyncio", "uvloop")
OURS = "cortex-tui"
GOALS = {
    # The median batch, by operation: the loop around them is in it.
    subjects.SHORTEST: 1.2,
    # What the operation does to record itself, its call and the clock are some 250 ns of it.
    "5 us spin": 1.1,
}


# --- the cost of an operation ------------------------------------------------------------------


async def barest_ns(operations: int) -> float:
    clock, values = time.perf_counter_ns, list[int]()
    append = values.append
    began_ns = clock()
    for _ in range(operations):
        start_ns = clock()
        await noop()
        append(clock() - start_ns)
    return (clock() - began_ns) / operations


async def runner_ns(operations: int, folder: str, **fields: object) -> float:
    """By the runner's own account of the measure phase, encoded values and ticks included."""
    frames: list[int] = []
    ended: list[RunFinished] = []

    def emit(batch: list[object]) -> None:
        frames.append(len(encode_messages(batch)))  # type: ignore[arg-type]
        ended.extend(message for message in batch if isinstance(message, RunFinished))

    subject = profile(
        "noop", "_overhead_workloads:noop", stop=Length(iterations=operations), **fields
    )
    plan = SessionPlan(session="x", runs=(RunPlan(0, subject),), scratch=folder, cache=folder)
    await Session(plan, emit).run()  # type: ignore[arg-type]
    (finished,) = ended
    if finished.state != "finished":
        raise RuntimeError(finished.reason)
    return finished.measured_ns / operations


def measure_cost(measurements: Measurements, folder: Path) -> None:
    operations, rounds = 100_000, measurements.rounds(quick=9, full=31)
    for loop_name in LOOPS:
        with asyncio.Runner(loop_factory=new_event_loop(loop_name)) as runner:

            def ours(runner: asyncio.Runner = runner) -> float:
                return runner.run(runner_ns(operations, str(folder)))

            def limited(runner: asyncio.Runner = runner) -> float:
                return runner.run(runner_ns(operations, str(folder), timeout_ns=1_000_000_000))

            def barest(runner: asyncio.Runner = runner) -> float:
                return runner.run(barest_ns(operations))

            measurements.at_most(
                f"an operation that does nothing on {loop_name}, against the barest timed loop",
                ours, barest, unit="ns", goal=1.5, rounds=rounds,
            )  # fmt: skip
            measurements.at_most(
                f"the same with a time limit on {loop_name}",
                limited, barest, unit="ns", goal=1.5, rounds=rounds,
            )  # fmt: skip


# --- with the peers ---------------------------------------------------------------------------


async def ours_of_known(folder: Path) -> peers.Report:
    runs: list[Profile] = []
    for number, kind in enumerate(subjects.KINDS):
        params = {"kind": kind, "out": str(folder / f"ours-{number}.true")}
        runs.append(
            profile(
                f"known-{number}", "_overhead_workloads:known", params=params,
                batch=0 if kind == subjects.SHORTEST else 1,
                stop=Length(duration_ns=400_000_000),
            )
        )  # fmt: skip
    outcome = await run_session(runs, folder)
    figures = {}
    for run, (number, kind) in zip(
        outcome.fold.view(0, stored=True, store_error="").runs,
        enumerate(subjects.KINDS),
        strict=True,
    ):
        true_ns = json.loads((folder / f"ours-{number}.true").read_text())
        reported = run.percentiles_ns["p50"]
        if reported is None:
            raise RuntimeError(f"{kind}: too few operations")
        figures[kind] = peers.Figures(reported / run.batch, true_ns)
    return {OURS: figures}


def measure_known(measurements: Measurements, folder: Path) -> None:
    report: peers.Report = asyncio.run(ours_of_known(folder))
    for tool, (module, measure) in peers.PEERS.items():
        if peers.missing(module):
            measurements.line(
                f"{tool} is not installed (`make perf` does): nothing to compare with",
                0.0, None, 0.0, None, met=False, unit="ns",
            )  # fmt: skip
        else:
            report |= measure(folder)
    for way, figures in report.items():
        for kind in subjects.KINDS:
            if kind not in figures:
                continue
            reported_ns, true_ns = figures[kind]
            ratio = reported_ns / true_ns
            goal = GOALS.get(kind, 1.05) if way == OURS else None
            met = goal is None or 1 / goal <= ratio <= goal
            measurements.line(
                f"{kind} as {way} reports it, against its own record",
                reported_ns, true_ns, ratio, goal, met=met, unit="ns",
            )  # fmt: skip
    _print_table(report)


def _print_table(report: peers.Report) -> None:
    """Reported over true, for reading."""
    width = max(map(len, report))
    print(f"\n{'reported / true':{width}}", *(f"{kind:>13}" for kind in subjects.KINDS),
          file=sys.stderr)  # fmt: skip
    for way, figures in report.items():
        cells = [
            f"{figures[kind].reported_ns / figures[kind].true_ns:12.3f}x"
            if kind in figures
            else f"{'–':>13}"
            for kind in subjects.KINDS
        ]
        print(f"{way:{width}}", *cells, file=sys.stderr)
    print(file=sys.stderr)


# --- what holds the loop -----------------------------------------------------------------------


def measure_holds(measurements: Measurements, folder: Path) -> None:
    """What has the goal is the processor time of the longest hold of each interval: the time on the
    clock, which is shown with it, has in it what the machine gives to other programs."""
    seconds, out = measurements.rounds(quick=2, full=8), folder / "holds.json"
    cases: tuple[tuple[str, Load, int], ...] = (
        ("one worker", ClosedLoad(), 15_000),
        ("an open load", OpenLoad(rate_per_s=50_000.0), 0),
    )
    for loop_name in LOOPS:
        for name, load, spin_ns in cases:
            subject = profile(
                "watched", "_overhead_workloads:watched", load=load,
                params={"out": str(out), "spin_ns": spin_ns},
                stop=Length(duration_ns=seconds * 1_000_000_000),
            )  # fmt: skip
            outcome = asyncio.run(run_session([subject], folder, loop=loop_name))
            (run,) = outcome.document["runs"]
            at = f"at {run['throughput_per_s']:,.0f} operations/s of {name} on {loop_name}"
            holds = json.loads(out.read_text())
            worked, blocked = (_longest(holds, which) for which in ("worked_ns", "held_ns"))
            measurements.line(
                f"the runner's longest own work at a time in an interval, {at}",
                median(worked), 200_000.0, median(worked) / 200_000.0, 1.0,
                met=median(worked) <= 200_000.0, unit="ns",
            )  # fmt: skip
            measurements.show(
                f"the same on the clock, {at}", median(blocked), median(worked), unit="ns"
            )


def _longest(holds: dict[str, list[int]], which: str) -> list[int]:
    longest: dict[int, int] = {}
    for at_ns, length_ns in zip(holds["at_ns"], holds[which], strict=True):
        interval = (at_ns - holds["at_ns"][0]) // INTERVAL_NS
        longest[interval] = max(longest.get(interval, 0), length_ns)
    return list(longest.values())


# --- many --------------------------------------------------------------------------------------


def measure_crowds(measurements: Measurements, folder: Path) -> None:
    seconds = measurements.rounds(quick=2, full=8)
    stop = Length(duration_ns=seconds * 1_000_000_000)
    many = [
        profile(f"doze-{n}", "_overhead_workloads:doze", load=OpenLoad(10.0), stop=stop)
        for n in range(200)
    ]
    workers = [
        profile("sleep", "_overhead_workloads:sleep", load=ClosedLoad(workers=5_000), stop=stop)
    ]
    small = [profile("doze", "_overhead_workloads:doze", load=OpenLoad(10.0), stop=stop)]
    alone = measure_crowd(small, folder)
    for what, runs in (("200 profiles at once", many), ("5,000 workers", workers)):
        crowd = measure_crowd(runs, folder)
        goals: tuple[tuple[str, Callable[[Crowd], float], float, str], ...] = (
            ("loop lag, median of all intervals", lambda c: c.lag_p50_ms, 10.0, "ms"),
            ("memory of the runner, over one profile", lambda c: c.runner_mb - alone.runner_mb,
             100.0, "MB"),
            ("memory of the other side, over one profile",
             lambda c: c.parent_mb - alone.parent_mb, 100.0, "MB"),
            ("time to the first numbers", lambda c: c.first_view_s, 2.0, "s"),
        )  # fmt: skip
        for which, value_of, goal, unit in goals:
            value = value_of(crowd)
            measurements.line(
                f"{what}: {which}", value, goal, value / goal, 1.0, met=value <= goal, unit=unit
            )
        measurements.line(
            f"{what}: loop lag, longest", crowd.lag_max_ms, None, 1.0, None, met=True, unit="ms"
        )


def main() -> None:
    measurements = Measurements("What measuring costs, and what the peers make of it.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure_cost(measurements, folder)
        measure_known(measurements, folder)
        measure_holds(measurements, folder)
        measure_crowds(measurements, folder)
    measurements.exit()


if __name__ == "__main__":
    main()
