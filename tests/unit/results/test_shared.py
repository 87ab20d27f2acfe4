"""Warnings that runs have in common."""

from __future__ import annotations

from cortex_tui.results.blocked import Blocks
from cortex_tui.results.shared import own_warnings, shared_warnings
from tests.unit.report.stand_in import run_view

SHORT = Blocks(1, 40_000_000, (100_000_000,))
LONG = Blocks(2, 129_000_000, (100_000_000, 3_200_000_000))


def test_the_worst_block_of_a_loop_stands_for_all_that_shared_it() -> None:
    runs = [
        run_view(0, "a", blocks=SHORT, warnings=(SHORT.warning, "late"), neighbours=("x",)),
        run_view(1, "b", blocks=LONG, warnings=(LONG.warning,), neighbours=("x",)),
        run_view(2, "c", blocks=LONG, warnings=(LONG.warning,)),
    ]
    shared = shared_warnings(runs)
    assert shared == ((LONG.warning, ("shop.a", "shop.b")),)
    assert [own_warnings(run, shared) for run in runs] == [("late",), (), (LONG.warning,)]


def test_what_all_runs_of_a_session_have_is_shared_without_neighbours_too() -> None:
    runs = [run_view(n, "ab"[n], warnings=("in memory", *("late",) * n)) for n in range(2)]
    shared = shared_warnings(runs)
    assert shared == (("in memory", ("shop.a", "shop.b")),)
    assert [own_warnings(run, shared) for run in runs] == [(), ("late",)]
    assert shared_warnings(runs[:1]) == ()


def test_runs_of_several_rounds_are_named_once() -> None:
    runs = [
        run_view(n, "ab"[n % 2], round=1 + n // 2, warnings=("changed",), neighbours=("x",))
        for n in range(4)
    ]
    assert shared_warnings(runs) == (("changed", ("shop.a", "shop.b")),)


def test_what_a_version_before_stored_without_moments_is_found_as_well() -> None:
    before = "the event loop was blocked for 40.0ms: something did not await"
    runs = [
        run_view(0, "a", blocks=SHORT, warnings=(before,), neighbours=("x",)),
        run_view(1, "b", blocks=LONG, warnings=(LONG.warning,), neighbours=("x",)),
    ]
    assert [warning.text for warning in shared_warnings(runs)] == [LONG.warning]
    assert own_warnings(runs[0], shared_warnings(runs)) == ()
