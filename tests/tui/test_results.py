"""Intervals, batches, rounds and marks, line by line."""

from __future__ import annotations

import msgspec
import pytest

from cortex_tui.results.run_result import RunResult
from cortex_tui.store.records import MarkRecord
from cortex_tui.tui.render.columns import columns_for
from cortex_tui.tui.render.facts import profile_facts, title
from cortex_tui.tui.render.rows import profile_row
from cortex_tui.tui.render.text import width_of
from cortex_tui.tui.render.trend import trend
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Entry
from tests.tui.samples import (
    MEDIATOR,
    SEARCH,
    batched,
    known,
    paused,
    repeated,
    run_view,
    session_view,
    staged,
)

COMMAND, QUERY, _ = MEDIATOR.profiles
STEADY = SEARCH.profiles[0]


def facts(run: RunResult, width: int = 70, earlier: tuple[RunResult, ...] = ()) -> str:
    lines = profile_facts(run.profile, run, width, earlier=earlier)
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


def row(run: RunResult, width: int, rounds: int = 1) -> str:
    line = profile_row(
        Entry(MEDIATOR, run.profile), run, columns_for(width, 19), box="none", rounds=rounds
    )
    return "".join(span.text for span in line)


def test_percentiles_have_their_interval_next_to_them() -> None:
    shown = facts(known().runs[0])
    assert "p50    62.1µs 60.0–65.5" in shown
    assert "p75    71.0µs\n" in shown
    assert "p99.9  needs 5679 more" in shown
    assert "progress  p95 ± 7.9 %, wanted 2 %" in shown


def test_a_percentile_whose_interval_is_wide_is_unsure_and_costs_no_column() -> None:
    wide = {"p50": (1_640, 65_400_000), "p95": (112_000, 1_115_000), "p99": (80_000, 900_000)}
    run = msgspec.structs.replace(known().runs[0], confidence_ns=wide)
    shown = facts(run, 47).split("\n")
    assert shown[1:5] == [
        "p50    62.1µs unsure    p75    71.0µs",
        "p90    95.3µs           p95    120µs 112–1115",
        "p99    812µs unsure     p99.9  needs 5679 more",
        "p99.99 needs 95.7k more max    2.34ms",
    ]
    assert " ".join(line.strip() for line in shown[5:8]) == (
        "unsure    p50 1.64µs–65.4ms (×39.9k), p99 80.0µs–900µs (×11): measure longer for "
        "narrower ranges"
    )


def test_percentiles_of_batches_are_named_so() -> None:
    run = batched().runs[0]
    shown = facts(run)
    assert "service time, percentiles of batches of 256" in shown
    assert "closed: cannot see queueing" in shown
    assert "mean      212ns per operation" in shown
    assert "warm-up   took 1.25s" in shown
    assert "slowest   3 of the 5 slowest intervals had a GC pause" in shown.replace(
        "\n          ", " "
    )
    assert "command-dispatch of 256" in row(run, 180)
    for width in (59, 79, 119, 250):
        assert width_of(row(run, width)) == width - 1
        assert "of 256" in row(run, width)


def test_a_closed_load_says_next_to_its_times_what_it_cannot_see() -> None:
    assert facts(run_view(0, COMMAND)).startswith("service time  closed: cannot see queueing")
    assert "cannot see queueing" not in facts(run_view(0, STEADY))


def test_a_row_with_warnings_or_lost_arrivals_is_marked() -> None:
    assert row(run_view(0, COMMAND), 79).startswith("[ ] comm")
    assert row(run_view(0, COMMAND, warnings=("late",)), 79).startswith("[ ]!comm")
    assert row(run_view(0, COMMAND, unstarted=1), 79).startswith("[ ]!comm")


def test_warnings_come_behind_the_percentiles_they_speak_of() -> None:
    shown = facts(run_view(0, COMMAND, warnings=("flattered",)))
    assert shown.index("p99 ") < shown.index("! flattered") < shown.index("done ")


def test_marks_are_listed_newest_last_and_ticked_in_the_trend() -> None:
    run = paused().runs[3]
    shown = facts(run)
    assert "marks     620ms: 500 → 625/s\n          1.15s: paused" in shown
    assert row(run, 119).endswith("▅│▂▁▁▁│")
    many = run_view(0, STEADY, marks=tuple(MarkRecord(n, f"mark {n}") for n in range(50)))
    assert "mark 49" in facts(many)
    assert "mark 29\n" not in facts(many)


