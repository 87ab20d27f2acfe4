"""Sessions on machines whose clocks are ahead and too fast."""

from __future__ import annotations

from collections.abc import Sequence
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
from cortex_tui.protocol.messages import (
    LogLine,
    SessionFinished,
    StateChanged,
)
from tests import wrong_clocks
from tests.cuts import Noted

pytestmark = pytest.mark.long

M = TypeVar("M")

MS = 1_000_000
AHEAD = 300 * MS
FAST = 400_000
"""ns in a second; in the few seconds of a test that is some tenths of a millisecond each."""


async def measured(
    folder: Path,
    wrong: Sequence[str],
    settings: ClusterSettings | None = None,
    duration_ns: int = 2_000 * MS,
) -> Noted:
    """Two runners, the second of them on a machine with a wrong clock."""
    prefixes = [["env", "NOTES=agent-1"], [*wrong, "env", "NOTES=agent-2"]]
    placement = OnCluster(PlainAgents(2, prefixes), settings or ClusterSettings())
    session = Noted(folder)
    try:
        await session.run(placement, ClosedLoad(2, processes=2), duration_ns)
    finally:
        await placement.aclose()
    return session


def wrong_clock(how: str) -> list[str]:
    if how == "namespace":
        if why := wrong_clocks.why_no_namespaces():
            pytest.skip(why)
        return [*wrong_clocks.ahead(AHEAD), *wrong_clocks.skewed(gains_ppb=FAST)]
    return wrong_clocks.skewed(ahead_ns=AHEAD, gains_ppb=FAST)


@pytest.mark.parametrize("how", ["namespace", "python"])
async def test_intervals_are_cut_together_within_the_bound(tmp_path: Path, how: str) -> None:
    session = await measured(tmp_path, wrong_clock(how), ClusterSettings(loose_clock=True))
    right, wrong = session.notes
    bound_ns = session.bound_ns()
    cuts = list(zip(right.cuts(), wrong.cuts(), strict=False))
    assert len(cuts) > 10
    apart_ns = [max(a.after_ns - b.before_ns, b.after_ns - a.before_ns) for a, b in cuts]
    assert max(apart_ns) <= bound_ns
    # Without being moved, all that the second runner sends would be 0.3 s later.
    times = [changed.at_ns for changed in session.of(StateChanged)]
    assert min(b - a for a, b in pairwise(times)) > -AHEAD / 2
    log = [line.text for line in session.of(LogLine)]
    assert any(text.startswith("clocks of the machines: known within") for text in log)


async def test_a_clock_of_which_too_little_is_known_is_refused_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placement_module, "MOST_BOUND_NS", 0)
    monkeypatch.setattr(placement_module, "PATIENCE_S", 0.1)
    refused, allowed = tmp_path / "refused", tmp_path / "allowed"
    refused.mkdir()
    allowed.mkdir()
    with pytest.raises(ClusterError, match=r"the clock of machine agent-1 .*--loose-clock"):
        await measured(refused, ["env"])
    session = await measured(allowed, ["env"], ClusterSettings(loose_clock=True), 100 * MS)
    assert session.of(SessionFinished)
