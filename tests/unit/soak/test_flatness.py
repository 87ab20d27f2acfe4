"""The rule by which a soak judges memory: it must fail where something leaks."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from random import Random
from statistics import stdev

import pytest

from tests.soak.flatness import MB, SHARE, WARM_UP_S, Series, flatness

HOUR_S = 3600


def series(
    *, leak_mb_per_hour: float = 0.0, seconds: int = HOUR_S, noise_mb: float = 1.5
) -> Series:
    """90 MB after a warm-up that adds 20, with noise and a spike of 30 MB every ten minutes."""
    random = Random(1)
    return [
        (
            float(at),
            MB
            * (
                70
                + 20 * min(1.0, at / 200)
                + leak_mb_per_hour * at / HOUR_S
                + random.uniform(-noise_mb, noise_mb)
                + 30 * (at % 600 < 15)
            ),
        )
        for at in range(seconds)
    ]


@pytest.mark.parametrize("leak", [0.0, 1.0, 3.0, -5.0])
def test_a_process_that_keeps_its_size_is_flat(leak: float) -> None:
    judged = flatness(series(leak_mb_per_hour=leak))
    assert judged is not None
    assert judged.problems == []
    assert judged.slope == pytest.approx(leak * MB, abs=0.3 * MB)
    assert judged.whole == pytest.approx(leak * MB, abs=0.3 * MB)
    assert judged.window_s == pytest.approx(SHARE * (HOUR_S - WARM_UP_S), abs=15)


def wandering(random: Random, extra_mb: Callable[[int], float]) -> Series:
    """Every ten seconds, with a deviation of 0.6 MB that is alike for some three minutes."""
    off_mb, alike, points = random.gauss(0, 0.6), 0.95, []
    for at in range(5, HOUR_S, 10):
        points.append((float(at), MB * (80 + off_mb + extra_mb(at))))
        off_mb = alike * off_mb + random.gauss(0, 0.6 * (1 - alike**2) ** 0.5)
    return points


def leaking(mb_per_hour: float) -> Callable[[int], float]:
    return lambda at_s: mb_per_hour * at_s / HOUR_S


def filling(mb: float, for_s: float) -> Callable[[int], float]:
    """A cache that fills up, ever more slowly."""
    return lambda at_s: mb * (1 - exp(-at_s / for_s))


def giving_back_and_leaking(at_s: int) -> float:
    return leaking(5)(at_s) - 4 * (at_s > 900)


@pytest.mark.parametrize(
    ("extra_mb", "least", "most"),
    [
        (leaking(0), 39, 40),
        (leaking(4), 0, 6),
        (leaking(5), 0, 1),
        (leaking(8), 0, 0),
        (filling(4, 600), 38, 40),
        (filling(12, 900), 0, 2),
        (giving_back_and_leaking, 0, 1),
    ],
)
def test_noise_is_no_growth_and_hides_none(
    extra_mb: Callable[[int], float], least: int, most: int
) -> None:
    """Of 40 series. At the limit itself at most one in twenty should count as flat; by the slope
    alone, without its error, it was every second one. What fills up and stays small is flat, and
    what was given back hides nothing."""
    random = Random(1)
    judged = [flatness(wandering(random, extra_mb)) for _ in range(40)]
    assert least <= sum(each is not None and not each.problems for each in judged) <= most


def test_the_stated_error_is_that_of_the_slope() -> None:
    random = Random(2)
    judged = [found for _ in range(60) if (found := flatness(wandering(random, leaking(1))))]
    off = stdev(each.slope for each in judged)
    assert sum(each.error for each in judged) / 60 == pytest.approx(off, rel=0.4)


def test_what_is_too_uneven_to_judge_is_not_flat() -> None:
    points = [(at, size + 6 * MB * (at % 1500 < 750)) for at, size in series()]
    judged = flatness(points)
    assert judged is not None
    assert judged.slope < 4 * MB < judged.at_most
    assert "the fit may grow" in judged.problems[0]


@pytest.mark.parametrize("leak", [5.0, 12.0, 100.0])
def test_a_leak_is_found_below_noise_and_spikes(leak: float) -> None:
    judged = flatness(series(leak_mb_per_hour=leak))
    assert judged is not None
    assert "the fit grows by" in judged.problems[0]


def test_a_rise_that_has_ended_is_bounded_too() -> None:
    judged = flatness([(at, size + 6 * MB * (at > 900)) for at, size in series()])
    assert judged is not None
    assert judged.at_most < 4 * MB
    assert judged.problems[-1].startswith("the last tenth has")


def test_a_step_late_in_the_hour_is_found_where_the_fit_is_flat() -> None:
    points = [(at, size + 15 * MB * (at > 3300)) for at, size in series()]
    judged = flatness(points)
    assert judged is not None
    assert judged.slope < 4 * MB
    assert judged.problems[-1].startswith("the last tenth has")


def test_of_a_short_time_nothing_is_judged() -> None:
    assert flatness(series(seconds=int(WARM_UP_S) + 50)) is None
    assert flatness([]) is None


def test_what_leaks_in_a_quarter_of_an_hour_is_found() -> None:
    judged = flatness(series(leak_mb_per_hour=40.0, seconds=900))
    assert judged is not None
    assert judged.problems
