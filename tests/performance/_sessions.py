"""One profile, measured in runner processes of its own as the command does it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from cortex_tui.loads.port import Load
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.port import Placement, Stream
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import Message
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.session_fold import SessionFold

WARMUP_NS = 200_000_000

React = Callable[[Stream, Message], None]


class Subjects:
    """A folder with the code of workloads, and plans that measure them; a context."""

    def __init__(self, code: str) -> None:
        self._stack = ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        (self.folder / "subject.py").write_text(code, encoding="utf-8")

    def __enter__(self) -> Subjects:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def plan(
        self,
        function: str,
        load: Load,
        duration_ns: int,
        processes: int = 1,
        warmup_ns: int = WARMUP_NS,
    ) -> SessionPlan:
        """One run of the `function`."""
        profile = Profile(
            suite="performance",
            name=function,
            workload=f"subject:{function}",
            source=str(self.folder / "performance.toml"),
            load=load,
            warmup=Length(duration_ns=warmup_ns) if warmup_ns else Length(),
            stop=Length(duration_ns=duration_ns),
        )
        return SessionPlan(
            session="performance",
            runs=(RunPlan(0, profile, runners=tuple(range(processes))),),
            scratch=str(self.folder / "scratch"),
            cache=str(self.folder / "cache"),
        )


def measured(code: str, function: str, load: Load, duration_ns: int, processes: int = 1) -> RunFold:
    """What was measured of the `function` in `code`, after 0.2 s of warm-up."""
    with Subjects(code) as subjects:
        plan = subjects.plan(function, load, duration_ns, processes)
        run = asyncio.run(folded(plan, InRunnerProcess())).runs[0]
    assert run.life.outcome == "finished", run.reason
    return run


async def folded(
    plan: SessionPlan, placement: Placement, react: React = lambda stream, message: None
) -> SessionFold:
    """The session of a plan; `react` is given each message once it is folded in."""
    fold = SessionFold(plan, "process", "")
    async with placement.open(plan) as stream:
        async for batch in stream:
            for message in batch:
                fold.apply(message)
                react(stream, message)
    return fold
