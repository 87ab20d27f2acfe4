"""What differs in what two sessions measured is found, and what is the same is not listed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.protocol.plan import Variant
from cortex_tui.results.differences import (
    Change,
    differences,
    profile_changes,
    value_text,
)
from cortex_tui.store.records import StoredSession
from tests.unit.store import samples


def stored(**fields: Any) -> StoredSession:
    return StoredSession(
        session=samples.session(**fields), state="finished", runs=samples.batch().runs
    )


def test_a_session_measured_the_same_as_itself() -> None:
    found = differences(stored(), stored())
    assert found.none
    assert [each.found for each in found.profiles] == ["both", "both"]


def test_facts_of_the_environment_are_compared_by_key_and_passing_ones_not() -> None:
    a = stored(
        environment={"python": "3.11", "packages": {"x": "1", "y": "1"}, "free_bytes": 7, "gil": 1}
    )
    b = stored(
        environment={"python": "3.12", "packages": {"x": "2", "y": "1"}, "free_bytes": 8, "os": "L"}
    )
    assert differences(a, b).environment == (
        Change("python", "3.11", "3.12"),
        Change("packages.x", "1", "2"),
        Change("gil", 1, None),
        Change("os", None, "L"),
    )


def test_how_a_session_ran_is_compared_with_its_variants() -> None:
    new = Variant(name="new", revision="abc")
    found = differences(stored(rounds=1), stored(rounds=6, loop="uvloop", variants=(new,)))
    assert not found.none
    assert found.session[:2] == (Change("loop", "", "uvloop"), Change("rounds", 1, 6))
    assert Change("variants.new.revision", None, "abc") in found.session


def test_profiles_of_one_side_only_are_named() -> None:
    a, b = stored(), stored()
    a = msgspec.structs.replace(a, runs=a.runs[:1])
    b = msgspec.structs.replace(b, runs=b.runs[1:])
    found = [(each.profile, each.found) for each in differences(a, b).profiles]
    assert found == [("search.simple-text", "a"), ("search.steady", "b")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"workload": "other"}, [Change("workload", "cortex.search", "other")]),
        (
            {"params": {"conversations": 60, "limit": 3}},
            [
                Change("params.conversations", 30, 60),
                Change("params.text", "Performance", None),
                Change("params.limit", None, 3),
            ],
        ),
        ({"load": ClosedLoad(workers=9)}, [Change("load.workers", 2, 9)]),
        ({"targets": ()}, [Change("targets", ("p95 < 200ms", "errors == 0"), ())]),
        ({"timeout_ns": 5}, [Change("timeout_ns", None, 5)]),
        ({"suite": "moved", "name": "renamed", "source": "x.toml", "summary": "s"}, []),
    ],
)
def test_a_profile_is_compared_field_by_field(
    fields: dict[str, Any], expected: list[Change]
) -> None:
    changed = msgspec.structs.replace(samples.CLOSED, **fields)
    assert list(profile_changes(samples.CLOSED, changed)) == expected


def test_neighbours_and_batches_are_those_that_were_measured() -> None:
    a, b = stored(), stored()
    run = msgspec.structs.replace(b.runs[0], neighbours=(), batch=100)
    (first, _) = differences(a, msgspec.structs.replace(b, runs=(run, b.runs[1]))).profiles
    assert first.changes == (Change("batch", 1, 100), Change("neighbours", ("search.other",), ()))


def test_a_load_written_before_a_setting_was_added_measures_the_same() -> None:
    definition = samples.CLOSED.definition
    assert msgspec.structs.replace(samples.CLOSED, name="other").definition == definition
    longer = msgspec.structs.replace(samples.CLOSED, stop=samples.OPEN.stop, targets=())
    assert longer.definition == definition
    spelt_out = msgspec.structs.replace(samples.CLOSED, load=ClosedLoad(2, 0))
    assert spelt_out.definition == definition
    assert msgspec.structs.replace(samples.CLOSED, params={}).definition != definition


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("gil", None, "–"),
        ("gil", True, "yes"),
        ("gil", False, "no"),
        ("stop.duration_ns", 1_500_000_000, "1.50s"),
        ("load.rate_per_s", 2_000.0, "2000/s"),
        ("iterations", 7, "7"),
        ("tags", ["a", "b"], "a, b"),
        ("tags", (), "none"),
        ("note", "one\ntwo", "one␊two"),
        ("note", "", '""'),
    ],
)
def test_a_value_is_shown_with_its_unit_on_one_line(key: str, value: object, text: str) -> None:
    assert value_text(key, value) == text
