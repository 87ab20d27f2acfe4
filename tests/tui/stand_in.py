"""A controller that is fed views by hand, and the screen as text."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from difflib import unified_diff
from itertools import count
from pathlib import Path
from unittest.mock import patch

from textual import events
from textual.pilot import Pilot

from cortex_tui.profiles.model import Catalog, Profile
from cortex_tui.profiles.search_path import SuiteReader
from cortex_tui.protocol.messages import Answered
from cortex_tui.results.series import RunSeries
from cortex_tui.results.session_result import SessionResult
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import SavedSnapshot, TimedPhase, UntilDecided
from cortex_tui.session.versions import Version
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.records import SessionRecord
from cortex_tui.tui.app import MakeControl, Workbench
from cortex_tui.tui.config.model import DEFAULTS, Config
from cortex_tui.tui.screens.main import MainScreen
from cortex_tui.tui.state.cost import CostMeter
from cortex_tui.tui.state.memory import Memory
from cortex_tui.tui.state.pace import LOOK_S
from tests.patience import PATIENCE_S
from tests.tui.samples import CATALOG

GOLDEN = Path(__file__).parent / "golden"
STORE = ".cortex-tui/snapshots.db"
PYTHONS_OWN = gc.get_threshold()
SIZES = ((80, 24), (120, 40), (200, 60))
"""Of a small terminal, a common one, and one that fills a large display."""


class StandIn:
    """Remembers what was asked of it; shows the view that it was given last."""

    def __init__(self, view: SessionView | None = None) -> None:
        self.view = view
        self.started: list[tuple[list[str], bool]] = []
        self.profiles: list[Profile] = []
        """Those that were started last."""
        self.rounds: list[int] = []
        self.versions: list[tuple[Version, ...]] = []
        self.stopped: list[int | None] = []
        self.asked: list[tuple[str, int | None]] = []
        self.saving: list[tuple[str, int | None, Future[SavedSnapshot]]] = []
        self.answer: Answered | Exception = Answered(True, "2 runs: as you say")
        self.notes: list[tuple[int, int, str]] = []
        self.intervals: dict[int, RunSeries] = {}
        """Those of each run that there are any of."""
        self.closed = 0
        self.refuse: Exception | None = None
        self.refuse_to_close: Exception | None = None

    def start(
        self,
        profiles: Sequence[Profile],
        *,
        one_by_one: bool = False,
        repeat: int = 1,
        versions: Sequence[Version] = (),
        until: UntilDecided | None = None,
    ) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.profiles = list(profiles)
        self.started.append(([p.full_name for p in profiles], one_by_one))
        self.versions.append(tuple(versions))
        self.rounds.append(repeat)

    def stop(self, run: int | None = None) -> Future[Answered]:
        self.stopped.append(run)
        return self._answered()

    def pause(self, run: int | None = None) -> Future[Answered]:
        return self._ask(("pause", run))

    def resume(self, run: int | None = None) -> Future[Answered]:
        return self._ask(("resume", run))

    def end_phase(
        self, run: int | None = None, *, phase: TimedPhase | None = None
    ) -> Future[Answered]:
        return self._ask((f"end {phase}", run))

    def adjust(self, run: int | None, factor: float) -> Future[Answered]:
        return self._ask((f"adjust {factor}", run))

    def _ask(self, asked: tuple[str, int | None]) -> Future[Answered]:
        self.asked.append(asked)
        return self._answered()

    def _answered(self) -> Future[Answered]:
        answer: Future[Answered] = Future()
        if isinstance(self.answer, Exception):
            answer.set_exception(self.answer)
        else:
            answer.set_result(self.answer)
        return answer

    def save(self, name: str, *, run: int | None = None, note: str = "") -> Future[SavedSnapshot]:
        future: Future[SavedSnapshot] = Future()
        self.saving.append((name, run, future))
        return future

    def tag(self, tags: Sequence[str]) -> Future[None]:
        raise NotImplementedError  # nothing here tags a session

    def result(self) -> Future[SessionResult]:
        future: Future[SessionResult] = Future()
        future.set_result(
            SessionResult(record=SessionRecord(id="20260101T000000-abc", started_at=""))
        )
        return future

    def note(self, session: str, run: int, offset_ns: int, text: str) -> Future[Answered]:
        self.notes.append((run, offset_ns, text))
        return self._answered()

    def series(self, session: str, run: int) -> Future[RunSeries]:
        future: Future[RunSeries] = Future()
        if run in self.intervals:
            future.set_result(self.intervals[run])
        else:
            future.set_exception(SnapshotError(f"there is no run {run}"))
        return future

    def close(self) -> None:
        self.closed += 1
        if self.refuse_to_close is not None:
            raise self.refuse_to_close


class Bench:
    """A running workbench, as a person meets it: keys, mouse, and what stands on the screen."""

    def __init__(self, app: Workbench, pilot: Pilot[int], control: StandIn) -> None:
        self.app = app
        self.pilot = pilot
        self.control = control

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def in_one_piece(self, *keys: str) -> None:
        """Keys that have all come before the first of them is looked at."""
        for key in keys:
            self.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await self.pilot.pause()

    async def show(self, view: SessionView | None) -> None:
        """Has the controller publish a view, and the screen look at it, details included."""
        self.control.view = view
        self.main.poll()
        self.main.show()
        await self.pilot.pause()

    async def until(self, what: Callable[[], object]) -> None:
        """Waits for what another thread does."""
        async with asyncio.timeout(PATIENCE_S):
            while not what():
                await asyncio.sleep(0.005)
                await self.pilot.pause()

    @property
    def main(self) -> MainScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def line_with(self, text: str) -> str:
        return next(line for line in self.lines if text in line)

    @property
    def notifications(self) -> list[str]:
        """Their texts, oldest first."""
        return [notification.message for notification in self.app._notifications]


@asynccontextmanager
async def bench(
    control: StandIn | None = None,
    size: tuple[int, int] = (80, 24),
    *,
    catalog: Catalog = CATALOG,
    checked: Sequence[str] = (),
    make_control: MakeControl | None = None,
    frame_ns: int = 0,
    reader: SuiteReader | None = None,
    config: Config = DEFAULTS,
    memory: Memory | None = None,
    store: str = STORE,
    looks: bool = False,
    notices: bool = False,
) -> AsyncIterator[Bench]:
    """A workbench that uses 4 % of the CPU, on a machine of two cores.

    With `make_control` it may not be ready yet. Views are shown to it, unless it `looks` itself, as
    often as it does for a person: how often it has looked is among what it draws. With `notices`
    these are drawn, too.
    """
    control = control or StandIn()
    app = Workbench(
        catalog,
        make_control or (lambda loop: control),
        checked=checked,
        store=store,
        reader=reader,
        meter=CostMeter(
            wall=count(step=250_000_000).__next__,
            process=count(step=10_000_000).__next__,
            thread=count(step=frame_ns).__next__,
        ),
        cores=2,
        config=config,
        memory=memory,
    )
    # A workbench freezes what exists when it begins: of hundreds in one process, each would keep
    # the garbage of the one before it for ever. Nor does it thaw the tests themselves.
    every_s = LOOK_S if looks else 1e6
    with (
        patch.object(gc, "freeze"),
        patch.object(gc, "unfreeze"),
        patch("cortex_tui.tui.screens.main.LOOK_S", every_s),
        garbage_seldom_looked_for(),
    ):
        async with app.run_test(size=size, notifications=notices) as pilot:
            await pilot.pause()
            while make_control is None and not app.ready:
                await asyncio.sleep(0.001)
                await pilot.pause()
            yield Bench(app, pilot, control)


@contextmanager
def garbage_seldom_looked_for() -> Iterator[None]:
    """About as in the program that shows a workbench, and left as it is where a test has chosen."""
    before = gc.get_threshold()
    if before == PYTHONS_OWN:
        gc.set_threshold(20_000, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def check_golden(name: str, size: tuple[int, int], text: str) -> None:
    """Compares with tests/tui/golden; with UPDATE_GOLDEN=1 it writes instead."""
    file = GOLDEN / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8")
    golden = file.read_text(encoding="utf-8")
    # Spelt out: pytest shortens texts of that length.
    assert text == golden, "\n".join(unified_diff(golden.split("\n"), text.split("\n"), n=1))
