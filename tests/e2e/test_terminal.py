"""The terminal itself: what the workbench needs of it, and how it leaves it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.e2e.conftest import Launch, OpenTerminal
from tests.e2e.program import PROGRAM, call, row_of, write_suite
from tests.e2e.terminal import PROMPT, Terminal
from tests.e2e.workbench import KEYS, Workbench

NAP = """
    [profile.browse]
    workload = "bench:nap"
"""


def settings_of(terminal: Terminal, label: str) -> str:
    """The line discipline's settings, as the shell sees them."""
    terminal.run(["sh", "-c", f"echo {label}=$(stty -g | cksum | tr ' ' -)"])
    screen = terminal.wait_until(lambda screen: re.search(rf"^{label}=\S+$", screen, re.M))
    found = re.search(rf"^{label}=(\S+)$", screen, re.M)
    assert found
    return found[1]


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_leaving_restores_the_terminal_and_leaves_the_summary(
    folder: Path, open_terminal: OpenTerminal, key: str
) -> None:
    write_suite(folder, NAP)
    terminal = open_terminal()
    modes, settings = terminal.modes(), settings_of(terminal, "before")
    workbench = Workbench(terminal, "launch", "shop")
    assert terminal.modes()["alternate_on"]
    assert terminal.modes()["mouse_any_flag"]
    workbench.run_to_end()
    terminal.press(key)
    screen = terminal.wait_for_shell()
    assert "finished" in row_of("shop.browse", screen)
    assert "is stored in .cortex-tui/snapshots.db" in screen

    assert terminal.modes() == modes
    assert settings_of(terminal, "after") == settings
    # What is typed is echoed.
    terminal.type("echo still $((20 + 3))")
    terminal.wait_for(f"{PROMPT} echo still $((20 + 3))")
    terminal.press("Enter")
    terminal.wait_until(lambda screen: re.search(r"^still 23$", screen, re.M))


def test_nothing_stays_on_the_terminal_of_a_workbench_that_ran_nothing(launch: Launch) -> None:
    workbench = launch()
    lines = workbench.leave().split()
    assert lines == [PROMPT, *shlex.quote(str(PROGRAM)).split(), PROMPT]


def test_a_click_on_a_box_checks_and_one_next_to_it_moves_the_cursor(
    folder: Path, launch: Launch
) -> None:
    write_suite(folder, NAP + '[profile.order]\nworkload = "bench:nap"\n')
    workbench = launch()
    lines = workbench.terminal.screen().splitlines()
    at = next(y for y, line in enumerate(lines) if line[5:].startswith("order "))
    workbench.terminal.click(2, at)
    row = workbench.wait_for_row("order", lambda row: row.box == "[x]")
    assert row.has_cursor
    workbench.terminal.click(30, at - 1)
    workbench.wait_for_row("browse", lambda row: row.has_cursor)
    assert workbench.row("order").box == "[x]"
    workbench.terminal.click(2, at)
    workbench.wait_for_row("order", lambda row: row.box == "[ ]")


def test_a_click_on_a_key_does_what_the_key_does(folder: Path, launch: Launch) -> None:
    write_suite(folder, NAP, defaults='warmup = 0\nduration = "60s"')
    workbench = launch("launch", "shop")

    def click(key: str) -> None:
        screen = workbench.terminal.wait_for(key)
        workbench.terminal.click(screen.splitlines()[23].index(key) + 2, 23)

    click("r run")
    workbench.wait_for_row("browse", lambda row: row.operations > 0)
    click("x stop")
    workbench.wait_for_state("stopped")
    click("q quit")
    assert "stopped" in row_of("shop.browse", workbench.terminal.wait_for_shell())


def test_without_a_terminal_one_line_says_what_to_run_instead(folder: Path) -> None:
    for select, instead in (([], "'*'"), (["mediator.*"], "'mediator.*'")):
        done = call(folder, "launch", *select)
        assert done.returncode == 2
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.endswith(f"run instead: cortex-tui run {instead}")


@pytest.mark.parametrize("terminfo", ["dumb", ""])
def test_a_terminal_that_cannot_draw_is_refused(open_terminal: OpenTerminal, terminfo: str) -> None:
    terminal = open_terminal()
    terminal.type(f"TERM={terminfo} {shlex.quote(str(PROGRAM))}; echo code $?")
    terminal.press("Enter")
    screen = terminal.wait_until(lambda screen: re.search(r"^code 2$", screen, re.M))
    assert "needs a terminal that can draw" in screen
    assert not terminal.modes()["alternate_on"]


@pytest.mark.parametrize("terminfo", ["linux", "vt100"])
def test_all_other_terminals_show_the_workbench(open_terminal: OpenTerminal, terminfo: str) -> None:
    terminal = open_terminal()
    terminal.type(f"TERM={terminfo} {shlex.quote(str(PROGRAM))}")
    terminal.press("Enter")
    terminal.wait_for(KEYS, "[ ] loads")
    terminal.press("q")
    terminal.wait_for_shell()


def test_no_color_means_no_colour(folder: Path, open_terminal: OpenTerminal) -> None:
    write_suite(folder, NAP)
    colour = re.compile(r"\x1b\[[\d;]*\b(?:3[0-7]|4[0-7]|[34]8|9\d|10\d)[;m]")
    terminal = open_terminal(environment={"NO_COLOR": "1"})
    workbench = Workbench(terminal, "launch", "shop")
    workbench.run_to_end()
    assert not colour.search(terminal.screen(styled=True))
    workbench.leave()
    assert not colour.search(terminal.screen(styled=True))

    terminal = open_terminal()
    workbench = Workbench(terminal, "launch", "shop")
    assert colour.search(terminal.screen(styled=True))


def test_a_byte_that_is_no_text_does_not_end_the_workbench(
    folder: Path, open_terminal: OpenTerminal
) -> None:
    write_suite(folder, NAP)
    terminal = open_terminal()
    workbench = Workbench(terminal, "launch", "shop")
    terminal.type_bytes(b"\xff\xfe\xc3")
    workbench.run_to_end()
    assert "shop.browse" in row_of("shop.browse", workbench.leave())
