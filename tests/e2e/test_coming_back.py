"""What was open comes back in a real terminal."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import OpenTerminal
from tests.e2e.program import write_suite
from tests.e2e.workbench import Workbench

SHOP = """
    [profile.browse]
    workload = "bench:nap"
    [profile.order]
    workload = "bench:nap"
"""


def test_the_next_launch_opens_what_was_open(folder: Path, open_terminal: OpenTerminal) -> None:
    write_suite(folder, SHOP)
    terminal = open_terminal(environment={"CORTEX_TUI_STATE": str(folder / "state")})
    workbench = Workbench(terminal)
    workbench.press("/")
    terminal.wait_for("parts of a name")
    terminal.type("shop")
    workbench.press("Enter", "j", "Space", "l")
    terminal.wait_for("/shop 2 of", "1 checked", "log of the session")
    workbench.leave()

    again = Workbench(terminal)
    terminal.wait_for("/shop 2 of", "1 checked", "log of the session")
    again.wait_for_row("order", lambda row: row.has_cursor and row.box == "[x]")
    again.leave()

    named = Workbench(terminal, "launch", "shop.browse")
    terminal.wait_for("1 checked", "log of the session")
    named.wait_for_row("browse", lambda row: row.box == "[x]")
    assert "/shop" not in terminal.screen()
    named.leave()

    fresh = Workbench(terminal, "launch", "--fresh")
    terminal.wait_for("0 checked", "1 percentiles")
    fresh.leave()


def test_a_killed_workbench_and_a_damaged_file_do_no_harm(
    folder: Path, open_terminal: OpenTerminal
) -> None:
    write_suite(folder, SHOP)
    state = folder / "state"
    terminal = open_terminal(width=160, height=40, environment={"CORTEX_TUI_STATE": str(state)})
    workbench = Workbench(terminal)
    workbench.press("a")
    terminal.wait_for("2 checked")
    workbench.press("C-c")
    terminal.wait_for_shell()
    (file,) = state.glob("*.json")
    file.write_text(file.read_text()[:-5])
    workbench = Workbench(terminal)
    terminal.wait_for("is not known", "[ ] browse")
    workbench.leave()


def test_keys_of_a_file_of_settings_work(folder: Path, open_terminal: OpenTerminal) -> None:
    write_suite(folder, SHOP)
    settings = folder / "mine.toml"
    settings.write_text('theme = "nrod"\n[keys]\nquit = "Q"\ncheck_suite = ["f4", "ctrl+a"]\n')
    terminal = open_terminal(width=120, height=40)
    workbench = Workbench(terminal, "launch", "--config", settings)
    terminal.wait_for("1 problem (e)", "Q quit")
    workbench.press("C-a")
    terminal.wait_for("2 checked")
    workbench.press("F4", "e")
    terminal.wait_for("0 checked", "mine.toml:1: theme", 'did you mean "nord"?')
    workbench.press("Q")
    terminal.wait_for_shell()
