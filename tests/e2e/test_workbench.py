"""The workbench in a real terminal, by its keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Launch, OpenTerminal
from tests.e2e.program import call_here, listed, row_of, shown, write_suite
from tests.e2e.workbench import Workbench

SHOP = """
    [profile.browse]
    workload = "bench:nap"
    [profile.order]
    workload = "bench:nap"
    targets = ["p50 < 1s"]
    [profile.refund]
    workload = "bench:nap"
"""
LONG = 'warmup = 0\nduration = "60s"'
SIZES = pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])


@SIZES
def test_suites_are_listed_and_keys_move_check_and_filter(
    folder: Path, open_terminal: OpenTerminal, width: int, height: int
) -> None:
    write_suite(folder, SHOP)
    suites = {suite["name"]: suite["profiles"] for suite in listed(folder)}
    assert {"shop", "loads", "mediator", "repository", "search"} <= suites.keys()
    workbench = Workbench(open_terminal(width=width, height=height))
    for suite in ("shop", "loads"):
        assert f"{len(suites[suite])} profiles" in workbench.row(suite).text
    assert workbench.row("browse").has_cursor

    workbench.press("j", "Down", "k", "Up", "j", "G", "Home", "j", "j")
    workbench.wait_for_row("order", lambda row: row.has_cursor)
    workbench.press("Space")
    workbench.terminal.wait_for("1 checked")
    assert workbench.row("order").box == "[x]"
    assert workbench.row("shop").box == "[-]"
    workbench.press("a")
    workbench.terminal.wait_for("3 checked")
    assert workbench.row("shop").box == "[x]"
    workbench.press("a")
    workbench.terminal.wait_for("0 checked")

    workbench.press("/")
    workbench.terminal.wait_for("parts of a name")
    workbench.terminal.type("search.")
    total = sum(map(len, suites.values()))
    workbench.terminal.wait_for(f"/search. {len(suites['search'])} of {total}")
    assert not workbench.has_row("shop")
    assert workbench.has_row("search")
    workbench.escape(f"of {total}")
    workbench.press("g")
    workbench.wait_for_row("shop", lambda row: row.has_cursor)


@SIZES
def test_checked_profiles_run_together_with_live_rows(
    folder: Path, open_terminal: OpenTerminal, width: int, height: int
) -> None:
    write_suite(folder, SHOP, defaults=LONG)
    workbench = Workbench(
        open_terminal(width=width, height=height), "launch", "shop.browse", "shop.order"
    )
    workbench.press("r")
    for name in ("browse", "order"):
        first = workbench.wait_for_row(name, lambda row: row.operations > 0)
        later = workbench.wait_for_row(name, lambda row: row.operations > first.operations)  # noqa: B023
        assert "m" in later.text
        workbench.wait_for_row(name, lambda row: row.operations > 1_000)  # enough for a p99
    workbench.press("S")
    screen = workbench.wait_for_state("finished")
    for name in ("browse", "order"):
        row = workbench.row(name, screen)
        assert row.cell("p50").endswith("ms")
        assert row.cell("p99").endswith("ms")
        assert row.cell("max").endswith("ms")
    assert "✓" in workbench.row("order", screen).text
    assert not workbench.row("refund", screen).operations
    # The curve of the row under the cursor, and what it says in words.
    assert "99.99" in screen
    assert "with 1 neighbour" in screen
    workbench.save_as("together")
    workbench.terminal.wait_for("Saved as together")
    neighbours = [run["neighbours"] for run in shown(folder, "together")["runs"]]
    assert neighbours == [["shop.order"], ["shop.browse"]]


def test_profiles_run_one_by_one_without_neighbours(folder: Path, launch: Launch) -> None:
    write_suite(folder, SHOP, defaults=LONG)
    workbench = launch("launch", "shop")
    workbench.press("o")
    for name, waiting in (("browse", {"order", "refund"}), ("order", {"refund"}), ("refund", ())):
        workbench.wait_for_row(name, lambda row: row.operations > 0)
        for other in waiting:
            assert "wait" in workbench.row(other).text
        workbench.press("S")  # ends the one that is measured
    workbench.wait_for_state("finished")
    workbench.save_as("alone")
    workbench.terminal.wait_for("Saved as alone")
    document = shown(folder, "alone")
    assert document["one_by_one"] is True
    assert [run["neighbours"] for run in document["runs"]] == [[], [], []]
    assert all(run["operations"] for run in document["runs"])


def test_a_stopped_session_keeps_its_numbers(folder: Path, launch: Launch) -> None:
    write_suite(folder, SHOP, defaults=LONG)
    workbench = launch("launch", "shop")
    workbench.press("r")
    workbench.wait_for_row("browse", lambda row: row.operations > 10)
    # A second run is refused while one is running, and a second stop changes nothing.
    workbench.press("r")
    workbench.terminal.wait_for("A session is running")
    workbench.press("x", "x")
    screen = workbench.wait_for_state("stopped")
    row = workbench.row("browse", screen)
    assert row.operations > 10
    assert "stop" in row.text
    assert "stopped" in row_of("shop.browse", workbench.leave())


def test_a_session_and_a_run_of_it_are_saved_under_names(folder: Path, launch: Launch) -> None:
    write_suite(folder, SHOP)
    workbench = launch("launch", "shop.browse", "shop.order")
    workbench.run_to_end()
    workbench.save_as("whole")
    workbench.terminal.wait_for("Saved as whole")
    workbench.press("j")
    workbench.wait_for_row("order", lambda row: row.has_cursor)
    workbench.save_as("only-order", "Down")
    workbench.terminal.wait_for("Saved as only-order")

    # A name is not taken twice, and the dialog waits for another.
    workbench.save_as("whole")
    workbench.terminal.wait_for("is taken")
    workbench.rename("whole-2")
    workbench.terminal.wait_for("Saved as whole-2")
    workbench.leave()

    lines = call_here(folder, "snapshots").stdout.splitlines()[1:]
    names = {line.split()[0] for line in lines}
    assert names == {"only-order", "whole", "whole-2"}
    profiles = [run["profile"] for run in shown(folder, "whole")["runs"]]
    assert profiles == ["shop.browse", "shop.order"]
    (run,) = shown(folder, "only-order")["runs"]
    assert run["profile"] == "shop.order"
    assert run["operations"] > 0


def test_a_session_is_saved_while_it_goes_on(folder: Path, launch: Launch) -> None:
    write_suite(folder, SHOP, defaults=LONG)
    workbench = launch("launch", "shop.browse")
    workbench.press("r")
    workbench.wait_for_row("browse", lambda row: row.operations > 100)
    workbench.save_as("early")
    workbench.terminal.wait_for("Saved as early")
    before = shown(folder, "early")["runs"][0]["operations"]
    assert before > 100
    workbench.press("x")
    workbench.wait_for_state("stopped")
    assert shown(folder, "early")["runs"][0]["operations"] > before


def test_the_keys_are_listed(launch: Launch) -> None:
    workbench = launch()
    workbench.press("?")
    screen = workbench.terminal.wait_for("Keys", "space", "one after another")
    assert "Run the checked profiles together" in screen
    workbench.escape("escape closes")
    assert workbench.has_row("loads")


def test_the_terminal_may_change_its_size_while_a_session_runs(
    folder: Path, launch: Launch
) -> None:
    write_suite(folder, SHOP, defaults=LONG)
    workbench = launch("launch", "shop.browse")
    workbench.press("r")
    before = workbench.wait_for_row("browse", lambda row: row.operations > 0)
    workbench.terminal.resize(40, 8)
    workbench.terminal.wait_for("needs 60x15")
    workbench.terminal.resize(150, 45)
    workbench.wait_for_row("browse", lambda row: row.operations > before.operations)
    workbench.terminal.resize(80, 24)
    workbench.wait_for_row("browse", lambda row: len(row.text) <= 80)
    assert "browse" in workbench.leave()


def test_keys_pressed_faster_than_they_are_handled_are_all_handled(
    folder: Path, launch: Launch
) -> None:
    write_suite(folder, SHOP)
    workbench = launch()
    workbench.press(*["j"] * 60, *["k"] * 60, *["j", "Space"] * 3)
    workbench.terminal.wait_for("3 checked")
    assert workbench.row("shop").box == "[x]"


def test_what_is_typed_in_one_piece_means_what_it_means_key_by_key(
    folder: Path, launch: Launch
) -> None:
    write_suite(folder, SHOP, defaults=LONG)
    workbench = launch()
    # None of the letters is a command, and the keys behind enter are.
    workbench.terminal.type("/order\rar")
    workbench.wait_for_row("order", lambda row: row.operations > 0)
    assert workbench.row("order").box == "[x]"
    workbench.terminal.type("s\x15my-nam\x08me\r")
    workbench.terminal.wait_for("Saved as my-name")
    workbench.terminal.type("xq")
    workbench.terminal.wait_for_shell()
