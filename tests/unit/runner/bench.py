"""Sessions on the test's own loop, with workloads that each test writes for itself."""

from __future__ import annotations

import textwrap
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.lifecycle import Phase, RunLife
from cortex_tui.protocol.messages import Message, RunFinished, Samples, StateChanged
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.runner.session import Session

M = TypeVar("M")

GIVEN: dict[str, dict[str, Any]] = {}
"""What a test's workloads find among their globals, by the name of their module."""

HEAD = """
import asyncio
import time
from cortex_tui import per_worker, shared, workload
from tests.unit.runner.bench import GIVEN
globals().update(GIVEN.get(__name__, {}))
"""

NOOP = """
async def noop():
    pass
"""
"""The least that can be measured."""


class PhaseChanged(NamedTuple):
    """A run is in another phase; made of its states."""

    run: int
    phase: Phase
    at_ns: int


class Paused(NamedTuple):
    """A run is paused, or not any more; made of its states."""

    run: int
    paused: bool
    at_ns: int


class Waiting(NamedTuple):
    """A run has warmed up, and waits for its neighbours; made of its states."""

    run: int


class Stopping(NamedTuple):
    """A run was asked to stop; made of its states."""

    run: int


Event = Message | PhaseChanged | Paused | Waiting | Stopping


def events_of(message: Message, lives: dict[int, RunLife]) -> Iterator[Event]:
    """The message, and what is new in the state that it reports; `lives` has those before."""
    yield message
    if not isinstance(message, StateChanged):
        return
    run, life, at_ns = message.run, message.life, message.at_ns
    before = lives.get(run, RunLife())
    lives[run] = life
    if life.paused != before.paused:
        yield Paused(run, life.paused, at_ns)
    if life.stopping and not before.stopping:
        yield Stopping(run)
    if life.stage == "warm" != before.stage:
        yield Waiting(run)
    begins = life.stage in ("setup", "warmup", "measure") or before.stage == "measure"
    if begins and life.stage != before.stage and life.phase is not None:
        yield PhaseChanged(run, life.phase, at_ns)


class Recorded:
    """A session's messages, as they came, with what is new in each state."""

    def __init__(self) -> None:
        self.messages: list[Event] = []

    def of(self, kind: type[M]) -> list[M]:
        return [message for message in self.messages if isinstance(message, kind)]

    def finished(self, run: int = 0) -> RunFinished:
        (found,) = (message for message in self.of(RunFinished) if message.run == run)
        return found

    def measured(self, run: int = 0) -> list[Samples]:
        return [s for s in self.of(Samples) if s.run == run and s.phase == "measure"]

    def errors(self, run: int = 0) -> dict[str, int]:
        """The failures of the measure phase of a run, by type."""
        counts: Counter[str] = Counter()
        for samples in self.measured(run):
            counts.update(samples.errors)
        return dict(counts)

    def began_ns(self, phase: str, run: int = 0) -> int:
        """When a phase of a run began."""
        (found,) = (m for m in self.of(PhaseChanged) if m.run == run and m.phase == phase)
        return found.at_ns

    def values(self, which: str, run: int = 0) -> list[int]:
        """All values of a kind that the measure phase of a run recorded."""
        return [value for s in self.measured(run) for value in array("q", getattr(s, which))]


class Bench:
    """Writes workloads into a module of their own, and runs profiles of them."""

    def __init__(self, folder: Path, module: str) -> None:
        self.folder = folder
        self.module = module
        self.session: Session
        """The one under way."""

    def write(self, source: str, **given: Any) -> None:
        """The module of the workloads; what is `given` is among its globals."""
        GIVEN[self.module] = given
        path = self.folder / f"{self.module}.py"
        path.write_text(HEAD + textwrap.dedent(source), encoding="utf-8")

    def profile(self, function: str, **fields: Any) -> Profile:
        fields.setdefault("stop", Length(iterations=50))
        return Profile(
            suite="bench",
            name=function,
            workload=f"{self.module}:{function}",
            source=str(self.folder / "bench.toml"),
            **fields,
        )

    def plan(self, *profiles: Profile, rounds: int = 1, **fields: Any) -> SessionPlan:
        turns = [(turn, profile) for turn in range(rounds) for profile in profiles]
        return SessionPlan(
            session="test",
            runs=tuple(
                RunPlan(number, profile, turn + 1) for number, (turn, profile) in enumerate(turns)
            ),
            scratch=str(self.folder),
            cache=str(self.folder),
            **fields,
        )

    async def run(
        self,
        *profiles: Profile,
        on_message: Callable[[Session, Event], None] = lambda session, message: None,
        **fields: Any,
    ) -> Recorded:
        """Runs the profiles together to their end; `on_message` may stop the session."""
        recorded = Recorded()
        lives: dict[int, RunLife] = {}

        def emit(batch: list[Message]) -> None:
            events = [event for message in batch for event in events_of(message, lives)]
            recorded.messages.extend(events)
            for event in events:
                on_message(session, event)

        session = self.session = Session(self.plan(*profiles, **fields), emit)
        await session.run()
        return recorded
