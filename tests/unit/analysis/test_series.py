"""Sessions become a series: what belongs to it, and what its changes have to do with."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from cortex_tui.analysis.series import History, HistoryError, history_of, step_at
from cortex_tui.results.differences import Change
from cortex_tui.store.library import Acknowledgement, MeasuredRun, RunFacts

MS = 1_000_000.0


def run(at: int, value: float = 5 * MS, **fields: Any) -> MeasuredRun:
    """The run of session s`at`; `facts` go to its facts, `environment` into its environment."""
    facts = {
        "state": "finished",
        "definition": "d",
        "statistics": {"p50": value / 2, "p95": value, "throughput": 1e9 / value},
        **fields.pop("facts", {}),
    }
    environment = {"cpu": "x", "python": "3.11", **fields.pop("environment", {})}
    return MeasuredRun(**{
        "session": f"s{at}",
        "run": 0,
        "started_at": f"2026-01-{at + 1:02}T10:00:00Z",
        "revision": f"{at:040x}",
        "environment": environment,
        "loop": "uvloop",
        "facts": RunFacts(**facts),
        **fields,
    })  # fmt: skip


def wavering(at: int) -> float:
    """A noise of its own."""
    return 5 * MS * (1 + 0.01 * math.sin(7 * at * at))


def stepped(count: int = 24, step: int = 12, ratio: float = 1.2) -> list[MeasuredRun]:
    return [run(at, wavering(at) * (ratio if at >= step else 1)) for at in range(count)]


def history(runs: list[MeasuredRun], **options: Any) -> History:
    return history_of("suite.profile", runs, **options)


def test_a_step_has_its_sessions_its_commits_and_its_word() -> None:
    found = history(stepped())
    (step,) = found.steps
    assert (step.at, step.last.session, step.first.session) == (12, "s11", "s12")
    assert (step.last.revision, step.first.revision) == (f"{11:040x}", f"{12:040x}")
    assert step.word == "slower"
    assert step.ratio == pytest.approx(1.2, rel=0.01)
    assert (found.statistic, len(found.points)) == ("p95", 24)
    assert found.levels[0] == pytest.approx(5 * MS, rel=0.01)


@pytest.mark.parametrize(
    ("ratio", "statistic", "word"),
    [
        (1.2, "p50", "slower"),
        (0.8, "p95", "faster"),
        (1.2, "throughput", "slower"),
        (0.8, "throughput", "faster"),
    ],
)
def test_more_throughput_is_faster_and_more_time_slower(
    ratio: float, statistic: str, word: str
) -> None:
    (step,) = history(stepped(ratio=ratio), statistic=statistic).steps
    assert step.word == word


def test_what_differs_around_a_step_is_listed_without_the_commit() -> None:
    runs = [
        msgspec.structs.replace(
            each,
            environment={
                "python": "3.11" if at < 12 else "3.12", "git_commit": str(at), "free_bytes": at,
            },
        )
        for at, each in enumerate(stepped())
    ]  # fmt: skip
    (step,) = history(runs).steps
    assert step.differs == (Change("python", "3.11", "3.12"),)


def test_the_rounds_of_a_session_are_one_value() -> None:
    rounds = [run(0, value, facts={"round": at}) for at, value in enumerate((4 * MS, 9 * MS), 1)]
    (point,) = history(rounds).points
    assert point.value == pytest.approx(6 * MS)
    assert point.rounds == 2


def test_percentiles_of_batches_are_those_of_an_operation_each() -> None:
    batched = run(0, 500 * MS, facts={"batch": 100})
    assert history([batched]).points[0].value == pytest.approx(5 * MS)
    assert history([batched], statistic="throughput").points[0].value == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"facts": {"definition": "other"}}, "another definition"),
        ({"facts": {"neighbours": ("a.b",)}}, "other neighbours"),
        ({"environment": {"cpu": "y"}}, "another machine"),
        ({"loop": "asyncio"}, "another event loop"),
        ({"placement": "in-process"}, "another placement"),
    ],
)
def test_sessions_under_other_conditions_than_the_newest_are_left_out(
    odd: dict[str, Any], reason: str
) -> None:
    runs = [run(0), run(1, **odd), run(2)]
    found = history(runs)
    assert [point.session for point in found.points] == ["s0", "s2"]
    assert found.left_out == {reason: 1}
    everything = history(runs, everything=True)
    assert (len(everything.points), everything.left_out) == (3, {})


def test_runs_that_did_not_finish_and_other_variants_are_no_part_of_it() -> None:
    runs = [run(0), run(1, facts={"state": "failed"}), run(2, facts={"variant": "new"})]
    assert [point.session for point in history(runs).points] == ["s0"]
    assert [point.session for point in history(runs, variant="new").points] == ["s2"]
    with pytest.raises(HistoryError, match="no session has a finished run of it"):
        history(runs, variant="old")


def test_the_code_as_it_is_belongs_to_it_whatever_it_was_compared_with() -> None:
    runs = [
        run(0),
        run(1, facts={"variant": "main"}, as_it_is=("", "here")),
        run(1, 6 * MS, facts={"variant": "here"}, as_it_is=("", "here")),
    ]
    assert [point.value for point in history(runs).points] == pytest.approx([5 * MS, 6 * MS])


def test_the_statistic_is_that_of_the_targets_or_what_all_sessions_have() -> None:
    assert history([run(0), run(1, facts={"primary": "p50"})]).statistic == "p50"
    assert history([run(0), run(1, facts={"statistics": {"p50": 1.0}})]).statistic == "p50"
    with pytest.raises(HistoryError, match="no session has a value of 'p42': expected one of p50"):
        history([run(0)], statistic="p42")


def test_sessions_without_a_value_are_counted() -> None:
    found = history([run(0), run(1, facts={"statistics": {}}), run(2)], statistic="p95")
    assert (len(found.points), found.left_out) == (2, {"no value": 1})


def test_what_a_canary_does_is_taken_off() -> None:
    drift = [1.0 if at < 12 else 1.3 for at in range(24)]
    runs = [run(at, wavering(at) * drift[at]) for at in range(24)]
    canary = [run(at, MS * drift[at]) for at in range(23)]
    assert len(history(runs).steps) == 1
    found = history(runs, canary=canary, canary_name="suite.canary")
    assert found.steps == ()
    assert found.left_out == {"no value, or none of the canary": 1}
    assert found.canary == "suite.canary"


def test_the_newest_session_off_its_level_is_high_or_low() -> None:
    for ratio, word in ((1.4, "high"), (0.6, "low")):
        newest = history(stepped(24, 23, ratio)).newest
        assert newest is not None
        assert (newest.count, newest.word) == (1, word)
        assert newest.ratio == pytest.approx(ratio, rel=0.02)


def known(session: str, statistic: str = "p95") -> Acknowledgement:
    return Acknowledgement(profile="p", statistic=statistic, session=session, note=f"at {session}")


@pytest.mark.parametrize(
    ("notes", "note"),
    [
        ([known("s12")], "at s12"),
        ([known("s10")], "at s10"),
        ([known("s2")], ""),
        ([known("s12", "p50")], ""),
        ([known("gone")], ""),
    ],
)
def test_a_note_stays_with_its_change_though_that_moves_a_little(
    notes: list[Acknowledgement], note: str
) -> None:
    (step,) = history(stepped(), known=notes).steps
    assert (step.note, bool(step.noted_at)) == (note, bool(note))


def test_a_step_is_meant_by_a_session_at_it() -> None:
    found = history(stepped())
    assert step_at(found, "s12") == step_at(found, "s10") == found.steps[0]
    for session in ("s3", "nothing"):
        with pytest.raises(HistoryError, match=f"near session {session}: the changes begin at s12"):
            step_at(found, session)
    with pytest.raises(HistoryError, match="it has none"):
        step_at(history([run(0)]), "s0")
