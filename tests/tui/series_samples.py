"""The intervals of runs as a screen may meet them."""

from __future__ import annotations

import math
import struct
from typing import Any

import msgspec

from cortex_tui.protocol.messages import Health
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.series import RunSeries
from cortex_tui.results.slices import IntervalSlice
from cortex_tui.results.view import SessionView
from cortex_tui.stats.interval_histogram import IntervalHistogram
from tests.tui.samples import SECOND_NS, TENTH_NS, session_view
from tests.tui.stand_in import StandIn


def _slice(run: RunResult, at: int, times: IntervalHistogram, **fields: Any) -> IntervalSlice:
    """The interval `at` of a tenth of a second, with these times of service, and of response in an
    open load."""
    none = IntervalHistogram.of(b"")
    made: dict[str, Any] = {
        "from_ns": at * TENTH_NS,
        "until_ns": (at + 1) * TENTH_NS,
        "service": times,
        "response": times if run.profile.headline == "response" else none,
        "lateness": none,
        "failure": none,
        "errors": {},
        "unstarted": 0,
        "in_flight": 1,
        "neighbours": 0,
        "level": None,
        "health": Health(),
    }
    return IntervalSlice(**made | fields)


def series_of(run: RunResult, *, seconds: int) -> RunSeries:
    """Intervals of a tenth of a second in which two operations took as many ms as the interval's
    number, counted from 1, and one half of that."""
    slices = []
    for at in range(seconds * 10):
        ns = (at + 1) * 1_000_000
        times = IntervalHistogram.of(struct.pack("3q", ns // 2, ns, ns))
        slices.append(_slice(run, at, times, oldest_ns=ns))
    return RunSeries(
        run=run.run,
        headline=run.profile.headline,
        slice_ns=TENTH_NS,
        end_ns=seconds * SECOND_NS,
        slices=tuple(slices),
        marks=run.marks,
    )


def eventful(run: RunResult, *, tenths: int, missing: range = range(0)) -> RunSeries:
    """Intervals of 40 operations of about a millisecond in waves: every fifth has three of 8 ms,
    and in two of 37 the event loop was blocked, so that all took thirty times as long. Twice as
    many from the 30th on, and nothing in those that are `missing`."""
    slices = []
    for at in range(tenths):
        if at in missing:
            continue
        blocked = at % 37 in (20, 21)
        count = 40 if at < 30 else 80
        wave = 1_000_000 * (1 + 0.3 * math.sin(at / 9)) * (30 if blocked else 1)
        values = [int(wave * (0.7 + 0.6 * n / count)) for n in range(count)]
        if at % 5 == 0:
            values[:3] = [8 * value for value in values[:3]]
        times = IntervalHistogram.of(struct.pack(f"{count}q", *values))
        slices.append(
            _slice(
                run,
                at,
                times,
                errors={"TimeoutError": 2} if at % 37 == 21 else {},
                oldest_ns=values[0],
                level=10.0 * count if run.profile.headline == "response" else 1.0,
                health=Health(
                    loop_lag_ns=129_000_000 if blocked else 0,
                    gc_pause_ns=4_000_000 if at % 13 == 7 else 0,
                    steal_ns=20_000_000 if at % 29 == 3 else 0,
                    block_cause="at prices.py:21 in lookup" if blocked else "",
                ),
            )
        )
    return RunSeries(
        run=run.run,
        headline=run.profile.headline,
        slice_ns=TENTH_NS,
        end_ns=tenths * TENTH_NS,
        slices=tuple(slices),
        marks=run.marks,
    )


def with_intervals(view: SessionView) -> StandIn:
    """A controller that has those of all runs, each of 30 seconds."""
    control = StandIn(view)
    control.intervals = {run.run: series_of(run, seconds=30) for run in view.runs}
    return control


def measured(view: SessionView, seconds: int = 30) -> SessionView:
    """The session, its runs of that length."""
    runs = (msgspec.structs.replace(run, measured_ns=seconds * SECOND_NS) for run in view.runs)
    return session_view(*runs, state=view.state)
