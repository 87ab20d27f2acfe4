"""Agents with many runners merge what they send."""

from __future__ import annotations

from pathlib import Path

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.placement.cluster.adapters import adapter_of
from cortex_tui.placement.cluster.placement import OnCluster
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import Message, RunnerPlaced, Samples
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.session_fold import SessionFold


async def test_a_merged_run_is_whole_and_its_runners_are_known(tmp_path: Path) -> None:
    (tmp_path / "subject.py").write_text("async def quick(): pass\n", encoding="utf-8")
    profile = Profile(
        suite="s",
        name="quick",
        workload="subject:quick",
        source=str(tmp_path / "s.toml"),
        load=ClosedLoad(workers=4, processes=4),
        stop=Length(iterations=400),
    )
    plan = SessionPlan(
        session="x",
        runs=(RunPlan(0, profile, 1, (0, 1, 2, 3)),),
        scratch=str(tmp_path / "scratch"),
        cache=str(tmp_path / "cache"),
    )
    settings = ClusterSettings(merge_from=2, loose_clock=True)
    cluster = OnCluster(adapter_of("agents:2", settings), settings)
    fold, messages = SessionFold(plan, "cluster", "2026-01-01T00:00:00Z"), list[Message]()
    try:
        async with cluster.open(plan) as stream:
            async for batch in stream:
                messages += batch
                for message in batch:
                    fold.apply(message)
    finally:
        await cluster.aclose()
    run = fold.runs[0]
    assert (run.life.outcome, run.reason) == ("finished", "")
    assert {n: each.succeeded for n, each in run.shards.each.items()} == {
        0: 100,
        1: 100,
        2: 100,
        3: 100,
    }
    placed = {m.runner: m.machine for m in messages if isinstance(m, RunnerPlaced)}
    assert placed[0] == placed[2] != placed[1] == placed[3]
    # What the session receives comes from two machines, not from four runners.
    assert {m.runner for m in messages if isinstance(m, Samples)} == {0, 1}
