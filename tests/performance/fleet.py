"""How many more operations two runner processes do than one, of one that does nothing.

One Python loop is the limit of such an operation, so with two cores two loops should do almost
twice as many. Needs two cores that nothing else uses.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.session_fold import SessionFold
from tests.performance._measure import Measurements

WORKLOAD = "async def noop(): pass\n"


def cost(processes: int, duration_ns: int) -> float:
    """The ns that an operation took on average, over all processes."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "fleet_noop.py").write_text(WORKLOAD, encoding="utf-8")
        profile = Profile(
            suite="fleet",
            name="noop",
            workload="fleet_noop:noop",
            source=f"{folder}/fleet.toml",
            load=ClosedLoad(workers=2, processes=processes),
            warmup=Length(duration_ns=200_000_000),
            stop=Length(duration_ns=duration_ns),
        )
        plan = SessionPlan(
            session="fleet",
            runs=(RunPlan(0, profile, runners=tuple(range(processes))),),
            scratch=folder,
            cache=folder,
        )
        return asyncio.run(_cost(plan))


async def _cost(plan: SessionPlan) -> float:
    fold = SessionFold(plan, "process", "")
    async with InRunnerProcess().open(plan) as stream:
        async for batch in stream:
            for message in batch:
                fold.apply(message)
    run = fold.runs[0]
    assert run.life.outcome == "finished", run.reason
    return run.measured_ns / run.operations


def main() -> None:
    measurements = Measurements("What a second runner process is worth.")
    duration_ns = 1_000_000_000 if measurements.quick else 3_000_000_000
    measurements.compare(
        "an operation that does nothing, in two processes and in one",
        lambda: cost(2, duration_ns),
        lambda: cost(1, duration_ns),
        unit="ns/operation",
        goal=1.7,
        rounds=measurements.rounds(quick=3, full=7),
    )
    measurements.exit()


if __name__ == "__main__":
    main()
