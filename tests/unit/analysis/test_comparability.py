"""What differs between two sides, and whether their times can be compared all the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cortex_tui.analysis.arms import Arm
from cortex_tui.analysis.comparability import arm_differences
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.profiles.model import Length, Precision, Profile
from cortex_tui.profiles.variants import going_on, lasting, warmed_up

PROFILE = Profile(
    suite="shop",
    name="order",
    workload="shop:order",
    stop=Length(1_000_000_000),
    targets=("p95 < 50ms",),
)


def but(**fields: Any) -> Profile:
    return msgspec.structs.replace(PROFILE, **fields)


@pytest.mark.parametrize(
    "other",
    [
        lasting(PROFILE, 5),
        warmed_up(PROFILE, Length(5), auto=True),
        going_on(PROFILE, 60_000_000_000),
        but(precision=Precision("p99", 0.02, 1, 2)),
        but(targets=(), warn_targets=("p95 < 1ms",)),
        but(tags=("slow",), alone=True),
    ],
)
def test_how_long_it_was_measured_and_how_it_is_judged_breaks_no_comparison(other: Profile) -> None:
    found = arm_differences(Arm(PROFILE, ()), Arm(other, ()))
    assert found
    assert not any(each.breaks for each in found)


@pytest.mark.parametrize(
    "other",
    [
        but(params={"size": 5}),
        but(load=ClosedLoad(2)),
        but(workload="shop:pay"),
        but(timeout_ns=5),
        but(database="memory"),
        but(database="postgresql://host/db"),
    ],
)
def test_what_is_measured_breaks_a_comparison(other: Profile) -> None:
    assert any(each.breaks for each in arm_differences(Arm(PROFILE, ()), Arm(other, ())))


def test_two_servers_are_as_two_machines() -> None:
    one, other = but(database="postgresql://a/db"), but(database="postgres://b:5433/other")
    found = arm_differences(Arm(one, ()), Arm(other, ()))
    assert [(each.what, each.breaks) for each in found] == [("database", False)]
    assert one.definition == other.definition != PROFILE.definition
