"""The workbench on a stream of made-up messages: 20 runs, each with a message ten times a second.

Run as a program on a terminal by `screen.py`: `python _replayed.py FOLDER INTERVALS FILE`. It
writes into FILE what each tab cost while it was open. With 0 INTERVALS messages come as a runner
sends them, until the program is left; else that many of each run, as fast as they are taken in.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import threading
import time
from array import array
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.events import Key

from cortex_tui.freed import keep_little_freed_memory
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.placement.port import Place, Stream
from cortex_tui.placement.registry import PLACEMENTS
from cortex_tui.profiles.model import Catalog, Length, Profile, Suite
from cortex_tui.protocol.commands import ToRunner
from cortex_tui.protocol.lifecycle import RunLife, Stage
from cortex_tui.protocol.messages import (
    Health,
    Message,
    RunnerDied,
    RunPlanned,
    Samples,
    SessionStarted,
    StateChanged,
)
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.session.control import Control
from cortex_tui.session.controller import SessionController
from cortex_tui.tui.app import Workbench
from cortex_tui.tui.garbage import looked_for_seldom
from cortex_tui.tui.panes.port import Pane
from cortex_tui.tui.state.cost import CostMeter

RUNS = 20
PER_MESSAGE = 50
TENTH_NS = 100_000_000
STAGES: tuple[Stage, ...] = ("setup", "warmup", "measure")
DONE = "no more messages"
"""How the session ends."""


def profiles() -> tuple[Profile, ...]:
    """Half of them closed, half open."""
    return tuple(
        Profile(
            suite="replayed",
            name=f"profile-{number:02}",
            workload="replayed:nothing",
            source="replayed.toml",
            load=OpenLoad(500.0) if number % 2 else ClosedLoad(4),
            warmup=Length(0),
            stop=Length(duration_ns=7_200 * 10 * TENTH_NS),
            targets=("p95 < 50ms", "errors == 0"),
        )
        for number in range(RUNS)
    )


class Replay:
    """A placement without a runner."""

    def __init__(self, intervals: int) -> None:
        self._intervals = intervals
        # numpy's own would stay in memory.
        chance = random.Random(1)
        self._raw: list[bytes] = []
        for message in range(64):
            times = [int(chance.lognormvariate(13.5, 0.5)) for _ in range(PER_MESSAGE)]
            if message % 7 == 0:
                times[:3] = [20 * each for each in times[:3]]
            self._raw.append(array("q", times).tobytes())

    @asynccontextmanager
    async def open(self, plan: SessionPlan) -> AsyncIterator[Stream]:
        stream = Stream(self._ignore, lambda reason: None)
        stream.kill = lambda reason: stream.deliver([RunnerDied(reason, time.perf_counter_ns())])
        sending = asyncio.create_task(self._send(plan, stream))
        try:
            yield stream
        finally:
            sending.cancel()

    def _ignore(self, request: ToRunner) -> None:
        pass

    async def _send(self, plan: SessionPlan, stream: Stream) -> None:
        began_ns = time.perf_counter_ns()
        stream.deliver(self._beginning(plan, began_ns))
        interval = 0
        while not self._intervals or interval < self._intervals:
            interval += 1
            at_ns = began_ns + interval * TENTH_NS
            if self._intervals:
                await asyncio.sleep(0)
            else:
                await asyncio.sleep((at_ns - time.perf_counter_ns()) / 1e9)
            stream.deliver([self._samples(each.run, interval, at_ns) for each in plan.runs])
        stream.deliver([RunnerDied(DONE, time.perf_counter_ns())])

    def _beginning(self, plan: SessionPlan, at_ns: int) -> list[Message]:
        messages: list[Message] = [
            SessionStarted(at_ns, 0, "3.11", "uvloop", "timerfd", 1, 40.0, 45.0)
        ]
        names = tuple(each.profile.full_name for each in plan.runs)
        for each in plan.runs:
            messages.append(RunPlanned(each.run, each.profile, names[: each.run]))
            messages += [StateChanged(each.run, RunLife(stage), at_ns) for stage in STAGES]
        return messages

    def _samples(self, run: int, interval: int, at_ns: int) -> Samples:
        raw = self._raw[(run * 7 + interval) % len(self._raw)]
        return Samples(
            run=run,
            phase="measure",
            interval=interval - 1,
            service=raw,
            response=raw if run % 2 else b"",
            lateness=raw if run % 2 else b"",
            in_flight=1,
            neighbours=RUNS - 1,
            at_ns=at_ns,
            health=Health(
                loop_lag_ns=20_000_000 if interval % 40 == 0 else 0,
                gc_pause_ns=3_000_000 if interval % 25 == 0 else 0,
                cpu_ns=TENTH_NS,
                wall_ns=TENTH_NS,
            ),
        )

    def prepare(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


class TabCosts(CostMeter):
    """What each tab cost, from one frame to the next: all that the screen's thread did then."""

    def __init__(self) -> None:
        super().__init__()
        self.app: Workbench | None = None
        self.drew_pane = False
        self.took_keys = False
        """Whether keys were pressed since the last frame: what they cost is no part of a tab.
        (Hundreds are pressed while one is open, to see how long they take.)"""
        self.frames_ms: dict[str, list[float]] = defaultdict(list)
        self.holds_ms: dict[str, list[float]] = defaultdict(list)
        self.wall_s: dict[str, float] = defaultdict(float)
        self.cpu_s: dict[str, float] = defaultdict(float)
        self._before: tuple[str, int, float, float] | None = None

    @property
    def tab(self) -> str:
        return self.app._main.pane.NAME if self.app is not None else ""

    @property
    def is_showing(self) -> bool:
        """Whether it shows a session: it has not just been opened, and is not being left, when
        Textual waits for its thread of keys for up to 100 ms."""
        return self._before is not None and self.app is not None and not self.app._ending

    def begin_frame(self) -> None:
        super().begin_frame()
        now = self.tab, time.thread_time_ns(), time.perf_counter(), time.process_time()
        before, self._before = self._before, now
        if before is not None and before[0] == now[0] and not self.took_keys:
            if self.drew_pane:
                self.frames_ms[now[0]].append((now[1] - before[1]) / 1e6)
            self.wall_s[now[0]] += now[2] - before[2]
            self.cpu_s[now[0]] += now[3] - before[3]
        self.drew_pane = self.took_keys = False

    def watch(self) -> None:
        """Has every callback of this thread's loop timed while it shows a session, and
        every drawn pane and every key noted."""
        run, thread, show, meter = asyncio.Handle._run, threading.get_ident(), Pane.show, self
        take = Workbench._take

        def timed(handle: asyncio.Handle) -> None:
            if threading.get_ident() != thread or not meter.is_showing:
                run(handle)
                return
            start_ns = time.perf_counter_ns()
            run(handle)
            meter.holds_ms[meter.tab].append((time.perf_counter_ns() - start_ns) / 1e6)

        def shown(pane: Pane, now: Any) -> None:
            meter.drew_pane = True
            show(pane, now)

        async def pressed(app: Workbench, event: Key) -> None:
            meter.took_keys = True
            await take(app, event)

        asyncio.Handle._run = timed  # type: ignore[assignment, method-assign]
        Pane.show = shown  # type: ignore[assignment, method-assign]
        Workbench._take = pressed  # type: ignore[assignment, method-assign]

    def report(self) -> dict[str, Any]:
        return {
            "frames_ms": self.frames_ms,
            "longest_hold_ms": {tab: max(holds) for tab, holds in self.holds_ms.items() if holds},
            "cpu_share": {tab: self.cpu_s[tab] / self.wall_s[tab] for tab in self.wall_s},
            "resident_mb": resident_mb(),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024**2


def main() -> None:
    folder, intervals, file = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    place = Place("replay", "from made-up messages", lambda loop: Replay(intervals))
    place = place._replace(own_process=True, can_be_killed=True)
    PLACEMENTS[place.name] = place
    suite = Suite(name="replayed", source="replayed.toml", profiles=profiles())

    def make_control(loop: asyncio.AbstractEventLoop) -> Control:
        return SessionController(folder / "snapshots.db", place=place)

    keep_little_freed_memory()  # as a workbench that is launched does
    meter = TabCosts()
    meter.watch()
    checked = [each.full_name for each in suite.profiles]
    app = Workbench(Catalog((suite,)), make_control, checked=checked, meter=meter)
    meter.app = app
    with looked_for_seldom():
        app.run()
    file.write_text(json.dumps(meter.report()), encoding="utf-8")
    app.close_control()


if __name__ == "__main__":
    main()
