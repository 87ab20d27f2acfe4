"""How well the clocks of machines are known, as it is reported of runs and of the session."""

from __future__ import annotations

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.protocol.messages import ClockKnown, MachineDescribed, RunnerPlaced
from cortex_tui.protocol.moments import ClockMap
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.differences import environment_changes
from cortex_tui.results.machines import clocks_text
from cortex_tui.results.session_fold import SessionFold
from tests.unit.session.messages import at_stage, profile, started

US = 1_000


def session() -> SessionFold:
    """Of two runners, on the machines a and b."""
    each = profile(load=ClosedLoad(2, processes=2))
    runs = (RunPlan(0, each, 1, (0, 1)), RunPlan(1, each, 2, (0, 1)))
    fold = SessionFold(SessionPlan(session="s", runs=runs, scratch="", cache=""), "cluster", "")
    for machine in ("a", "b"):
        fold.apply(MachineDescribed(machine, {"cores": 4}, 1))
    know(fold, a=200, b=400)
    for runner, machine in enumerate(("a", "b")):
        fold.apply(RunnerPlaced(runner, machine, 1))
    fold.apply(started())
    return fold


def know(fold: SessionFold, **bounds_us: int) -> None:
    for machine, bound_us in bounds_us.items():
        fold.apply(ClockKnown(machine, bound_us * US, ClockMap(), 1))


def bounds_us(fold: SessionFold, run: int = 0) -> list[float]:
    return [(shard.clock_bound_ns or 0) / US for shard in fold.results()[run].shards]


def begin(fold: SessionFold, run: int) -> None:
    for stage in ("setup", "set_up", "warmup", "warm", "measure"):
        fold.apply(at_stage(run, stage, 0))


def test_a_run_has_the_worst_that_was_known_while_it_measured() -> None:
    fold = session()
    assert bounds_us(fold) == [200, 400]
    know(fold, a=300, b=300)
    assert bounds_us(fold) == [300, 300]
    begin(fold, 0)
    know(fold, a=100, b=500)
    know(fold, b=350)
    assert fold.runs[0].shards.each[1].clock_bound_ns == 500 * US
    fold.apply(at_stage(0, "measured", 0, outcome="finished"))
    know(fold, a=900, b=900)
    assert bounds_us(fold) == [300, 500]
    assert bounds_us(fold, 1) == [900, 900]


def test_a_session_has_what_was_known_when_it_began() -> None:
    fold = session()
    know(fold, a=900)
    assert clocks_text(fold.environment) == "±200µs (a) to ±400µs (b)"
    assert environment_changes(fold.environment, session().environment) == ()
    # A later part of the session describes its machines anew.
    fold.apply(MachineDescribed("a", {"cores": 4}, 1))
    know(fold, a=400)
    assert clocks_text(fold.environment) == "±400µs"


def test_without_a_cluster_nothing_is_said_of_clocks() -> None:
    assert clocks_text({"cores": 4}) == clocks_text({"machines": {"a": {"cores": 4}}}) == ""