def test_ticks_stand_where_something_was_done() -> None:
    assert trend([5, 5, 5, 5], 4, (1,)) == "▄│▄▄"
    assert trend([5, 5, 5, 5], 2, (1, 3)) == "▄│"
    assert trend([5, 5], 4, (7,)) == "  ▄▄"


def test_ticks_move_left_with_a_trend_that_is_full() -> None:
    values = tuple(1_000 for _ in range(60))
    run = run_view(
        0,
        COMMAND,
        trend_ns=values,
        measured_ns=10_000_000_000,
        marks=(MarkRecord(9_950_000_000, "paused"), MarkRecord(100_000_000, "long ago")),
    )
    assert row(run, 250).endswith("▄│")
    assert row(run, 250).count("│") == 1


def test_rounds_are_shown_in_row_and_title_and_side_by_side() -> None:
    latest = LatestRuns()
    latest.take(repeated())
    found = latest.known(COMMAND.full_name)
    assert found is not None
    assert (found.run.round, found.rounds, len(found.earlier)) == (2, 3, 1)
    assert "m 62% 2/3" in row(found.run, 119, rounds=3)
    assert "2/3" not in row(found.run, 79, rounds=3)
    shown = facts(found.run, earlier=found.earlier)
    assert "\n1  62.1µs  95.3µs   812µs  1394/s" in shown
    assert "\n2   124µs   191µs  1.62ms  1394/s" in shown
    assert "apart" not in shown


def test_the_drift_between_rounds_that_have_ended_is_reported() -> None:
    rounds = [
        run_view(n, COMMAND, round=n + 1, state="finished", percentiles_ns={"p50": 100_000 + n})
        for n in range(30)
    ]
    shown = facts(rounds[-1], earlier=tuple(rounds[:-1]))
    assert "18 earlier rounds" in shown
    assert "\n30  100µs" in shown
    assert "\n18  " not in shown
    assert "medians   100–100µs, 0.0% apart" in shown


def test_the_variants_of_a_profile_are_named_and_their_medians_are_their_own() -> None:
    runs = [
        run_view(
            n,
            COMMAND,
            round=1 + n // 2,
            variant=("main", "work")[n % 2],
            state="finished",
            percentiles_ns={"p50": (100_000, 300_000)[n % 2] + n},
        )
        for n in range(4)
    ]
    shown = facts(runs[-1], earlier=tuple(runs[:-1]))
    assert "\n   variant    p50    rate\n1  main     100µs  1394/s\n1  work     300µs" in shown
    assert "medians   main 100–100µs, 0.0% apart" in shown
    assert "medians   work 300–300µs, 0.0% apart" in shown
    line = "".join(span.text for span in title(COMMAND, runs[-1], current=True, rounds=2))
    assert line.startswith("mediator.command-dispatch  done  work  round 2/2")


def test_a_round_that_never_began_does_not_hide_the_one_before() -> None:
    latest = LatestRuns()
    view = session_view(
        run_view(0, COMMAND, state="stopped", operations=111),
        run_view(1, COMMAND, state="stopped", round=2, operations=0, measured_ns=0),
        rounds=2,
        state="finished",
    )
    latest.take(view)
    found = latest.known(COMMAND.full_name)
    assert found is not None
    assert found.run.operations == 111


@pytest.mark.parametrize("width", [47, 90])
def test_each_stage_has_its_results(width: int) -> None:
    shown = facts(staged(), width).split("\n")
    at = shown.index("stages")
    longer = width > 60
    assert [line.split() for line in shown[at + 1 : at + 4]] == [
        ["stage"] * longer
        + ["level"]
        + ["for"] * longer
        + ["ops", "ops/s", "p50", "p95", "p99", "err"],
        ["1"] * longer
        + ["100/s"]
        + ["5.00s"] * longer
        + ["500", "100", "62.1µs", "120µs", "–", "0"],
        ["2"] * longer
        + ["100→1000/s"]
        + ["10.0s"] * longer
        + ["5500", "550", "248µs", "1.20ms", "8.12ms", "7"],
    ]
    assert all(len(line) <= width for line in shown[at : at + 4])
    assert "stages" not in facts(run_view(0, STEADY)).split("\n")


def test_a_profile_without_rounds_shows_none() -> None:
    assert "rounds" not in facts(run_view(0, QUERY))
