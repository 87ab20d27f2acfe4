"""The live table of `run --inline`: what stands on the terminal after any row of events."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortex_tui.report.inline import MOST_LOG_LINES, LiveTable, can_redraw, worth_showing
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.view import LogEntry, SessionView
from tests.unit.report.glass import Glass
from tests.unit.report.stand_in import run_view, session_view


def running(*runs: RunResult, log: tuple[str, ...] = (), **fields: Any) -> SessionView:
    return session_view(*runs, state="running", log=tuple(map(LogEntry, log)), **fields)


def runs(count: int, **fields: Any) -> list[RunResult]:
    return [run_view(number, f"p{number:02}", **fields) for number in range(count)]


def test_a_table_is_drawn_over_the_one_before_it() -> None:
    glass = Glass()
    table = LiveTable(glass)
    table.show(running(*runs(3, state="planned")))
    table.show(running(*runs(2, state="running", phase="measure", progress=0.4)))
    titles, first, second, progress = glass.lines()
    assert titles.split()[:2] == ["profile", "state"]
    assert first.startswith("shop.p00  measure 40%")
    assert second.startswith("shop.p01  measure 40%")
    assert progress.startswith("0.0s  2 runs: 2 measure 40%")


def test_many_runs_are_a_table_of_bounded_height() -> None:
    glass = Glass()
    table = LiveTable(glass)
    table.show(running(*runs(60, state="planned")))
    lines = glass.lines()
    assert len(lines) == 23
    assert lines[-2] == "+ 40 more"
    # What stays has them all.
    table.end(session_view(*runs(60)), has_table=False)
    assert len(glass.lines()) == 62


def test_runs_that_run_or_failed_come_before_others() -> None:
    ended, failed = runs(4), runs(5, state="failed")[4:]
    now = runs(7, state="running", phase="measure")[5:]
    to_come = runs(9, state="planned")[7:]
    every = [*ended, *failed, *now, *to_come]

    def shown(most: int) -> list[int]:
        return [run.run for run in worth_showing(every, most)]

    assert shown(2) == [5, 6]
    assert shown(4) == [3, 4, 5, 6]
    assert shown(8) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_profile_has_one_line_that_is_of_its_newest_round() -> None:
    glass = Glass()
    first = run_view(0, "a")
    rounds = (first, run_view(1, "a", round=2, state="running", phase="warmup", progress=0.5))
    to_come = run_view(2, "a", round=3, state="planned")
    LiveTable(glass).show(running(*rounds, to_come, rounds=3))
    lines = glass.lines()
    assert len(lines) == 3
    assert lines[1].split()[:4] == ["shop.a", "2", "warmup", "50%"]


def test_what_workloads_print_stands_above_once() -> None:
    glass = Glass()
    table = LiveTable(glass)
    table.show(running(*runs(1), log=("one",)))
    table.show(running(*runs(1), log=("one", "two")))
    table.report("stopping")
    table.end(session_view(*runs(1), log=(LogEntry("three"),), log_dropped=2), has_table=True)
    assert glass.lines() == ["  | stdout: one", "  | stdout: two", "stopping", "  | stdout: three"]


def test_of_much_that_is_printed_the_newest_lines_are_shown() -> None:
    glass = Glass()
    log = tuple(str(number) for number in range(400))
    LiveTable(glass).show(running(log=log, log_dropped=1_000))
    shown = [line for line in glass.lines() if line.startswith("  |")]
    assert shown[0] == f"  | … {1_400 - MOST_LOG_LINES:,} more lines"
    assert shown[1:] == [f"  | stdout: {number}" for number in log[-MOST_LOG_LINES:]]


def test_a_report_during_a_draw_waits_until_that_is_over() -> None:
    """As a signal handler calls it: between any two instructions."""

    class Interrupted(Glass):
        def write(self, text: str) -> int:
            if "measure" in text and not self.getvalue():
                table.report("SIGINT: stopping")
            return super().write(text)

    glass = Interrupted()
    table = LiveTable(glass)
    table.show(running(*runs(2, state="running", phase="measure", progress=0.4)))
    first, *others = glass.lines()
    assert first == "SIGINT: stopping"
    assert len(others) == 4


def test_what_others_wrote_meanwhile_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    glass = Glass()
    table = LiveTable(glass)
    table.show(running(*runs(2)))
    glass.write("\n(Pdb) continue\n")
    monkeypatch.setattr("cortex_tui.report.inline.LOST_S", -1.0)
    table.show(running(*runs(1)))
    lines = glass.lines()
    assert [line.split(" ")[0] for line in lines[:5]] == [
        *("profile", "shop.p00", "shop.p01", "0.0s", "(Pdb)")
    ]
    assert [line.split(" ")[0] for line in lines[-3:]] == ["profile", "shop.p00", "0.0s"]


def test_a_hostile_line_moves_no_cursor() -> None:
    glass = Glass()
    table = LiveTable(glass)
    table.show(running(*runs(1), log=("\x1b[9A\x1b[2J\rgone",)))
    table.report("worse: \x1b[3A")
    assert glass.lines()[:2] == ["  | stdout: ␛[9A␛[2J␍gone", "worse: ␛[3A"]


def test_on_a_loop_that_is_measured_one_view_of_four_is_drawn() -> None:
    glass = Glass()
    table = LiveTable(glass)
    for second in range(1, 9):
        table.show(running(*runs(1), placement="in-process", elapsed_ns=second * 10**9))
    assert glass.lines()[-1].startswith("5.0s")


@pytest.mark.parametrize("colour", [True, False])
def test_colours_follow_the_users_wish(monkeypatch: pytest.MonkeyPatch, colour: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    glass = Glass()
    LiveTable(glass).show(running(*runs(1, state="failed")))
    assert ("\x1b[31mFAILED" in glass.getvalue()) is colour


def test_a_dumb_terminal_cannot_redraw() -> None:
    assert can_redraw(Glass(), {"TERM": "xterm"})
    assert not can_redraw(Glass(), {"TERM": "dumb"})
    assert not can_redraw(Glass(), {})


@st.composite
def events(draw: st.DrawFn) -> list[tuple[str, int]]:
    kinds = st.sampled_from(["show", "report", "log"])
    return draw(st.lists(st.tuples(kinds, st.integers(0, 60)), max_size=12))


@settings(max_examples=60, deadline=None)
@given(events=events())
def test_above_the_table_stands_what_was_reported_and_nothing_else(
    events: list[tuple[str, int]],
) -> None:
    glass = Glass()
    table = LiveTable(glass)
    view = running(*runs(1))
    expected: list[str] = []
    for kind, count in events:
        if kind == "report":
            table.report(f"report {count}")
            expected.append(f"report {count}")
            continue
        if kind == "show":
            view = msgspec.structs.replace(view, runs=tuple(runs(count)))
        else:
            view = msgspec.structs.replace(view, log=(*view.log, LogEntry(f"log {count}")))
            expected.append(f"  | stdout: log {count}")
        table.show(view)
    table.end(view, has_table=True)
    assert glass.lines() == (expected or [""])
