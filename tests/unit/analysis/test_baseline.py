"""A session against a stored one while it is measured: what every row shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cortex_tui.analysis.baseline import Baseline, verdicts_against
from cortex_tui.analysis.noise import machine_key, profile_key
from cortex_tui.analysis.sessions import Source
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_result import SessionResult
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.records import SessionRecord
from tests.unit.analysis.sides import Times, latencies, one_round, profile, side

SESSION = SessionRecord(id="then", started_at="2026-01-01T00:00:00Z")
QUIET, SLOW = latencies(3, size=20_000, slower=1.5)


def baseline(times: Sequence[Times] = QUIET) -> Baseline:
    arm = side(times, profile())
    noise = NoiseRecord(
        profile=profile_key(arm, SESSION),
        machine=machine_key(SESSION.environment),
        deviations=dict.fromkeys(("p50", "p95", "p99", "p99.9", "mean", "throughput"), 0.02),
        sessions=20,
    )
    return Baseline(
        name="main",
        session="then",
        source=Source("main", SESSION, {"s.p": arm}),
        noise=(noise,),
        runs={},
    )


def measured(rounds: Sequence[Times], life: RunLife | None = None, **fields: Any) -> SessionResult:
    ended = RunLife("ended", outcome="finished")
    runs, histograms = [], {}
    for number, times in enumerate(rounds):
        one = one_round(number + 1, times)
        runs.append(
            RunResult(
                run=number,
                profile=profile(**fields),
                life=life if life and number == len(rounds) - 1 else ended,
                round=number + 1,
                operations=one.operations,
                mean_ns=one.mean_ns,
                measured_ns=one.measured_ns,
            )
        )
        histograms[number] = {"service": one.times}
    return SessionResult(
        record=SessionRecord(id="now", started_at="2026-01-02T00:00:00Z"),
        runs=tuple(runs),
        histograms=histograms,  # type: ignore[arg-type]
    )


def test_a_slower_run_is_called_slower_with_its_difference() -> None:
    found = verdicts_against(baseline(), measured(SLOW))["s.p"]
    assert (found.word, found.final) == ("slower", True)
    assert found.judgement is not None
    assert found.judgement.ratio is not None
    assert 1.4 < found.judgement.ratio < 1.6


def test_the_same_code_is_not_called_slower() -> None:
    found = verdicts_against(baseline(), measured(QUIET))["s.p"]
    assert found.word in ("same", "cannot tell")


def test_a_run_that_is_being_measured_has_a_verdict_that_is_not_final() -> None:
    found = verdicts_against(baseline(), measured(SLOW, RunLife("measure")))["s.p"]
    assert (found.word, found.final) == ("slower", False)


def test_without_the_noise_between_sessions_there_is_no_verdict_but_a_reason() -> None:
    quiet = baseline()
    unknown = Baseline(
        name=quiet.name, session=quiet.session, source=quiet.source, noise=(), runs={}
    )
    found = verdicts_against(unknown, measured(SLOW))["s.p"]
    assert found.word == "cannot tell"
    assert "noise" in found.reason


def test_a_profile_that_was_changed_or_is_new_is_not_compared() -> None:
    changed = verdicts_against(baseline(), measured(SLOW, params={"size": 9}))["s.p"]
    assert (changed.word, changed.judgement) == ("cannot tell", None)
    assert "params" in changed.reason
    new = verdicts_against(baseline(), measured(SLOW, name="other"))["s.other"]
    assert new.reason == "main has no run of it"
