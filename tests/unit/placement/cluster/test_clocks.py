"""How well a machine's clock is known, against a simulated one whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.placement.cluster.clocks import (
    Exchange,
    Sighting,
    fitted,
    followed,
    sightings,
)
from cortex_tui.protocol.moments import ClockMap

MS = 1_000_000
SECOND = 1_000 * MS

Clock = Callable[[int], int]
"""What the machine's clock shows at a moment of the session's."""


def clock(ahead_ns: int, gains_ppb: int) -> Clock:
    return ClockMap(0, ahead_ns, gains_ppb).to_machine


def exchanged(machine: Clock, at_ns: int, count: int, draw: random.Random) -> list[Exchange]:
    """Exchanges, 16 ms apart, each way with a delay of its own."""
    found = []
    for n in range(count):
        sent = at_ns + n * 16 * MS
        received = sent + 50_000 + round(draw.expovariate(1 / 100_000))
        answered = received + round(draw.expovariate(1 / 20_000))
        back = answered + 50_000 + round(draw.expovariate(1 / 100_000))
        found.append(Exchange(sent, machine(received), machine(answered), back))
    return found


@given(
    ahead_ns=st.integers(-(10**18), 10**18),
    gains_ppb=st.integers(-500_000, 500_000),
    seed=st.integers(0, 1_000),
)
def test_a_clock_is_where_the_map_has_it_within_the_bound(
    ahead_ns: int, gains_ppb: int, seed: int
) -> None:
    machine, draw = clock(ahead_ns, gains_ppb), random.Random(seed)
    fit, jumped_ns = followed(None, sightings(exchanged(machine, 0, 64, draw)))
    for at_s in (0, 5, 10, 20):
        if at_s:
            seen = sightings(exchanged(machine, at_s * SECOND, 8, draw))
            fit, jumped_ns = followed(fit, seen)
        assert jumped_ns == 0
        for later_s in (0, 1, 5, 10):
            moment = (at_s + later_s) * SECOND
            assert abs(fit.map.to_machine(moment) - machine(moment)) <= fit.bound_ns(moment)


def test_the_bound_is_a_fraction_of_a_millisecond_once_the_speed_is_known() -> None:
    machine, draw = clock(300 * MS, 100_000), random.Random(1)
    fit = fitted(sightings(exchanged(machine, 0, 64, draw)))
    for at_s in range(10, 70, 10):
        seen = sightings(exchanged(machine, at_s * SECOND, 8, draw))
        fit, _ = followed(fit, seen)
    assert fit.bound_ns(60 * SECOND) < 0.2 * MS
    assert fit.bound_ns(70 * SECOND) < 0.5 * MS
    assert fit.map.gains_ppb == pytest.approx(100_000, abs=5_000)


def test_the_bound_grows_while_nothing_is_exchanged() -> None:
    fit = fitted([Sighting(0, 7, 100), Sighting(SECOND, 7, 100)])
    bounds = [fit.bound_ns(at_s * SECOND) for at_s in (1, 2, 10, 600)]
    assert bounds == sorted(set(bounds))


def test_only_what_was_little_on_the_way_is_used() -> None:
    quick = [Exchange(n, n + 1_000 + ahead, n + 1_000 + ahead, n + 2_000)
             for n, ahead in enumerate((10, 12, 14))]  # fmt: skip
    slow = [Exchange(n, n + 900_000, n + 900_000, n + 1_000_000) for n in range(5)]
    (seen,) = sightings([*slow, *quick])
    assert seen.ahead_ns == 12
    assert seen.bound_ns == 1_001


def test_a_clock_that_was_set_during_an_exchange_counts_for_nothing() -> None:
    whole = Exchange(0, 600, 700, 1_000)
    assert sightings([Exchange(0, 0, 5 * SECOND, 1_000)]) == []
    (seen,) = sightings([whole, Exchange(0, 0, 5 * SECOND, 1_000)])
    assert seen.ahead_ns == whole.ahead_ns == 150


@pytest.mark.parametrize("jump_ns", [2 * SECOND, -300 * MS])
def test_a_clock_that_jumps_is_found_and_followed_from_there(jump_ns: int) -> None:
    draw = random.Random(2)
    before, after = clock(0, 20_000), clock(jump_ns, 20_000)
    fit = fitted(sightings(exchanged(before, 0, 64, draw)))
    fit, jumped_ns = followed(fit, sightings(exchanged(after, 10 * SECOND, 8, draw)))
    assert jumped_ns == pytest.approx(jump_ns, abs=2 * MS)
    moment = 11 * SECOND
    assert abs(fit.map.to_machine(moment) - after(moment)) <= fit.bound_ns(moment)


def test_what_is_older_than_ten_minutes_is_forgotten() -> None:
    fit = fitted([Sighting(0, 0, 100), Sighting(601 * SECOND, 50, 100)])
    assert [each.at_ns for each in fit.sightings] == [601 * SECOND]


@given(
    st.builds(
        ClockMap,
        st.integers(0, 10**18),
        st.integers(-(10**18), 10**18),
        st.integers(-500_000, 500_000),
    ),
    st.integers(-(10**15), 10**15),
)
def test_a_moment_goes_to_a_machine_and_back(each: ClockMap, since_ns: int) -> None:
    moment = each.session_ns + since_ns
    assert abs(each.to_session(each.to_machine(moment)) - moment) <= 1
