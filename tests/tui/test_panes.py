"""The panes about the run under the cursor: what each shows, and one from outside the package."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from cortex_tui.profiles.model import Problem
from cortex_tui.results.blocked import Blocks
from cortex_tui.results.machine_view import MachineView
from cortex_tui.results.machines import with_machine
from cortex_tui.results.view import LogEntry, SessionView
from cortex_tui.results.waits import WaitPlace, Waits
from cortex_tui.store.records import BlockCause
from cortex_tui.tui.panes.log import LogPane
from cortex_tui.tui.panes.machine import MachinePane
from cortex_tui.tui.panes.port import LinesPane, PaneInput
from cortex_tui.tui.panes.problems import ProblemsPane
from cortex_tui.tui.panes.registry import PANES, tabs
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.status import status_line
from cortex_tui.tui.render.text import Line, Span, width_of
from cortex_tui.tui.state.cost import ScreenCost
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.pace import Pace
from tests.tui.samples import (
    CATALOG,
    MEDIATOR,
    SEARCH,
    batched,
    failed,
    finished,
    repeated,
    run_view,
    running,
    session_view,
)
from tests.tui.stand_in import bench


def pane_input(
    view: SessionView | None,
    *,
    problems: tuple[Problem, ...] = (),
    cost: ScreenCost | None = None,
    pace: Pace | None = None,
) -> PaneInput:
    latest = LatestRuns()
    if view is not None:
        latest.take(view)
    return PaneInput(None, latest, problems, cost or ScreenCost(), pace or Pace(), cores=2)


def shown(pane: type[LinesPane], now: PaneInput, width: int = 90) -> list[str]:
    lines = pane.lines_of(now, width)
    return ["".join(span.text for span in line).rstrip() for line in lines]


class NeighboursPane(LinesPane):
    """A pane that another program might add."""

    NAME = "neighbours"
    KEY = "M"
    LABEL = "neighbours"
    TOOLTIP = "List what ran next to the run under the cursor"
    RANK = 3
    HEADING = "ran next to it"

    @staticmethod
    def lines_of(now: PaneInput, width: int) -> list[Line]:
        run = now.latest.run_of(now.entry)
        return [(Span(name),) for name in run.neighbours] if run else []


async def test_a_pane_from_outside_has_its_key_its_place_in_the_help_and_follows_the_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PANES, NeighboursPane.NAME, NeighboursPane)
    async with bench(size=(120, 60)) as b:
        await b.show(running())
        assert "M neighbours" in b.lines[-1]
        assert "Neighbours" in {c.title for c in b.app.get_system_commands(b.main)}
        await b.press("M")
        assert "ran next to it" in b.text
        assert "\nsearch.steady" in b.text
        await b.press("down")
        assert "\nsearch.steady" not in b.text
        await b.press("up", "M")
        assert "ran next to it" not in b.text
        assert "service time" in b.text
        await b.press("question_mark")
        assert NeighboursPane.TOOLTIP in b.text


def test_every_pane_is_a_tab_or_has_a_letter_and_shares_neither() -> None:
    for keys in ([pane.KEY for pane in PANES.values()], [pane.TAB for pane in PANES.values()]):
        own = [key for key in keys if key]
        assert len(set(own)) == len(own)
    assert all(pane.KEY or pane.TAB for pane in PANES.values())
    assert all(pane.LABEL and pane.TOOLTIP for pane in PANES.values())


async def test_a_pane_takes_the_place_of_another_and_the_focus_stays() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await b.press("enter")
        for key in ("i", "l", "e", "i"):
            await b.press(key)
            assert len([pane for pane in b.main.query(".heading") if pane.region]) == 1
            assert b.main.focused is b.main.pane.body
        await b.press("escape", "enter")
        assert b.main.focused is b.main.table


async def test_in_a_terminal_that_is_too_small_no_pane_is_shown_whichever_was_open() -> None:
    async with bench() as b:
        await b.press("l", "l", "i")
        await b.pilot.resize_terminal(50, 12)
        await b.pilot.pause()
        assert b.text.split() == [
            "This",
            "terminal",
            "has",
            "50x12",
            "cells;",
            "the",
            "workbench",
            "needs",
            "60x15.",
        ]
        await b.pilot.resize_terminal(80, 24)
        await b.pilot.pause()
        assert "session and machine" in b.text


async def test_problems_can_be_read_while_the_table_is_used() -> None:
    async with bench(size=(120, 40)) as b:
        await b.press("e", "down")
        assert "no profiles in it" in b.text
        assert "▸[ ] query-dispatch" in b.text
        await b.show(session_view(died="killed by signal 9", state="died"))
        assert "session   killed by signal 9" in b.text
        await b.press("e")
        assert "no profiles in it" not in b.text


async def test_a_pane_with_nothing_in_it_opens_all_the_same() -> None:
    async with bench() as b:
        await b.press("l")
        assert "Nothing was printed." in b.text
        await b.press("i")
        assert "Nothing was run yet." in b.text


@pytest.mark.parametrize("width", [20, 33, 47, 80])
def test_no_line_is_wider_than_the_pane(width: int) -> None:
    now = pane_input(failed(), problems=CATALOG.problems)
    for pane in (LogPane, ProblemsPane, MachinePane):
        for line in shown(pane, now, width):
            # A label and its value need some room of their own.
            assert width_of(line) <= max(width, 24)


def test_the_log_is_literal_and_says_what_is_gone() -> None:
    log = (LogEntry("[bold]a\x1b[2J"), LogEntry("b", "runner"))
    view = session_view(log=log, log_dropped=1_200)
    lines = [line.strip() for line in shown(LogPane, pane_input(view))]
    assert lines == ["1,200 earlier lines are gone", "[bold]a␛[2J", "runner: b"]
    assert shown(LogPane, pane_input(None)) == ["Nothing was printed."]


def test_a_line_of_the_log_has_time_and_profile_where_they_are_known() -> None:
    lines = shown(LogPane, pane_input(failed()), 80)
    assert lines == [
        " " * 34 + "[bold]starting[/bold]",
        "   1.20s mediator.com…nd-dispatch stderr: ␛[2Jcleared?",
        "  61.50s mediator.query-dispatch  done",
    ]
    narrow = shown(LogPane, pane_input(session_view(log=(LogEntry("x" * 60, profile="a.b"),))), 40)
    assert narrow == [" " * 9 + "x" * 31, " " * 9 + "x" * 29]


def test_problems_include_session_and_store() -> None:
    view = session_view(died="killed by signal 9", store_error="/data is read-only")
    assert ProblemsPane.has_content(pane_input(view))
    lines = "\n".join(shown(ProblemsPane, pane_input(view)))
    assert "killed by signal 9" in lines
    assert "/data is read-only" in lines
    assert not ProblemsPane.has_content(pane_input(finished()))
    assert shown(ProblemsPane, pane_input(None)) == ["Nothing is wrong."]


def session_text(view: SessionView | None, pace: Pace | None = None) -> str:
    cost = ScreenCost(frame_ns=2_100_000, cpu_share=0.04)
    if view is not None and view.placement == "in-process":
        cost = cost._replace(frame_ns=None)
    return "\n".join(shown(MachinePane, pane_input(view, cost=cost, pace=pace)))


def test_the_session_shows_its_runner_its_loop_and_what_the_screen_costs() -> None:
    lines = session_text(batched())
    assert "in a process of its own, uvloop, arrivals woken by timerfd" in lines
    assert "reading it adds 84ns to an operation; an empty await takes 45ns" in lines
    assert "blocked for at most 12.4ms within the last second" in lines
    assert "3 pauses in the runner, 5.82ms together" in lines
    assert "the runner uses 1.02 of 2 usable cores" in lines
    assert "2.1 ms/frame, 4 % CPU" in lines
    assert session_text(None).startswith("Nothing was run yet.")


def test_what_is_so_on_some_machines_only_has_their_names() -> None:
    fit = {"cpu": "A", "cores": 4, "usable_cores": 4, "python": "3.12.4"}
    environment: dict[str, Any] = {"git_commit": "abcdef", "git_dirty": False}
    other = {**fit, "cores": 2, "usable_cores": 2, "differences": ["numpy 2.1 here, 2.0 there"]}
    for name, facts in {"load-1": fit, "load-2": other, "load-3": fit}.items():
        environment = with_machine(environment, name, facts)
    lines = session_text(msgspec.structs.replace(batched(), environment=environment))
    assert "3 machines, when the session started" in lines
    assert "A, 4 cores (load-1, load-3)" in lines
    assert "A, 2 cores (load-2)" in lines
    assert "numpy 2.1 here, 2.0 there (load-2)" in lines
    assert lines.count("Python 3.12.4") == 1
    assert lines.count("abcdef") == 1


def test_the_session_shows_its_round_its_store_and_why_less_is_drawn() -> None:
    view = msgspec.structs.replace(repeated(), store_error="/data: disk full")
    lines = session_text(view, Pace(level=2, reason="full"))
    assert "running, round 2 of 3, 4.20s" in lines
    assert "not stored: /data: disk full" in lines
    assert "drawing once a second: the machine is full" in lines


def test_a_warning_that_runs_share_stands_above_and_in_the_session() -> None:
    warning = "the event loop was blocked for 129ms (after 1.2 s)"
    profiles = (MEDIATOR.profiles[0], SEARCH.profiles[0])
    view = session_view(
        *(run_view(n, of, warnings=(warning,), neighbours=("x",)) for n, of in enumerate(profiles))
    )
    line = "".join(span.text for span in status_line(view, Listing(CATALOG), 80))
    assert line.startswith(" running  1 warning (i)  ")
    lines = session_text(view).replace("\n  ", " ")
    assert f"! {warning}; seen by mediator.command-dispatch, search.steady" in lines


def test_in_process_the_screen_does_not_claim_to_know_its_own_share() -> None:
    lines = session_text(msgspec.structs.replace(batched(), placement="in-process"))
    assert "4 % CPU, together with what is measured" in lines
    assert "ms/frame" not in lines


def test_a_blocked_loop_and_a_full_machine_are_warned_of() -> None:
    view = msgspec.structs.replace(batched(), runner_cpu_share=1.9)
    lines = MachinePane.lines_of(pane_input(view), 70)
    warned = ["".join(span.text for span in line) for line in lines if line[-1].tone == "warn"]
    assert [line.split()[0] for line in warned] == ["loop", "CPU"]


def test_what_blocked_the_loop_in_the_run_under_the_cursor_is_listed() -> None:
    view = batched()
    blocks = Blocks(
        intervals=4,
        longest_ns=68_000_000,
        causes=(
            BlockCause("at prices.py:21 in lookup", 2, 68_000_000),
            BlockCause("", 1, 30_000_000),
        ),
        other_causes=1,
    )
    now = pane_input(view)._replace(run=msgspec.structs.replace(view.runs[0], blocks=blocks))
    lines = [" ".join(line.split()) for line in shown(MachinePane, now)]
    at = lines.index("blocks at prices.py:21 in lookup: 2 intervals, up to 68.0ms")
    assert lines[at + 1 : at + 3] == [
        "not known: 1 interval, up to 30.0ms",
        "elsewhere: 1 interval",
    ]
    unknown = Blocks(intervals=1, causes=(BlockCause("", 1, 30_000_000),))
    now = now._replace(run=msgspec.structs.replace(view.runs[0], blocks=unknown))
    assert not [line for line in shown(MachinePane, now) if line.startswith("blocks")]


def test_where_operations_in_flight_were_in_the_run_under_the_cursor_is_listed() -> None:
    view = batched()
    acquire = "orders.py:14 in operation, awaiting Pool.acquire (pool.py)"
    waits = Waits(1_200, (WaitPlace(acquire, 900), WaitPlace("orders.py:16 in operation", 240)))
    now = pane_input(view)._replace(run=msgspec.structs.replace(view.runs[0], waits=waits))
    text = " ".join(" ".join(shown(MachinePane, now)).split())
    second = "20 % of 1200 looks: orders.py:16 in operation"
    assert f"in flight 75 % of 1200 looks: {acquire} {second}" in text
    assert not [line for line in shown(MachinePane, pane_input(view)) if "in flight" in line]


def test_of_a_session_that_has_ended_nothing_is_shown_as_of_now() -> None:
    view = msgspec.structs.replace(batched(), state="finished", elapsed_ns=0)
    lines = session_text(view).split("\n")
    assert lines[0] == "session   finished"
    assert not [line for line in lines if line.startswith(("loop ", "GC ", "CPU "))]


@pytest.mark.parametrize("label", ["processes", "definition", "other processes"])
def test_a_fact_never_begins_in_its_label(label: str) -> None:
    builder = LineBuilder(40)
    builder.fact(label, "some words")
    text = "\n".join("".join(span.text for span in line) for line in builder.lines)
    assert text.split() == [*label.split(), "some", "words"]


def test_the_machines_of_a_cluster_are_listed_with_what_became_of_them() -> None:
    machines = (
        MachineView(name="red", runners=2, clock_bound_ns=48_000),
        MachineView(name="deep blue", runners=1, state="silent", since_ns=1_200_000_000),
        MachineView(
            name="old",
            runners=1,
            state="lost",
            since_ns=4_150_000_000,
            reason="its agent was killed by SIGKILL",
            clock_bound_ns=400_000,
        ),
    )
    view = msgspec.structs.replace(
        batched(), placement="cluster", where="on the machines of tcp://h:1", machines=machines
    )
    lines = session_text(view).splitlines()
    assert "runner    on the machines of tcp://h:1" in lines[1]
    first = next(at for at, line in enumerate(lines) if line.startswith("machines"))
    assert [line.rstrip() for line in lines[first : first + 4]] == [
        "machines  red        2 runners   clock ±48.0µs   connected",
        "          deep blue  1 runner    clock unknown   silent since 1.20s",
        "          old        1 runner    clock ±400µs    lost since 4.15s",
        "          its agent was killed by SIGKILL",
    ]


def test_a_session_that_waits_for_its_machines_says_so() -> None:
    waiting = msgspec.structs.replace(batched(), state="starting", placement="cluster")
    assert "connecting to the machines" in session_text(waiting)
    line = "".join(span.text for span in status_line(waiting, Listing(CATALOG), 80))
    assert line.startswith(" connecting to the machines")
    there = msgspec.structs.replace(waiting, machines=(MachineView(name="red", runners=1),))
    assert "connecting" not in session_text(there)


@pytest.mark.parametrize("width", [80, 70, 60])
async def test_the_open_tab_and_the_numbers_of_all_are_in_sight(width: int) -> None:
    async with bench(size=(width, 24)) as b:
        await b.show(finished())
        for tab in tabs():
            await b.press(str(tab.TAB))
            line = b.line_with(f"[{tab.TAB} {tab.LABEL}]")
            assert all(re.search(rf"(?<!\d){other.TAB}(?!\d)", line) for other in tabs())
            assert len(line) <= width


async def test_a_click_on_a_shortened_name_opens_its_tab() -> None:
    async with bench(size=(60, 24)) as b:
        await b.show(finished())
        row = b.lines.index(b.line_with("[1 percentiles]"))
        await b.pilot.click(offset=(b.lines[row].index("7 mac…") + 4, row))
        assert "[7 machine]" in b.lines[row]
