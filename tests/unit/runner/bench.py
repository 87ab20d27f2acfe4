"""Sessions on the test's own loop, with workloads that each test writes for itself."""

from __future__ import annotations

import textwrap
from array import array
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import Message, PhaseChanged, RunFinished, Samples
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


class Recorded:
    """A session's messages, as they came."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

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
        on_message: Callable[[Session, Message], None] = lambda session, message: None,
        **fields: Any,
    ) -> Recorded:
        """Runs the profiles together to their end; `on_message` may stop the session."""
        recorded = Recorded()

        def emit(batch: list[Message]) -> None:
            recorded.messages.extend(batch)
            for message in batch:
                on_message(session, message)

        session = self.session = Session(self.plan(*profiles, **fields), emit)
        await session.run()
        return recorded
