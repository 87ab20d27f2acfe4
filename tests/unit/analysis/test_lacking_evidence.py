"""Sides that cannot be compared, and rounds that hold too little to test a difference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cortex_tui.analysis.anytime import evidence_against_chance
from cortex_tui.analysis.baseline import baseline_of, verdicts_between
from cortex_tui.analysis.comparability import session_differences
from cortex_tui.analysis.comparison import Pair, compare
from cortex_tui.analysis.evidence import ROUNDS_LACKING, Floor, Side
from cortex_tui.analysis.paired import paired_percentile
from cortex_tui.analysis.sessions import sources_of
from cortex_tui.analysis.shift import reach_of
from cortex_tui.analysis.unpaired import unpaired_percentile
from cortex_tui.protocol.plan import Variant
from cortex_tui.results.session_result import SessionResult
from cortex_tui.stats.beta import t_critical
from cortex_tui.store.records import SessionRecord, StoredSession
from tests.unit.analysis.sides import Times, latencies, side

NONE: Times = np.array([], np.float64)
FLOOR = Floor(0.01, 10)


def session(*variants: str, id_: str = "one", **environment: Any) -> StoredSession:
    record = SessionRecord(
        id=id_,
        started_at="2026-01-01T00:00:00Z",
        variants=tuple(Variant(name=name) for name in variants),
        environment=environment,
    )
    return StoredSession(session=record, state="finished", runs=(), intervals=())


@pytest.mark.parametrize(
    ("named", "refused"),
    [
        ([("a", session())], "a has no variants to compare: name a second session"),
        ([("a", session()), ("b", session("x", "y"))], "b is a comparison of variants already"),
        ([("a", session()), ("b", session())], "a and b are the same session"),
    ],
)
def test_sides_that_are_none_are_refused_by_name(
    named: list[tuple[str, StoredSession]], refused: str
) -> None:
    with pytest.raises(ValueError, match=refused):
        sources_of(named)


def test_a_session_of_variants_is_no_baseline_and_one_without_has_no_verdict() -> None:
    with pytest.raises(ValueError, match="main compares variants: choose a session of one version"):
        baseline_of("main", session("x", "y"), ())
    alone = SessionResult(record=session().session, runs=(), histograms={})
    assert verdicts_between(alone) == ("", {})


def test_what_differs_between_two_machines_is_named_and_a_minor_python_breaks() -> None:
    a = session(python="3.11.7", git_commit="ab" * 20, busy=[{"share": 0.9}, "?"]).session
    for python, breaks in (("3.11.9", False), ("3.12.1", True)):
        other = session(python=python, git_commit="cd" * 20, git_branch="x", busy="unknown").session
        found = {each.what: each for each in session_differences(a, other)}
        assert found["python"].breaks is breaks
        assert (found["commit"].a, found["commit"].b) == ("ab" * 5, "cd" * 5)
        busy = found["used by other processes at the start"]
        assert (busy.a, busy.b) == ("0.90 of a core", "0.00 of a core")
        assert "git_branch" not in found, "the commit says it"


def test_a_percentile_that_one_round_alone_has_is_not_tested() -> None:
    few, many = latencies(1, rounds=1)
    for rounds in ([few[0], NONE], [NONE, few[0]]):
        a, b = Side(side(rounds)), Side(side([many[0], NONE]))
        found = paired_percentile(a, b, 0.5)
        assert (found.lacking, found.p) == (ROUNDS_LACKING, 1.0)
        found = unpaired_percentile(a, b, "p50", 0.5, FLOOR)
        assert found.lacking == "a side is too short to know its error: measure several rounds"


def test_the_mean_and_the_errors_of_a_single_round_have_no_error_of_their_own() -> None:
    one, several = side(latencies(1, rounds=1)[0]), side(latencies(2, rounds=3)[1])
    for pair in (Pair(one, several), Pair(several, one)):
        (found,) = compare([pair], paired=False).profiles
        for name in ("mean", "throughput"):
            assert found.statistics[name].verdict == "cannot tell"
            assert found.statistics[name].reason == (
                "one round alone has no error of its own: measure several rounds"
            )


def test_a_single_round_without_bounds_is_too_short_to_know_its_error() -> None:
    a, b = latencies(1, rounds=1)
    found = unpaired_percentile(Side(side(a)), Side(side(b)), "p50", 0.5, FLOOR)
    assert found.lacking.startswith("a side is too short")
    assert found.difference is not None


def test_rounds_of_nothing_among_others_take_no_part_in_the_share_of_slow_operations() -> None:
    a, b = latencies(1, rounds=4, slower=1.3)
    (found,) = compare([Pair(side([*a, NONE]), side([*b, NONE]))], paired=True).profiles
    assert found.statistics["p95"].ratio == pytest.approx(1.3, rel=0.1)


def test_a_band_around_rounds_that_never_vary_is_that_of_one_mean() -> None:
    assert reach_of([[0.1, 0.2]] * 5) == pytest.approx(t_critical(0.05, 4))


def test_one_round_is_no_evidence_however_far_it_lies() -> None:
    assert evidence_against_chance(math.inf, 1) == 0.0
