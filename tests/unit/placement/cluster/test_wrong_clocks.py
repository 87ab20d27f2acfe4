"""Sessions on machines whose clocks are ahead and too fast."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.placement.cluster import placement as placement_module
from cortex_tui.placement.cluster.placement import OnCluster
from cortex_tui.placement.cluster.plain import PlainAgents
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import (
    ClockKnown,
    LogLine,
    Message,
    RunnerPlaced,
    SessionFinished,
    StateChanged,
)
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from tests import wrong_clocks
from tests.cuts import SOURCE, Notes

M = TypeVar("M")

MS = 1_000_000
AHEAD = 300 * MS
FAST = 400_000
"""ns in a second; in the few seconds of a test that is some tenths of a millisecond each."""


class Session:
    """A run of two runners, the second of them on a machine with a wrong clock."""

    def __init__(self, folder: Path, wrong: list[str]) -> None:
        self._folder, self._notes = folder, folder / "notes"
        self._notes.mkdir()
        self._suite = folder / "suite"  # whose paths are others on another machine
        self._suite.mkdir()
        (self._suite / "noting.py").write_text(SOURCE, encoding="utf-8")
        prefixes = [["env", "NOTES=agent-1"], [*wrong, "env", "NOTES=agent-2"]]
        self._adapter = PlainAgents(2, prefixes)
        self.messages: list[Message] = []

    async def run(self, settings: ClusterSettings | None = None) -> None:
        profile = Profile(
            suite="clocks",
            name="noted",
            workload="noting:noted",
            source=str(self._suite / "clocks.toml"),
            params={"folder": str(self._notes)},
            load=ClosedLoad(2, processes=2),
            stop=Length(duration_ns=3_000 * MS),
        )
        plan = SessionPlan(
            session="clocks",
            runs=(RunPlan(0, profile, runners=(0, 1)),),
            scratch=str(self._folder / "scratch"),
            cache=str(self._folder / "cache"),
        )
        placement = OnCluster(self._adapter, settings or ClusterSettings())
        try:
            async with placement.open(plan) as stream:
                async for batch in stream:
                    self.messages += batch
        finally:
            await placement.aclose()

    def of(self, kind: type[M]) -> list[M]:
        return [message for message in self.messages if isinstance(message, kind)]

    def log(self) -> list[str]:
        return [line.text for line in self.of(LogLine)]

    def state_times(self) -> list[int]:
        return [changed.at_ns for changed in self.of(StateChanged)]

    def notes(self) -> list[Notes]:
        placed = {each.runner: each.machine for each in self.of(RunnerPlaced)}
        return [
            Notes(self._notes / f"{placed[runner]}.notes", self.messages, runner)
            for runner in (0, 1)
        ]

    def bound_ns(self) -> int:
        """How far two machines may be apart, as it was stated."""
        bounds: dict[str, int] = {}
        for known in self.of(ClockKnown):
            bounds[known.machine] = max(bounds.get(known.machine, 0), known.bound_ns)
        assert len(bounds) == 2
        return sum(bounds.values())


def wrong_clock(how: str) -> list[str]:
    if how == "namespace":
        if why := wrong_clocks.why_no_namespaces():
            pytest.skip(why)
        return [*wrong_clocks.ahead(AHEAD), *wrong_clocks.skewed(gains_ppb=FAST)]
    return wrong_clocks.skewed(ahead_ns=AHEAD, gains_ppb=FAST)


@pytest.mark.parametrize("how", ["namespace", "python"])
async def test_intervals_are_cut_together_within_the_bound(tmp_path: Path, how: str) -> None:
    session = Session(tmp_path, wrong_clock(how))
    await session.run()
    right, wrong = session.notes()
    bound_ns = session.bound_ns()
    cuts = list(zip(right.cuts(), wrong.cuts(), strict=False))
    assert len(cuts) > 10
    apart_ns = [max(a.after_ns - b.before_ns, b.after_ns - a.before_ns) for a, b in cuts]
    assert max(apart_ns) <= bound_ns
    # Without being moved, all that the second runner sends would be 0.3 s later.
    late_ns = [b - a for a, b in pairwise(session.state_times())]
    assert min(late_ns) > -AHEAD / 2
    assert any(line.startswith("clocks of the machines: known within") for line in session.log())


async def test_a_clock_of_which_too_little_is_known_is_refused_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placement_module, "MOST_BOUND_NS", 0)
    monkeypatch.setattr(placement_module, "PATIENCE_S", 0.1)
    session = Session(tmp_path, ["env"])
    with pytest.raises(ClusterError, match=r"the clock of machine agent-1 .*--loose-clock"):
        await session.run()
    await session.run(ClusterSettings(loose_clock=True))
    assert session.of(SessionFinished)
