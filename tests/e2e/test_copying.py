"""Copying through a real terminal: it takes what the program sends it for the clipboard."""

from __future__ import annotations

import shlex
from pathlib import Path

from tests.e2e.conftest import OpenTerminal
from tests.e2e.program import call, shown, write_suite
from tests.e2e.workbench import Workbench


def test_the_terminal_gets_what_is_copied_and_the_command_line_repeats_the_session(
    folder: Path, open_terminal: OpenTerminal
) -> None:
    write_suite(
        folder,
        """
        [profile.browse]
        workload = "bench:nap"
        [profile.order]
        workload = "bench:nap"
        """,
        defaults='warmup = 0\nduration = "300ms"',
    )
    terminal = open_terminal(width=120, height=40)
    terminal.let_programs_copy()
    workbench = Workbench(terminal, "launch", "shop")
    workbench.run_to_end("o")
    workbench.press("y")
    terminal.wait_for("the table, as Markdown")
    workbench.press("t")
    terminal.wait_for("copied 2 rows as Markdown")
    table = terminal.wait_for_clipboard("shop.order")
    assert table.splitlines()[0].startswith("| profile | phase ")
    workbench.press("y")
    terminal.wait_for("the table, as Markdown")
    workbench.press("c")
    command = terminal.wait_for_clipboard("cortex-tui run")
    workbench.leave()

    words = shlex.split(command)
    assert words[:4] == ["cortex-tui", "run", "shop", "--one-by-one"]
    call(folder, *words[1:], "--save", "again")
    document = shown(folder, "again")
    assert document["one_by_one"] is True
    assert [run["profile"] for run in document["runs"]] == ["shop.browse", "shop.order"]
