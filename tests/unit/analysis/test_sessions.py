"""Sessions with variants, live and stored."""

from __future__ import annotations

from array import array
from collections.abc import Collection

from cortex_tui.analysis.sessions import Source, compare_sources, source_of, variants_of
from cortex_tui.protocol.lifecycle import RunLife, RunState
from cortex_tui.protocol.plan import Variant
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_result import Histograms, SessionResult
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionRecord,
    StoredSession,
)
from tests.unit.analysis.sides import latencies, one_round, profile


def live(
    slower: float, *, failed: int | None = None, partial: Collection[int] = ()
) -> SessionResult:
    """Two variants in eight rounds; the run of that number failed, those of the others lost a
    process."""
    runs: list[RunResult] = []
    histograms: dict[int, Histograms] = {}
    for variant, rounds in zip(("main", "work"), latencies(1, slower=slower), strict=True):
        for number, times in enumerate(rounds, 1):
            measured, run = one_round(number, times), len(runs)
            runs.append(
                RunResult(
                    run=run,
                    profile=profile(params={"size": 1 if variant == "main" else 2}),
                    life=RunLife("ended", outcome="failed" if run == failed else "finished"),
                    round=number,
                    variant=variant,
                    operations=measured.operations,
                    mean_ns=measured.mean_ns,
                    measured_ns=measured.measured_ns,
                    partial="process 2 of 2 was lost" if run in partial else "",
                )
            )
            histograms[run] = {"service": measured.times}
    variants = tuple(Variant(name=name, params={}) for name in ("main", "work"))
    record = SessionRecord(id="x", started_at="", variants=variants)
    return SessionResult(record=record, runs=tuple(runs), histograms=histograms)


def test_variants_of_a_live_session_are_compared_although_their_parameters_differ() -> None:
    (found,) = compare_sources(variants_of(live(1.1)))
    assert (found.a.name, found.b.name, found.left_out) == ("main", "work", ())
    (judged,) = found.comparison.profiles
    assert (found.comparison.paired, judged.verdict, judged.rounds) == (True, "slower", (8, 8))


def test_a_round_that_failed_on_one_side_is_no_evidence_on_the_other() -> None:
    (found,) = compare_sources(variants_of(live(1.1, failed=10)))
    (judged,) = found.comparison.profiles
    assert (judged.rounds, judged.verdict) == ((8, 7), "slower")


def test_rounds_that_lost_a_process_are_left_out_and_named() -> None:
    (found,) = compare_sources(variants_of(live(1.1, partial=(2, 10))))
    (judged,) = found.comparison.profiles
    assert (judged.rounds, judged.verdict) == ((7, 7), "slower")
    assert found.notes == (
        "s.p: left out, as a part was lost: round 3 of main",
        "s.p: left out, as a part was lost: round 3 of work",
    )


def test_a_side_without_a_whole_round_has_no_verdict_unless_that_is_forced() -> None:
    sources = variants_of(live(1.1, partial=range(8, 16)))
    (found,) = compare_sources(sources)
    (judged,) = found.comparison.profiles
    assert judged.verdict == "cannot tell"
    assert judged.statistics["p50"].reason == "work is partial: process 2 of 2 was lost"
    (found,) = compare_sources(sources, forced=True)
    assert found.comparison.profiles[0].verdict == "slower"


def stored(name: str, **states: RunState) -> Source:
    """A stored session with a run in that state for each profile; failed ones measured, too."""
    times = IntervalHistogram.of(array("q", [1_000_000] * 100))
    runs = tuple(
        RunRecord(run=at, profile=profile(each), state=state, service=times.moments)
        for at, (each, state) in enumerate(states.items())
    )
    service = EncodedHistogram(times.encode(), times.moments)
    return source_of(
        name,
        StoredSession(
            session=SessionRecord(id=name, started_at=""),
            state="finished",
            runs=runs,
            intervals=tuple(IntervalRecord(run=run.run, first=0, service=service) for run in runs),
        ),
    )


def test_a_profile_that_failed_on_one_side_is_not_called_missing_there() -> None:
    before = stored("before", p="finished", q="finished", r="finished")
    after = stored("after", p="finished", q="failed", s="finished")
    notes = ("s.q is not compared: its run in after failed",)
    for sides in ((before, after), (after, before)):
        (found,) = compare_sources(sides)
        assert found.notes == notes
        assert found.not_compared == ("s.q",)
        only = {found.a.name: found.only_a, found.b.name: found.only_b}
        assert only == {"before": ("s.r",), "after": ("s.s",)}
