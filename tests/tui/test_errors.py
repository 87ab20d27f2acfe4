"""What failed in a run, line by line."""

from __future__ import annotations

import pytest

from cortex_tui.results.error_times import Seen
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.summary import LiveSummary
from cortex_tui.tui.render.errors import error_lines
from cortex_tui.tui.render.text import width_of
from tests.tui.samples import MEDIATOR, SECOND_NS, erring, failed, run_view

COMMAND = MEDIATOR.profiles[0]
SEEN = {"TimeoutError": Seen(1_200_000_000, 29 * SECOND_NS)}


def text(run: RunResult, width: int = 78) -> str:
    lines = error_lines(run, SEEN, width)
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


def test_types_have_count_share_and_when_they_were_seen_the_most_frequent_first() -> None:
    lines = text(erring()).split("\n")
    assert lines[:4] == [
        "error         count   share  first  last",
        "TimeoutError    123   2.8 %   1.2s   29s",
        "shop.NoStock      7  0.16 %      –     –",
        "of 4,451 operations that ended",
    ]


def test_what_was_lost_stands_below_and_which_percentiles_it_is_missing_from() -> None:
    run = erring(
        unfinished=3,
        unfinished_ns=(5_200_000_000, 5_100_000_000),
        unstarted=12,
        overflow=1,
        flattered=("p99", "p99.9"),
        times={"failure": LiveSummary({"p50": 5_000_000_000, "p99": None}, {}, 5_010_000_000)},
    )
    shown = text(run)
    assert "failed in p50 5.00s, max 5.01s" in shown
    assert "3 unfinished, the oldest for 5.20s, 5.10s" in shown
    assert "12 unstarted" in shown
    assert "1 took more than an hour" in shown
    assert "! p99, p99.9 may be too low: these are missing there" in shown
    assert shown.index("TimeoutError") < shown.index("unfinished") < shown.index("Traceback")


def test_messages_and_tracebacks_follow_and_are_literal() -> None:
    shown = text(erring())
    assert "nothing left of [bold]x[/]␛[2J" in shown
    assert shown.count("Traceback (most recent call last):") == 2
    assert "\x1b" not in shown


def test_a_run_without_errors_says_so() -> None:
    assert text(run_view(0, COMMAND)) == "No operation failed."


def test_a_failed_run_has_its_reason_first_and_its_own_traceback() -> None:
    run = failed().runs[0]
    shown = text(run)
    assert shown.startswith("ConnectionError: [red]no[/] database␛[31m at all")


def test_hundreds_of_types_are_bounded_and_counted() -> None:
    errors = {f"package.Error{number:03}": number + 1 for number in range(300)}
    shown = text(run_view(0, COMMAND, errors=errors, messages=dict.fromkeys(errors, "no")))
    assert shown.count("package.Error") < 80
    assert "260 more types" in shown
    assert shown.index("package.Error299") < shown.index("package.Error298")


@pytest.mark.parametrize("width", [24, 33, 60, 79])
def test_no_line_is_wider_than_the_pane(width: int) -> None:
    run = erring(errors={"a.very.long.name.of.a.module.with.an.Exception" * 3: 5, "E": 1})
    for line in error_lines(run, {}, width):
        assert sum(width_of(span.text) for span in line) <= width
