"""The noise floor, and what is said from it before anything is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from cortex_tui.analysis.noise import apart, noise_of, noise_of_values, rounds_to_find
from cortex_tui.protocol.messages import Health
from cortex_tui.store.records import StoredSession
from tests.unit.store import samples

SECOND_NS = 1_000_000_000
NAME = samples.CLOSED.full_name


def stored(
    values: Sequence[Sequence[int]], health: Sequence[Health] = (), **fields: Any
) -> StoredSession:
    """A session of one run with these operations in its intervals, of a second each."""
    batch = samples.batch(runs=1, count=1)
    run = msgspec.structs.replace(
        batch.runs[0],
        service=samples.total([list(part) for part in values]).moments,
        **{"state": "finished", **fields},
    )
    calm = Health(wall_ns=SECOND_NS)
    intervals = tuple(
        msgspec.structs.replace(
            next(iter(batch.intervals)),
            first=at,
            service=samples.encoded(part),
            health=health[at] if health else calm,
        )
        for at, part in enumerate(values)
    )
    session = samples.session(environment={"python": "3.11.7", "cpu": "one"})
    return StoredSession(session=session, state="finished", runs=(run,), intervals=intervals)


def p50_spread(*levels_ns: float) -> float:
    return noise_of_values([{"p50": level} for level in levels_ns]).deviations["p50"]


def test_the_noise_of_stored_sessions_is_that_of_their_percentiles() -> None:
    levels_ns = (1_000_000, 1_100_000, 1_050_000)
    (found,) = noise_of([stored([[level] * 100]) for level in levels_ns], "2026-01-01")
    assert (found.name, found.sessions, found.measured_at) == (NAME, 3, "2026-01-01")
    # Buckets are at most a thousandth wide.
    assert found.deviations["p50"] == pytest.approx(p50_spread(*levels_ns), rel=0.05)


def test_noise_is_known_for_the_same_profile_on_the_same_kind_of_machine() -> None:
    def keys(session: StoredSession) -> tuple[str, str]:
        (found,) = noise_of([session, session], "")
        return found.profile, found.machine

    def on(**facts: str) -> StoredSession:
        record = msgspec.structs.replace(
            one.session, environment={**one.session.environment, **facts}
        )
        return msgspec.structs.replace(one, session=record)

    one = stored([[1_000_000] * 100])
    profile, machine = keys(one)
    assert keys(on(python="3.11.9")) == (profile, machine)
    assert keys(on(hostname="elsewhere")) == (profile, machine)
    assert keys(on(cpu="two")) != (profile, machine)
    assert keys(on(python="3.12.0")) != (profile, machine)
    other = msgspec.structs.replace(samples.CLOSED, params={"conversations": 31})
    assert keys(stored([[1_000_000] * 100], profile=other))[0] != profile


def test_one_session_and_none_show_no_noise() -> None:
    assert noise_of([], "") == []
    assert noise_of([stored([[1_000_000] * 100])], "") == []


def test_a_session_that_lost_a_part_of_its_load_is_no_measure() -> None:
    whole = [stored([[level] * 100]) for level in (1_000_000, 1_100_000)]
    partial = stored([[9_000_000] * 100], partial="shard 2 was lost")
    (found,) = noise_of([*whole, partial], "")
    assert found.sessions == 2
    assert found.deviations["p50"] == pytest.approx(p50_spread(1_000_000, 1_100_000), rel=0.05)
    assert noise_of([whole[0], partial], "") == []


def test_what_others_disturbed_is_left_out_where_sessions_stay_comparable() -> None:
    """In one session either a fiftieth of the operations was disturbed or nearly all."""
    disturbed = Health(wall_ns=SECOND_NS, steal_ns=SECOND_NS // 2)
    calm = Health(wall_ns=SECOND_NS)
    level, slow = [1_000_000] * 2_000, [50_000_000] * 40
    quiet = stored([level])
    (few,) = noise_of([quiet, stored([level, slow], [calm, disturbed])], "")
    assert few.deviations["p99"] == pytest.approx(0, abs=0.01)
    (most,) = noise_of([quiet, stored([slow, level], [calm, disturbed])], "")
    assert most.deviations["p99"] > 1


def test_the_noise_is_the_spread_of_logarithms_between_sessions() -> None:
    values = [{"p50": 100.0, "p95": 300.0}, {"p50": 110.0}, {"p50": 121.0, "p95": 1.0}]
    record = noise_of_values(values)
    assert record.deviations == {"p50": pytest.approx(math.log(1.1))}
    assert record.successive == {"p50": pytest.approx(math.log(1.1))}
    assert record.sessions == 3


def test_a_slow_drift_has_hardly_a_part_in_what_one_round_differs_from_the_next() -> None:
    record = noise_of_values([{"p99": 100 * 1.02**number} for number in range(20)])
    assert record.deviations["p99"] > 5 * record.successive["p99"]


def test_the_noisier_it_is_the_more_rounds_are_needed() -> None:
    def needed(spread: float, difference: float, family: int = 1) -> int:
        values = [{"p99": 100 * (1 + spread * (-1) ** number)} for number in range(8)]
        found = rounds_to_find(noise_of_values(values), "p99", difference, family=family)
        assert found is not None
        return found

    assert needed(0.01, 0.1) < needed(0.03, 0.1) < needed(0.06, 0.1)
    assert needed(0.06, 0.2) < needed(0.06, 0.1) < needed(0.06, 0.1, family=20)
    few = noise_of_values([{"p99": 100.0}, {"p99": 101.0}])
    assert rounds_to_find(few, "p99", 0.1) is None
    assert rounds_to_find(noise_of_values([{"p50": 1.0}] * 6), "p99", 0.1) is None


def test_two_sessions_lie_further_apart_than_the_spread_of_one() -> None:
    assert apart(0.01, 100) == pytest.approx(1.984 * math.sqrt(2) * 0.01, rel=0.02)
    assert apart(0.01, 5) > apart(0.01, 100)
