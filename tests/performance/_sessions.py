"""One profile, measured in runner processes of its own as the command does it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from cortex_tui.loads.port import Load
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.session_fold import SessionFold

WARMUP_NS = 200_000_000


def measured(code: str, function: str, load: Load, duration_ns: int, processes: int = 1) -> RunFold:
    """What was measured of the `function` in `code`, after 0.2 s of warm-up."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "subject.py").write_text(code, encoding="utf-8")
        profile = Profile(
            suite="performance",
            name=function,
            workload=f"subject:{function}",
            source=f"{folder}/performance.toml",
            load=load,
            warmup=Length(duration_ns=WARMUP_NS),
            stop=Length(duration_ns=duration_ns),
        )
        plan = SessionPlan(
            session="performance",
            runs=(RunPlan(0, profile, runners=tuple(range(processes))),),
            scratch=folder,
            cache=folder,
        )
        return asyncio.run(_measured(plan))


async def _measured(plan: SessionPlan) -> RunFold:
    fold = SessionFold(plan, "process", "")
    async with InRunnerProcess().open(plan) as stream:
        async for batch in stream:
            for message in batch:
                fold.apply(message)
    run = fold.runs[0]
    assert run.life.outcome == "finished", run.reason
    return run
