"""What the detail pane says, line by line."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cortex_tui.loads.port import Load
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length, Precision, Suite
from cortex_tui.report.progress import progress_line
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.targets import TargetResult, TargetVerdict, Verdict
from cortex_tui.store.records import MarkRecord
from cortex_tui.text import one_line
from cortex_tui.tui.notices import end_text
from cortex_tui.tui.render.definition import plan_text
from cortex_tui.tui.render.facts import profile_facts, suite_facts, title
from cortex_tui.tui.render.library_status import library_status
from cortex_tui.tui.render.status import status_line
from cortex_tui.tui.render.text import Line, width_of, wrap
from cortex_tui.tui.state.cost import ScreenCost
from cortex_tui.tui.state.library_list import LibraryList
from cortex_tui.tui.state.listing import Listing
from tests.tui.samples import (
    CATALOG,
    MEDIATOR,
    SEARCH,
    failed,
    profile,
    run_view,
    session_view,
)

STEADY = SEARCH.profiles[0]
COMMAND = MEDIATOR.profiles[0]


def text(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def facts(run: RunResult, width: int = 70) -> str:
    return "\n".join(text(profile_facts(run.profile, run, width)))


def test_before_a_run_the_definition_is_shown() -> None:
    shown = "\n".join(text(profile_facts(STEADY, None, 60)))
    assert "Searches on a schedule" in shown
    assert "cortex.search" in shown
    assert "conversations=30, text=performance" in shown
    assert "open: 500/s, constant arrivals" in shown
    assert "at most 10.0k in flight" in shown
    assert "5.00s, warm-up 1.00s" in shown
    assert "throughput >= 450/s" in shown


def test_a_profile_that_is_measured_alone_says_so() -> None:
    alone = msgspec.structs.replace(COMMAND, alone=True)
    assert "alone     measured without neighbours" in text(profile_facts(alone, None, 60))
    assert not any("neighbours" in line for line in text(profile_facts(COMMAND, None, 60)))


@pytest.mark.parametrize(
    ("workload", "database", "shown"),
    [
        ("cortex.search", "own", ["database  own"]),
        ("shop:checkout", "own", []),
        ("shop:checkout", "memory", ["database  memory"]),
    ],
)
def test_only_a_profile_that_has_a_database_says_which(
    workload: str, database: str, shown: list[str]
) -> None:
    profile = msgspec.structs.replace(COMMAND, workload=workload, database=database)
    lines = text(profile_facts(profile, None, 60))
    assert [line.strip() for line in lines if "database" in line] == shown


@pytest.mark.parametrize(
    ("verdict", "neighbours", "shown"),
    [
        ("met", 0, "✓ met"),
        ("met", 1, "✓ met, with 1 neighbour"),
        ("missed", 4, "✗ missed, with 4 neighbours"),
        ("none", 4, "with 4 neighbours"),
    ],
)
def test_the_title_says_with_how_many_neighbours(verdict: str, neighbours: int, shown: str) -> None:
    run = run_view(0, COMMAND, verdict=verdict, neighbours=("a.b",) * neighbours)
    line = "".join(span.text for span in title(COMMAND, run, current=True))
    assert line.endswith(f"measure 62%  {shown}")


def test_a_closed_load_says_what_it_cannot_see() -> None:
    shown = "\n".join(text(profile_facts(COMMAND, None, 60)))
    assert "1 worker, closed: cannot see queueing" in shown


def test_lengths_may_be_iterations_and_times() -> None:
    both = profile("s", "p", stop=Length(10**9, 500), warmup=Length())
    assert "1.00s or 500 operations, warm-up none" in "\n".join(text(profile_facts(both, None, 60)))


RAMP = StagedLoad(
    of="rate",
    stages=(Stage(100.0, 5 * 10**9), Stage(1_000.0, 10 * 10**9, ramp=True)),
    arrivals="poisson",
)


@pytest.mark.parametrize(
    ("load", "short", "shown"),
    [
        (RAMP, "100/s → 1000/s poisson", ["in stages, open, poisson arrivals", "at 100/s for"]),
        (RAMP, "100/s", ["to 1000/s for 10.0s", "at most 10.0k in flight"]),
        (
            StagedLoad(of="workers", stages=(Stage(4, 10**9),), think_time_ns=1_000_000),
            "4 workers, think 1.00ms",
            ["closed: cannot see queueing", "at 4 workers for 1.00s", "think time 1.00ms"],
        ),
    ],
)
def test_loads_in_stages_are_described(load: Load, short: str, shown: list[str]) -> None:
    staged = profile("s", "p", load=load)
    lines = "\n".join(text(profile_facts(staged, None, 60)))
    assert plan_text(staged).startswith(short)
    assert all(line in lines for line in shown)


def test_other_ways_to_stop_and_to_warm_up_are_described() -> None:
    wanted = Precision("p99", 0.02, at_least_ns=10**9, at_most_ns=60 * 10**9)
    exact = profile("s", "p", precision=wanted, auto_warmup=True, timeout_ns=10**9, tags=("slow",))
    lines = "\n".join(text(profile_facts(exact, None, 70)))
    assert "until p99 is known ± 2 %, 1.00s to 60.0s" in lines
    assert "warm-up until steady, at most 1.00s" in lines.replace("\n          ", " ")
    assert "timeout   1.00s" in lines
    assert "tags      slow" in lines
    assert "p99 ± 2 %" in plan_text(exact)


def test_what_happens_to_a_run_is_reported() -> None:
    run = run_view(
        0,
        STEADY,
        level=625.0,
        batch=100,
        mean_ns=1_234.0,
        progress_note="p99 ± 3.1 %, wanted 2 %",
        marks=(MarkRecord(1_500_000_000, "rate 500 → 625/s"),),
        slowest="3 of the 5 slowest intervals had a GC pause",
    )
    shown = facts(run)
    assert "response time, percentiles of batches of 100" in shown
    assert "1.23µs per operation" in shown
    assert "load now  625/s" in shown
    assert "p99 ± 3.1 %, wanted 2 %" in shown
    assert "1.50s: rate 500 → 625/s" in shown
    assert "load now" not in facts(run_view(0, STEADY, level=500.0))
    assert "3 of the 5 slowest intervals had a GC pause" in shown


def test_percentiles_without_enough_samples_say_how_many_more() -> None:
    shown = facts(run_view(0, COMMAND))
    assert "p99.9  needs 5679 more" in shown
    assert "p99    812µs" in shown


def test_the_headline_time_is_named() -> None:
    assert "service time" in facts(run_view(0, COMMAND))
    assert "response time" in facts(run_view(0, STEADY))


def test_what_is_missing_from_the_percentiles_is_reported() -> None:
    shown = facts(
        run_view(0, STEADY, unfinished=2, unstarted=7, overflow=1, lateness_p50_ns=51_000)
    )
    assert "2 unfinished, 7 unstarted, 1 overflow" in shown
    assert "p50 51.0µs" in shown


def test_errors_are_reported_by_type_most_frequent_first() -> None:
    shown = facts(run_view(0, COMMAND, errors={"ValueError": 1, "TimeoutError": 3}))
    assert "TimeoutError 3, ValueError 1" in shown


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (TargetResult("p95 < 200ms", 1_234_567, "met"), "1.23ms"),
        (TargetResult("lateness.p99 < 1ms", 90_000, "met"), "90.0µs"),
        (TargetResult("errors == 0", 3.0, "missed"), "3"),
        (TargetResult("throughput >= 450/s", 1394.0, "met"), "1394/s"),
        (TargetResult("error_rate < 1%", 0.0125, "missed"), "1.250%"),
        (
            TargetResult("p99.9 < 1s", None, "undecided", "needs 120 more operations"),
            "needs 120 more",
        ),
        (TargetResult("p95 < 1s", 1_000, "met", "flattered: 3 are missing"), "1.00µs (flattered"),
    ],
)
def test_target_values_have_the_unit_of_their_statistic(view: TargetResult, expected: str) -> None:
    assert view.value_text.startswith(expected)


@pytest.mark.parametrize(
    ("state", "value", "verdict", "mark"),
    [
        ("running", 10, "met", "✓"),
        ("running", 10, "missed", "✗"),
        ("running", None, "pending", "…"),
        ("finished", None, "undecided", "?"),
        ("finished", None, "missed", "✗"),
    ],
)
def test_targets_are_marked(
    state: str, value: float | None, verdict: TargetVerdict, mark: str
) -> None:
    run = run_view(0, COMMAND, state=state, targets=(TargetResult("p95 < 50ms", value, verdict),))
    assert f"{mark} p95 < 50ms" in facts(run)


def test_a_missed_target_that_only_warns_is_marked_as_a_warning() -> None:
    warning = TargetResult("p95 < 5ms", 6e6, "missed", warn=True)
    assert "! p95 < 5ms  6.00ms" in facts(run_view(0, COMMAND, targets=(warning,)))


@pytest.mark.parametrize("width", [20, 33, 47, 80])
def test_no_line_is_wider_than_the_pane(width: int) -> None:
    run = failed().runs[0]
    lines = profile_facts(run.profile, run, width)
    lines += profile_facts(STEADY, run_view(0, STEADY, unstarted=7), width)
    for line in text(lines):
        # A label and its value need some room of their own.
        assert width_of(line) <= max(width, 24)


def test_errors_and_tracebacks_are_literal() -> None:
    run = failed().runs[0]
    shown = facts(run)
    assert "ConnectionError: [red]no[/] database␛[31m at all" in shown
    assert "\x1b" not in shown


def test_a_suite_shows_where_it_comes_from_and_what_is_wrong() -> None:
    suite = Suite(name="x", source="./profiles/x.toml", profiles=(), replaces="shipped/x.toml")
    shown = "\n".join(text(suite_facts(suite, CATALOG.problems, 90)))
    assert "./profiles/x.toml" in shown
    assert "shipped/x.toml" in shown
    assert 'profile.steady.load.rate: expected a rate such as "500/s"' in shown
    assert "no profiles in it" not in shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain [b]text[/b]", "plain [b]text[/b]"),
        ("\x1b[31mred", "␛[31mred"),
        ("a\nb\tc\x7f", "a␊b    c␡"),
        ("\x9b2J", "\\u{9b}2J"),
        ("abc\u202egnp.exe", "abc\\u{202e}gnp.exe"),
        ("zero\u200bwidth", "zero\\u{200b}width"),
        ("lone \ud83d", "lone \\u{d83d}"),
        ("日本 µs", "日本 µs"),
    ],
)
def test_characters_that_act_are_shown_instead(raw: str, shown: str) -> None:
    assert one_line(raw) == shown


def test_wide_characters_wrap_by_their_cells() -> None:
    assert wrap("日本語日本語", 5) == ["日本", "語日", "本語"]
    assert wrap("one two three", 7, "  ") == ["one two", "  three"]
    assert wrap("x" * 12, 5) == ["xxxxx", "xxxxx", "xx"]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ((), "running"),
        (({"paused": True}, {"paused": True}), "paused"),
        (({"paused": True}, {}), "1 of 2 paused"),
        (({"paused": True}, {"state": "finished"}), "paused"),
        (({"paused": True}, {"phase": "teardown", "outcome": "finished"}), "paused"),
    ],
)
def test_the_status_line_shows_a_pause(runs: tuple[dict[str, Any], ...], expected: str) -> None:
    view = session_view(*(run_view(n, COMMAND, **fields) for n, fields in enumerate(runs)))
    line = "".join(span.text for span in status_line(view, Listing(CATALOG), 120))
    assert line.startswith(f" {expected}  ")
    assert len(line) == 120


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        (({}, {"state": "planned"}), "running  run 1/2"),
        (({"state": "finished"}, {"state": "planned"}, {"state": "planned"}), "running  run 1/3"),
        (({"state": "finished"}, {}, {"state": "planned"}), "running  run 2/3"),
        (
            ({"state": "finished"}, {"round": 2}, {"state": "planned", "round": 2}),
            "running  round 2/2  run 1/2",
        ),
        (({}, {}), "running  4.20s"),
        (({"neighbours": ("a.b",)}, {"state": "finished"}), "running  4.20s"),
        (({},), "running  4.20s"),
    ],
)
def test_of_runs_one_by_one_the_status_line_shows_which(
    runs: tuple[dict[str, Any], ...], expected: str
) -> None:
    rounds = max(fields.get("round", 1) for fields in runs)
    views = (run_view(n, COMMAND, **fields) for n, fields in enumerate(runs))
    line = status_line(session_view(*views, rounds=rounds), Listing(CATALOG), 80)
    assert "".join(span.text for span in line).startswith(f" {expected}  ")


def test_the_status_line_counts_what_is_missed_and_undecided() -> None:
    verdicts: tuple[Verdict, ...] = ("missed", "undecided", "undecided", "met", "none")
    views = (
        run_view(n, COMMAND, state="finished", verdict=each) for n, each in enumerate(verdicts)
    )
    line = status_line(session_view(*views, state="finished"), Listing(CATALOG), 100)
    assert "".join(span.text for span in line).startswith(" finished  1 missed  2 undecided  ")


def test_a_run_that_failed_is_counted_once_in_the_status_line_and_the_notice() -> None:
    verdicts: tuple[Verdict, ...] = ("missed", "undecided", "met", "none")
    runs = [run_view(n, COMMAND, state="failed", verdict=each) for n, each in enumerate(verdicts)]
    runs.append(run_view(4, COMMAND, state="finished", verdict="undecided"))
    view = session_view(*runs, state="finished")
    line = "".join(span.text for span in status_line(view, Listing(CATALOG), 100))
    assert line.startswith(" finished  4 failed  1 undecided  ")
    assert end_text(view) == "Finished after 4.20s: 5 runs, 1 undecided, 4 failed"


def test_rounds_that_a_stop_left_out_are_not_counted() -> None:
    """Neither as undecided nor as begun, on the screen, in the notice and in progress lines."""
    runs: tuple[dict[str, Any], ...] = (
        {"verdict": "met", "state": "stopped"},
        {"verdict": "undecided", "state": "stopped", "round": 2},
        *(
            {"verdict": "undecided", "state": "stopped", "round": n, "measured_ns": 0}
            for n in (3, 4)
        ),
    )
    views = (run_view(n, COMMAND, **fields) for n, fields in enumerate(runs))
    view = session_view(*views, state="finished", stopped=True, rounds=4)
    line = "".join(span.text for span in status_line(view, Listing(CATALOG), 100))
    assert line.startswith(" stopped  1 undecided  round 2/4  ")
    assert end_text(view) == "Stopped after 4.20s: 4 runs, 1 undecided"
    assert "round 2/4" in progress_line(view)


@pytest.mark.parametrize("looking", ["", "only 2.5–3 s"])
@pytest.mark.parametrize("length", [5, 40, 60, 77])
def test_what_was_just_done_is_read_whole_in_the_status_line(length: int, looking: str) -> None:
    text = "x" * length
    listing = Listing(CATALOG)
    line = status_line(session_view(), listing, 80, message=text, looking=looking)
    shown = "".join(span.text for span in line)
    assert shown.count(text[:5]) == length // 5
    assert width_of(shown) == 80
    without = "".join(span.text for span in status_line(session_view(), listing, 80))
    aside = without.rpartition("  ")[2]
    assert (aside in shown) == (length < 60)
    assert shown.startswith(" running  ") == ((length <= 40 and not looking) or length == 5)


@pytest.mark.parametrize("length", [5, 60, 70])
def test_what_was_just_done_is_read_whole_above_the_list_of_sessions(length: int) -> None:
    text = "x" * length
    sessions = LibraryList()
    line = library_status(sessions, 80, message=text, tone="head", running=True)
    shown = "".join(span.text for span in line)
    assert text in shown
    assert width_of(shown) == 80
    assert ("0 checked" in shown) == (length < 60)


def test_what_the_screen_costs_stands_in_the_status_line_where_it_fits() -> None:
    cost = ScreenCost(frame_ns=2_100_000, cpu_share=0.04)
    for width, fits in ((120, True), (80, False)):
        line = status_line(session_view(), Listing(CATALOG), width, cost=cost)
        shown = "".join(span.text for span in line)
        assert ("screen 2.1 ms/frame, 4 % CPU" in shown) == fits
    inside = status_line(session_view(placement="in-process"), Listing(CATALOG), 120, cost=cost)
    assert "CPU" not in "".join(span.text for span in inside)
