"""The plan of a session that compares versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.passwords import taken_from
from cortex_tui.placement.registry import IN_PROCESS, PROCESS
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.plan import RunnerSpec, SessionPlan, Variant
from cortex_tui.session.planning import balanced_orders, plan_of
from cortex_tui.session.scratch import Scratch
from cortex_tui.session.versions import Version, alone_and_together

VERSIONS = (Version(Variant(name="old")), Version(Variant(name="new", params={"size": 2})))


def profile(name: str, *, processes: int = 1, alone: bool = False) -> Profile:
    return Profile(
        suite="shop",
        name=name,
        workload="bench:visit",
        params={"size": 1},
        load=ClosedLoad(workers=processes, processes=processes),
        stop=Length(1),
        alone=alone,
        source="/project/profiles/shop.toml",
    )


def planned(
    *profiles: Profile,
    rounds: int = 2,
    one_by_one: bool = False,
    versions: Sequence[Version] = VERSIONS,
) -> SessionPlan:
    return plan_of(
        profiles,
        started_at=datetime.now(UTC),
        place=PROCESS,
        scratch=Scratch(Path("/nowhere")),
        one_by_one=one_by_one,
        rounds=rounds,
        loop="auto",
        versions=versions,
    )


def groups(plan: SessionPlan) -> list[list[str]]:
    return [[f"{run.profile.name} {run.variant}" for run in group] for group in plan.groups]


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("seed", range(20))
def test_each_version_comes_as_often_before_another_as_behind_it(count: int, seed: int) -> None:
    orders = balanced_orders(count, 8, seed)
    assert all(sorted(order) == list(range(count)) for order in orders)
    for a in range(count):
        for b in range(a):
            assert sum(order.index(a) < order.index(b) for order in orders) == 4
    assert orders == balanced_orders(count, 8, seed)


def test_the_profiles_of_a_version_measure_together_in_each_round() -> None:
    first, second, third, fourth = groups(planned(profile("a"), profile("b")))
    assert {first[0].split()[1], second[0].split()[1]} == {"old", "new"}
    assert [line.split()[1] for line in (first[0], second[0])] == [
        line.split()[1] for line in (fourth[0], third[0])
    ]
    assert [line.split()[0] for line in first] == ["a", "b"]


@pytest.mark.parametrize("one_by_one", [True, False])
def test_versions_of_a_profile_that_is_alone_follow_each_other(one_by_one: bool) -> None:
    alone = not one_by_one
    plan = planned(profile("a", alone=alone), profile("b", alone=alone), one_by_one=one_by_one)
    assert [group[0].split()[0] for group in groups(plan)] == list("aabbaabb")
    assert [run.run for group in plan.groups for run in group] == list(range(8))


def test_all_tests_of_a_version_are_one_run_of_pytest_in_each_round() -> None:
    """pytest is started once for them, in the folder where the version's code lies."""
    folder = str(Path.cwd())
    tests = [
        replace(
            profile(name, alone=True),
            workload=f"pytest:tests/test_shop.py::{name}",
            params={"folder": folder, "rootdir": folder, "options": "-k x"},
            source=f"{folder}/tests/test_shop.py",
        )
        for name in "ab"
    ]
    versions = [Version(Variant(name="old"), folder, "/code"), Version(Variant(name="new"))]
    plan = planned(*tests, one_by_one=True, versions=versions)
    order = [group[0] for group in groups(plan)]
    assert [line.split()[0] for line in order] == list("abababab")
    assert order[0].split()[1] == order[1].split()[1] == order[-1].split()[1]
    for run in plan.runs:
        spec = replace(plan, runner=run.runners[0]).spec
        where = "/code" if run.variant == "old" else folder
        assert (spec.program, spec.cwd, spec.variant) == ("pytest", where, run.variant)
        assert run.profile.params == {"folder": where, "rootdir": where, "options": "-k x"}
        assert run.profile.source == f"{where}/tests/test_shop.py"


def test_each_version_has_fresh_runners_of_its_own_in_each_round() -> None:
    plan = planned(profile("a", processes=2), profile("b"))
    found = {(run.round, run.variant): set[int]() for run in plan.runs}
    for run in plan.runs:
        found[run.round, run.variant] |= set(run.runners)
    assert found == {
        (1, "old"): {0, 1}, (1, "new"): {2, 3}, (2, "old"): {4, 5}, (2, "new"): {6, 7},
    }  # fmt: skip
    for run in plan.runs:
        for runner in run.runners:
            assert replace(plan, runner=runner).spec.variant == run.variant


def test_parameters_and_places_of_a_version_are_in_its_profiles_and_runners() -> None:
    moved = Version(Variant(name="v1", env={"A": "1"}), "/project", "/code")
    assert moved.profile(profile("a")).source == "/code/profiles/shop.toml"
    spec = moved.spec(RunnerSpec())
    assert (spec.foreign, spec.own, spec.env["A"]) == ("/project", "/code", "1")
    assert VERSIONS[1].profile(profile("a")).params == {"size": 2}
    assert VERSIONS[0].profile(profile("a")) == profile("a")
    outside = Profile(suite="s", name="n", workload="w:w", stop=Length(1), source="/other/s.toml")
    assert moved.profile(outside).source == "/other/s.toml"


def test_versions_need_runners_of_their_own() -> None:
    with pytest.raises(ValueError, match="in this process"):
        plan_of(
            [profile("a")],
            started_at=datetime.now(UTC),
            place=IN_PROCESS,
            scratch=Scratch(Path("/nowhere")),
            one_by_one=False,
            rounds=1,
            loop="auto",
            versions=VERSIONS,
        )


def test_a_profile_alone_and_together_is_measured_both_ways_in_each_round() -> None:
    one, other = profile("one"), profile("other")
    plan = planned(one, other, rounds=4, versions=alone_and_together(one))
    found = groups(plan)
    assert (
        sorted(map(tuple, found)) == [("one alone",)] * 4 + [("one together", "other together")] * 4
    )
    # As often one way round as the other.
    assert sum(found[at][0] == "one alone" for at in range(0, 8, 2)) == 2
    assert len({run.runners for run in plan.runs}) == 8


def test_only_the_runner_is_given_the_passwords_of_databases() -> None:
    database = taken_from("postgresql://me:hidden@host/db")
    over_core = replace(profile("get"), workload="cortex.get")
    versions = (Version(Variant(name="own")), Version(Variant(name="server", database=database)))
    plan = planned(over_core, profile("visit"), rounds=1, versions=versions)
    found = {(run.profile.name, run.variant): run.profile.database for run in plan.runs}
    assert found == {
        ("get", "own"): "own",
        ("get", "server"): database,
        ("visit", "own"): "own",
        ("visit", "server"): "own",
    }
    assert plan.addresses == {database: "postgresql://me:hidden@host/db"}
    without = replace(plan, addresses={})
    assert b"hidden" not in msgspec.json.encode(without)
