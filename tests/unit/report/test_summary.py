"""The text that stays when a session has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.report import summary
from cortex_tui.session.view import TargetView
from tests.unit.report.stand_in import run_view, session_view


def test_a_row_for_each_run_and_where_the_session_is_stored() -> None:
    text = summary(
        session_view(
            run_view(
                0,
                "steady",
                verdict="met",
                percentiles_ns=dict.fromkeys(("p50", "p90", "p99", "p99.9"), 81_000),
            ),
            run_view(
                1,
                "long-name",
                errors={"TimeoutError": 2},
                verdict="missed",
                percentiles_ns=dict.fromkeys(("p50", "p90", "p99", "p99.9"), 1_230_000),
            ),
        ),
        width=200,
        store=Path(".cortex-tui/snapshots.db"),
    )
    assert text.split("\n") == [
        "profile         state     operations  op/s     p50     p90     p99   p99.9     max"
        "  errors  targets",
        "shop.steady     finished       12.3k  2469  81.0µs  81.0µs  81.0µs  81.0µs  45.6ms"
        "       0  met",
        "shop.long-name  finished       12.3k  2469  1.23ms  1.23ms  1.23ms  1.23ms  45.6ms"
        "       2  missed",
        "",
        "shop.long-name: errors: 2 × TimeoutError",
        "",
        "session 20260101T000000-abc is stored in .cortex-tui/snapshots.db",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_the_table_fits_the_terminal_and_keeps_name_and_verdict(width: int) -> None:
    lines = summary(session_view(run_view(verdict="missed")), width=width).split("\n")[:2]
    assert all(len(line) <= width for line in lines)
    assert lines[1].startswith("shop.steady")
    assert lines[1].endswith("missed")
    assert "p99" in lines[0].split()


def test_a_percentile_with_too_few_operations_is_a_dash_and_says_so() -> None:
    text = summary(session_view(run_view(operations=50)), width=200)
    assert text.split("\n")[1].split()[4:9] == ["81.0µs", "90.0µs", "1.23ms", "–", "45.6ms"]
    assert "–: too few operations for this percentile" in text


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (TargetView("p95 < 50ms", 61_200_000.0, False), "missed: p95 < 50ms: 61.2ms"),
        (
            TargetView("p99 < 1ms", None, False, "needs 120 more operations"),
            "missed: p99 < 1ms: needs 120 more operations",
        ),
        (TargetView("errors == 0", 3.0, False), "missed: errors == 0: 3"),
        (TargetView("throughput >= 500/s", 12.5, False), "missed: throughput >= 500/s: 12.5/s"),
        (TargetView("error_rate < 1%", 0.02, False), "missed: error_rate < 1%: 2.000%"),
        (
            TargetView("p95 < 50ms", 1_000_000.0, True, "flattered: 9 are missing from it"),
            "met: p95 < 50ms: 1.00ms (flattered: 9 are missing from it)",
        ),
    ],
)
def test_a_target_that_needs_words_has_them(target: TargetView, line: str) -> None:
    text = summary(session_view(run_view(targets=(target,))))
    assert f"shop.steady: {line}" in text.split("\n")


def test_what_a_number_alone_hides_is_said() -> None:
    text = summary(
        session_view(
            run_view(
                state="failed",
                reason="setup: no such table\x1b[31m",
                unfinished=2,
                unstarted=1_500,
                warnings=("shares its loop with the screen",),
                traceback="Traceback:\n  File x\nValueError: \x07\n",
            ),
            run_view(1, "other", traceback="Traceback:\n  File x\nValueError: \x07\n"),
            store_error="no space left",
            stored=False,
        ),
        store=Path("x.db"),
    )
    lines = text.split("\n")
    for line in (
        "shop.steady: failed: setup: no such table\\x1b[31m",
        "shop.steady: unfinished: 2 had not ended when the run did",
        "shop.steady: unstarted: 1,500 were due, but never started",
        "shop.steady: warning: shares its loop with the screen",
    ):
        assert line in lines
    at = lines.index("shop.steady, shop.other:")
    assert lines[at + 1 : at + 4] == ["  Traceback:", "    File x", "  ValueError: \\x07"]
    assert lines[-1] == "not stored: no space left"


def test_a_session_that_died_says_why() -> None:
    text = summary(session_view(state="died", died="the runner was killed by signal 9"))
    assert "died: the runner was killed by signal 9" in text


def test_colour_only_adds_to_words() -> None:
    view = session_view(run_view(verdict="missed", errors={"OSError": 1}, state="failed"))
    plain, coloured = summary(view), summary(view, colour=True)
    assert "\x1b[31mmissed\x1b[0m" in coloured
    stripped = coloured
    for code in ("31", "32", "33", "2", "0"):
        stripped = stripped.replace(f"\x1b[{code}m", "")
    assert stripped == plain
