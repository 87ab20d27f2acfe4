"""Profiles, runs and sessions as a screen may meet them."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import msgspec

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Catalog, Length, Precision, Problem, Profile, Suite
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.results.run_result import CurvePoint, RunResult, Shape
from cortex_tui.results.view import LogEntry, SessionView
from cortex_tui.stats.log_bins import LogBins, bin_of, edge_ns
from cortex_tui.stats.targets import TargetResult
from cortex_tui.store.records import MarkRecord, StageRecord
from tests.lives import with_life

SECOND_NS = 1_000_000_000
TENTH_NS = SECOND_NS // 10


def profile(suite: str, name: str, **fields: Any) -> Profile:
    fields.setdefault("workload", "cortex.search")
    fields.setdefault("stop", Length(5 * SECOND_NS))
    fields.setdefault("warmup", Length(SECOND_NS))
    fields.setdefault("source", f"profiles/{suite}.toml")
    return Profile(suite=suite, name=name, **fields)


MEDIATOR = Suite(
    name="mediator",
    source="profiles/mediator.toml",
    description="Commands and queries through the mediator",
    shipped=True,
    profiles=(
        profile(
            "mediator",
            "command-dispatch",
            summary="Capture one conversation",
            targets=("p95 < 50ms", "errors == 0"),
        ),
        profile("mediator", "query-dispatch", targets=("p95 < 50ms",)),
        profile("mediator", "concurrent-commands", load=ClosedLoad(4), targets=("p95 < 500ms",)),
    ),
)
SEARCH = Suite(
    name="search",
    source="profiles/search.toml",
    description="Full-text search",
    profiles=(
        profile(
            "search",
            "steady",
            summary="Searches on a schedule",
            load=OpenLoad(500.0),
            params={"conversations": 30, "text": "performance"},
            targets=("p95 < 200ms", "throughput >= 450/s", "error_rate < 1%"),
        ),
        profile("search", "no-results"),
    ),
)
CATALOG = Catalog(
    (MEDIATOR, SEARCH),
    (
        Problem(
            "profiles/x.toml: profile.steady.load.rate",
            'expected a rate such as "500/s", got "fast"',
            "x",
            "steady",
        ),
        Problem("profiles/y.toml", "no profiles in it"),
    ),
)
PERCENTILES_NS: dict[str, int | None] = {
    "p50": 62_100,
    "p75": 71_000,
    "p90": 95_300,
    "p95": 120_000,
    "p99": 812_000,
    "p99.9": None,
    "p99.99": None,
}


def run_view(number: int, of: Profile, **fields: Any) -> RunResult:
    """A run in the middle of measure; with `scale`, all its times are that many times longer."""
    scale = fields.pop("scale", 1)
    fields.setdefault("state", "running")
    fields.setdefault("phase", "measure")
    fields.setdefault("progress", 0.62)
    fields.setdefault("operations", 4_321)
    fields.setdefault("throughput_per_s", 1_394.0)
    scaled = {name: value and value * scale for name, value in PERCENTILES_NS.items()}
    fields.setdefault("percentiles_ns", scaled)
    fields.setdefault("samples_missing", {"p99.9": 5_679, "p99.99": 95_679})
    fields.setdefault("max_ns", 2_340_000 * scale)
    fields.setdefault("in_flight", 1)
    fields.setdefault("oldest_ns", 40_000)
    fields.setdefault("verdict", "pending" if of.targets else "none")
    trend = (200, 210, 190, None, 400, 800, 1_600, 300, 220, 200, 210, 205)
    fields.setdefault("trend_ns", tuple(v and v * 1_000 * scale for v in trend))
    points = ((0.0, 41), (0.3, 62), (1.0, 95), (1.3, 120), (2.0, 812), (2.7, 1_900), (3.2, 2_340))
    fields.setdefault("curve", tuple(CurvePoint(x, y * 1_000 * scale) for x, y in points))
    heaps = ((0.97, 62_100 * scale, 0.22), (0.03, 160_000 * scale, 0.8))
    fields.setdefault("bins", bins_of(fields["operations"], *heaps))
    fields.setdefault("measured_ns", 3_100_000_000)
    service_curve = fields.pop("service_curve", ())
    shape = Shape.made(fields.pop("curve"), service_curve, fields.pop("bins"))
    fields.setdefault("shape", shape)
    return RunResult(run=number, profile=of, **with_life(fields))


@cache  # most samples have the same ones, and to make 850 bins takes 1.5 ms
def bins_of(total: int, *heaps: tuple[float, float, float]) -> LogBins:
    """Values in heaps: of each its share, its median in ns and its width in logarithms."""

    def below(number: int) -> int:
        logs = math.log(edge_ns(number))
        parts = (s * NormalDist(math.log(ns), width).cdf(logs) for s, ns, width in heaps)
        return round(total * sum(parts))

    first, last = bin_of(1_000), bin_of(100_000_000_000)
    ends = [0, *(below(number) for number in range(first + 1, last)), total]
    counts = [high - low for low, high in pairwise(ends)]
    known = [at for at, count in enumerate(counts) if count]
    if not known:
        return LogBins()
    return LogBins(first + known[0], tuple(counts[known[0] : known[-1] + 1]))


def overloaded(number: int, **fields: Any) -> RunResult:
    """A run of an open load that cannot keep up: operations wait before they start."""
    of = SEARCH.profiles[0]
    points = ((0.0, 41), (0.3, 62), (1.0, 95), (2.0, 250), (3.2, 700))
    service = tuple(CurvePoint(x, y * 1_000) for x, y in points)
    fields.setdefault("service_curve", service)
    fields.setdefault("scale", 40)
    fields.setdefault("lateness_p50_ns", 2_400_000)
    fields.setdefault("service_p50_ns", 62_000)
    return run_view(number, of, **fields)


def bimodal(**fields: Any) -> RunResult:
    """A run of which one in ten operations takes some six times as long as the others."""
    points = ((0.0, 41), (0.3, 62), (0.92, 78), (0.99, 90), (1.01, 300), (1.3, 420), (2.0, 520))
    slow = tuple(CurvePoint(x, y * 1_000) for x, y in (*points, (3.2, 900)))
    fields.setdefault("state", "finished")
    fields.setdefault("curve", slow)
    fields.setdefault("operations", 20_000)
    fields.setdefault("bins", bins_of(20_000, (0.9, 62_100, 0.15), (0.1, 400_000, 0.2)))
    percentiles = {"p50": 63_400, "p95": 400_000, "p99": 540_000}
    fields.setdefault("percentiles_ns", {**PERCENTILES_NS, **percentiles})
    return run_view(0, MEDIATOR.profiles[0], **fields)


def session_view(*runs: RunResult, **fields: Any) -> SessionView:
    fields.setdefault("session", "20250131T120530-abc")
    fields.setdefault("state", "running")
    fields.setdefault("loop", "uvloop")
    fields.setdefault("started_at", "2025-01-31T12:05:30.123Z")
    fields.setdefault("elapsed_ns", 4_200_000_000)
    return SessionView(runs=runs, **fields)


def running() -> SessionView:
    command, query, concurrent = MEDIATOR.profiles
    steady = SEARCH.profiles[0]
    others = tuple(p.full_name for p in (query, concurrent, steady))
    return session_view(
        run_view(
            0,
            command,
            neighbours=others,
            targets=(
                TargetResult("p95 < 50ms", 120_000, "met"),
                TargetResult("errors == 0", 0, "met"),
            ),
        ),
        run_view(1, query, phase="warmup", progress=0.4, scale=3, operations=0),
        run_view(2, concurrent, oldest_ns=3_200_000_000, scale=20),
        run_view(3, steady, lateness_p50_ns=51_000, service_p50_ns=58_000, unstarted=7, scale=40),
    )


def finished() -> SessionView:
    command, query, _ = MEDIATOR.profiles
    return session_view(
        run_view(
            0,
            command,
            state="finished",
            phase="teardown",
            operations=12_345,
            errors={"TimeoutError": 3, "ValueError": 1},
            targets=(
                TargetResult("p95 < 50ms", 120_000, "met"),
                TargetResult("errors == 0", 4, "missed"),
            ),
            verdict="missed",
            warnings=("shares its loop with the screen",),
            in_flight=0,
        ),
        run_view(1, query, state="stopped", verdict="met", in_flight=0),
        state="finished",
        elapsed_ns=7 * SECOND_NS,
        stored=True,
    )


def paused() -> SessionView:
    """Everything stands still, and one of the runs has had more load than its profile says."""
    view = running()
    runs = tuple(
        msgspec.structs.replace(run, life=RunLife("measure", paused=run.state == "running"))
        for run in view.runs
    )
    marks = (MarkRecord(620_000_000, "500 → 625/s"), MarkRecord(1_150_000_000, "paused"))
    view = msgspec.structs.replace(view, runs=runs)
    return replaced(view, 3, level=625.0, marks=marks, measured_ns=1_150_000_000)


def batched() -> SessionView:
    """Operations too short for the clock, and a session that tells how it fares."""
    run = run_view(
        0,
        MEDIATOR.profiles[0],
        batch=256,
        mean_ns=212.4,
        operations=46_080_000,
        throughput_per_s=4_608_000.0,
        warmup_ns=1_250_000_000,
        slowest="3 of the 5 slowest intervals had a GC pause, "
        "1 had the event loop blocked for 12.0ms",
    )
    return session_view(
        run,
        timer="timerfd",
        clock_cost_ns=84.2,
        await_cost_ns=45.1,
        runner_cpu_share=1.02,
        loop_lag_ns=12_400_000,
        gc_pauses=3,
        gc_pause_ns=5_820_000,
    )


def repeated() -> SessionView:
    """The second of three rounds, after one that was faster."""
    command, query, _ = MEDIATOR.profiles
    return session_view(
        run_view(0, command, state="finished", verdict="met", in_flight=0),
        run_view(1, query, state="finished", verdict="met", in_flight=0),
        run_view(2, command, round=2, scale=2),
        run_view(3, query, round=2, phase="warmup", progress=0.9, operations=0),
        run_view(4, command, round=3, state="planned", phase=None, operations=0),
        run_view(5, query, round=3, state="planned", phase=None, operations=0),
        rounds=3,
    )


def known() -> SessionView:
    """A run that lasts until its p95 is known well enough, and how well it is known."""
    steady = SEARCH.profiles[0]
    precise = msgspec.structs.replace(
        steady,
        precision=Precision("p95", 0.02, at_least_ns=2 * SECOND_NS, at_most_ns=60 * SECOND_NS),
    )
    intervals = {"p50": (60_000, 65_500), "p90": (91_000, 99_900), "p95": (112_000, 131_000)}
    intervals["p99"] = (700_000, 1_150_000)
    run = run_view(
        0,
        precise,
        progress=0.4,
        progress_note="p95 ± 7.9 %, wanted 2 %",
        confidence_ns=intervals,
        unstarted=7,
        lateness_p50_ns=9_000,
        service_p50_ns=58_000,
        warnings=("operations started late: lateness p50 9.00µs is more than a tenth of it",),
    )
    return session_view(run)


def erring(**fields: Any) -> RunResult:
    """A run of which operations failed in two ways."""
    traceback = 'Traceback (most recent call last):\n  File "shop.py", line 3, in checkout\n'
    fields.setdefault("errors", {"shop.NoStock": 7, "TimeoutError": 123})
    messages = {"TimeoutError": "", "shop.NoStock": "nothing left of [bold]x[/]\x1b[2J"}
    fields.setdefault("messages", messages)
    fields.setdefault(
        "tracebacks",
        {
            "TimeoutError": traceback + "TimeoutError\n",
            "shop.NoStock": traceback + "shop.NoStock: nothing left of [bold]x[/]\x1b[2J\n",
        },
    )
    return run_view(0, MEDIATOR.profiles[0], **fields)


def staged() -> RunResult:
    """A run of a load with two stages, the second of which is a ramp."""
    load = StagedLoad(
        of="rate",
        stages=(Stage(100.0, 5 * SECOND_NS), Stage(1_000.0, 10 * SECOND_NS, ramp=True)),
    )
    return run_view(
        0,
        msgspec.structs.replace(SEARCH.profiles[0], load=load),
        state="finished",
        stages=(
            StageRecord(
                from_ns=0,
                until_ns=5 * SECOND_NS,
                from_level=100.0,
                until_level=100.0,
                operations=500,
                errors=0,
                throughput_per_s=100.0,
                percentiles_ns={"p50": 62_100, "p95": 120_000, "p99": None},
                samples_missing={"p99": 500},
                max_ns=310_000,
            ),
            StageRecord(
                from_ns=5 * SECOND_NS,
                until_ns=15 * SECOND_NS,
                from_level=100.0,
                until_level=1_000.0,
                operations=5_500,
                errors=7,
                throughput_per_s=550.0,
                percentiles_ns={"p50": 248_000, "p95": 1_200_000, "p99": 8_120_000},
                samples_missing={},
                max_ns=31_000_000,
            ),
        ),
    )


def failed() -> SessionView:
    return session_view(
        run_view(
            0,
            MEDIATOR.profiles[0],
            state="failed",
            phase="setup",
            operations=0,
            throughput_per_s=None,
            percentiles_ns={},
            samples_missing={},
            max_ns=None,
            trend_ns=(),
            curve=(),
            in_flight=0,
            verdict="missed",
            reason="ConnectionError: [red]no[/] database\x1b[31m at all",
            traceback="Traceback (most recent call last):\n"
            '  File "shop.py", line 3, in checkout\n'
            "    await connect()\n"
            "ConnectionError: [red]no[/] database\x1b[31m at all\n",
        ),
        state="finished",
        log=(
            LogEntry("[bold]starting[/bold]"),
            LogEntry("\x1b[2Jcleared?", "stderr", "mediator.command-dispatch", 1_204_000_000),
            LogEntry("done", profile="mediator.query-dispatch", offset_ns=61_500_000_000),
        ),
    )


def replaced(view: SessionView, number: int, **fields: Any) -> SessionView:
    """The view with one of its runs changed; the others are the very same."""
    runs = tuple(
        msgspec.structs.replace(run, **fields) if run.run == number else run for run in view.runs
    )
    return msgspec.structs.replace(view, runs=runs)
