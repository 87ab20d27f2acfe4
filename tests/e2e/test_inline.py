"""`cortex-tui run --inline`: a table below the prompt, in a real terminal."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.e2e.conftest import OpenTerminal
from tests.e2e.program import PROGRAM, call, newest_session, row_of, write_suite
from tests.e2e.terminal import PROMPT

NAP = '\nworkload = "bench:nap"\n'
PRINTING = """
    async def chatty():
        await asyncio.sleep(0.05)
        print("one more")
"""


def test_the_table_becomes_the_report_and_what_stood_above_stays(
    folder: Path, open_terminal: OpenTerminal
) -> None:
    write_suite(
        folder, f'[profile.nap]{NAP}[profile.chatty]\nworkload = "bench:chatty"', code=PRINTING
    )
    terminal = open_terminal()
    terminal.run(["echo", "before"])
    terminal.run([PROGRAM, "run", "shop", "--inline", "--duration", "4s", "--export", "csv=x.csv"])
    screen = terminal.wait_for("measure ", "| ", "one more", "2 measure")
    table = [
        line.split()[0] for line in screen.splitlines() if line.startswith(("shop.", "profile"))
    ]
    assert table == ["profile", "shop.nap", "shop.chatty"]
    assert screen.index("one more") < screen.index("profile ")
    screen = terminal.wait_for_shell()
    assert "before\n" in screen
    assert "2 measure" not in screen
    assert row_of("shop.nap", screen)[1] == "finished"
    assert screen.count("\nprofile ") == 2  # of results, and of confidence intervals
    assert (folder / "x.csv").exists()


def test_a_terminal_that_changes_its_size_has_a_whole_table_again(
    folder: Path, open_terminal: OpenTerminal
) -> None:
    names = [f"p{i:02}" for i in range(4)]
    write_suite(folder, "".join(f'[profile.{name}]{NAP}duration = "1h"\n' for name in names))

    def is_whole(screen: str) -> bool:
        rows = screen.rpartition("profile ")[2].splitlines()[1:]
        starts = [row.partition(" ")[0] for row in rows if row]
        return starts[:-1] == [f"shop.{name}" for name in names] and "4 runs" in rows[4]

    terminal = open_terminal(width=120)
    terminal.run(["echo", "before"])
    terminal.run([PROGRAM, "run", "shop", "--inline"])
    terminal.wait_for("4 measure")
    for width in (60, 130, 75, 50, 80):
        terminal.resize(width, 24)
        terminal.wait_until(is_whole)
    terminal.press("C-c")
    screen = terminal.wait_for_shell()
    assert "before\n" in screen
    assert "stopped" in row_of("shop.p03", screen.partition("SIGINT: stopping")[2])


def test_an_interrupt_leaves_the_results_of_many_runs(
    folder: Path, open_terminal: OpenTerminal
) -> None:
    write_suite(folder, "".join(f'[profile.p{i:02}]{NAP}duration = "1h"\n' for i in range(60)))
    terminal = open_terminal(environment={"NO_COLOR": "1"})
    terminal.type(f"{shlex.quote(str(PROGRAM))} run shop --inline > report.txt; echo code $?")
    terminal.press("Enter")
    screen = terminal.wait_for("+ 40 more", "60 measure")
    assert len(screen.rstrip().splitlines()) <= 24
    terminal.press("C-c")
    screen = terminal.wait_for_shell()
    assert "code 130\n" in screen
    # The report went to a file, so the table stays, with every row and nothing twice.
    rows = [line.split()[0] for line in screen.splitlines() if line.startswith("shop.")]
    assert rows == [f"shop.p{i:02}" for i in range(60)]
    assert "+ 40 more" not in screen
    assert row_of("shop.p59", (folder / "report.txt").read_text(encoding="utf-8"))
    assert newest_session(folder)[1] == "stopped"


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_without_a_terminal_there_is_one_message_and_lines(folder: Path, term: str) -> None:
    write_suite(folder, f"[profile.nap]{NAP}")
    done = call(folder, "run", "shop", "--inline", environment={"TERM": term})
    assert done.returncode == 0
    assert done.stderr.splitlines()[0].startswith("cortex-tui: --inline: stderr is no terminal")
    assert done.stderr.count("--inline") == 1
    assert "\x1b" not in done.stderr
    assert row_of("shop.nap", done.stdout)
    assert PROMPT not in done.stdout
