"""How close together the runners of a session begin, and cut their intervals.

Beginning is looked at on this machine, where all processes have one clock. Intervals are looked at
on two machines, both of them this one. The clock of the second is 300 ms ahead and too fast by 100
parts in a million (`tests.wrong_clocks`), and the run has a pause and two changes of load.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.port import Load
from cortex_tui.placement.cluster.placement import OnCluster
from cortex_tui.placement.cluster.plain import PlainAgents
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.port import Placement, Stream
from cortex_tui.protocol.commands import Adjust, Command, Pause, Request, Resume
from cortex_tui.protocol.messages import Answer, Message, Samples
from tests import wrong_clocks
from tests.cuts import Noted
from tests.performance._measure import Measurements

MS = 1_000_000
SECOND = 1_000 * MS

AHEAD_NS = 300 * MS
GAINS_PPB = 100_000
START_MS = 2.0
NARROW_NS = 200_000
"""Cuts are compared where they are known that well: a process that has no processor for a while
notes nothing."""


def add_rows(measurements: Measurements) -> None:
    """Adds what this module measures."""
    _add_starts(measurements)
    _add_alignment(measurements)


def _add_starts(measurements: Measurements) -> None:
    """The first operations of all runners on one machine."""
    sessions = measurements.rounds(quick=5, full=20)
    for count in (2, 4):
        load = ClosedLoad(count, think_time_ns=10 * MS, processes=count)
        what = f"first operations of {count} processes, furthest apart in {sessions} sessions"
        if measurements.wants(what):
            found = [_start_spread_ms(load) for _ in range(sessions)]
            measurements.absolute(what, max(found), unit="ms", goal=START_MS)
            measurements.show(f"{what}: in the middle", median(found), max(found), unit="ms")


def _start_spread_ms(load: Load) -> float:
    session = _noted(InRunnerProcess, load, 300 * MS)
    firsts = [notes.first_ns for notes in session.notes]
    return (max(firsts) - min(firsts)) / MS


def _add_alignment(measurements: Measurements) -> None:
    """Intervals of machines whose clocks are wrong, against what is stated about the clocks."""
    duration_ns = (20 if measurements.quick else 120) * SECOND
    within = "in Python" if wrong_clocks.why_no_namespaces() else "in a time namespace"
    what = f"intervals of two machines, 300 ms ({within}) and 100 ppm apart, over the stated bound"
    if not measurements.wants(what):
        return
    session = _noted(_two_machines, ClosedLoad(2, processes=2), duration_ns, _person())
    right, wrong = session.notes
    apart_ms = [
        abs(a.middle_ns - b.middle_ns) / MS
        for a, b in zip(right.cuts(), wrong.cuts(), strict=False)
        if max(a.width_ns, b.width_ns) <= NARROW_NS
    ]
    if not apart_ms:
        measurements.line(
            f"{what}: no process had its processor", 0, None, 0, 1, met=False, unit=""
        )
        return
    measurements.ratio(what, max(apart_ms), session.bound_ns() / MS, unit="ms", goal=1.0)
    left_alone_ms = (AHEAD_NS + duration_ns * GAINS_PPB / 1e9) / MS
    measurements.show(
        f"the middle of {len(apart_ms)} intervals, over what nobody had corrected",
        median(apart_ms), left_alone_ms, unit="ms",
    )  # fmt: skip


def _two_machines() -> Placement:
    if wrong_clocks.why_no_namespaces():
        wrong = wrong_clocks.skewed(ahead_ns=AHEAD_NS, gains_ppb=GAINS_PPB)
    else:
        wrong = [*wrong_clocks.ahead(AHEAD_NS), *wrong_clocks.skewed(gains_ppb=GAINS_PPB)]
    prefixes = [["env", "NOTES=agent-1"], [*wrong, "env", "NOTES=agent-2"]]
    return OnCluster(PlainAgents(2, prefixes), ClusterSettings(loose_clock=True))


def _person() -> Callable[[Stream, Message], None]:
    """Pauses a run, resumes it and changes its load there and back, each when what was before is
    done."""
    commands: Iterator[Command] = iter([Pause(0), Resume(0), Adjust(0, 2.0), Adjust(0, 0.5)])
    number = 0

    def react(stream: Stream, message: Message) -> None:
        nonlocal number
        under_way = isinstance(message, Samples) and message.interval > 50
        if isinstance(message, Answer) or (under_way and not number):
            number += 1
            if (command := next(commands, None)) is not None:
                stream.send(Request(number, command))

    return react


def _noted(
    make: Callable[[], Placement],
    load: Load,
    duration_ns: int,
    react: Callable[[Stream, Message], None] = lambda stream, message: None,
) -> Noted:
    async def run() -> Noted:
        session, placement = Noted(Path(folder)), make()
        try:
            await session.run(placement, load, duration_ns, react)
        finally:
            await placement.aclose()
        return session

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run())
