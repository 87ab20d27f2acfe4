"""Suites that are edited from the workbench, in a real terminal."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import OpenTerminal
from tests.e2e.program import call, write_suite
from tests.e2e.workbench import Workbench

SHOP = """
    [profile.browse]  # one user
    workload = "bench:nap"
    load = { workers = 1 }  # alone

    # The second.
    [profile.order]
    workload = "bench:nap"
    load = { workers = 1 }
"""
EDITOR = """\
#!/bin/sh
echo "editing $*"
read wait
sed -i "${1#+},\\$s/workers = 1/workers = 3/" "$2"
"""


def test_a_profile_is_edited_in_the_form_and_in_an_editor_while_a_session_is_measured(
    folder: Path, open_terminal: OpenTerminal
) -> None:
    write_suite(folder, SHOP, defaults='warmup = 0\nduration = "60s"')
    editor = folder / "vi"
    editor.write_text(EDITOR)
    editor.chmod(0o700)
    terminal = open_terminal(environment={"EDITOR": str(editor), "VISUAL": ""})
    workbench = Workbench(terminal, "launch", "shop.browse")
    file = folder / "profiles" / "shop.toml"

    # For this launch.
    workbench.press("m")
    terminal.wait_for("f2 write to the file")
    terminal.type("59s")
    terminal.wait_for("duration *")
    workbench.press("Enter")
    terminal.wait_for("shop.browse is edited for this launch", "browse *")
    assert "59s" not in file.read_text()

    # In an editor, at its line, while the session is measured on.
    workbench.press("r")
    first = workbench.wait_for_row("browse", lambda row: row.operations > 0)
    workbench.press("j", "E")
    screen = terminal.wait_for("editing +")
    at = int(screen.partition("editing +")[2].split()[0])
    assert "[profile.order]" in file.read_text().splitlines()[at - 1]
    workbench.press("Enter")
    terminal.wait_for("profiles/shop.toml was read again: 1 profile changed")
    workbench.wait_for_row("order", lambda row: "3 workers" in row.text)
    workbench.wait_for_row("browse", lambda row: row.operations > first.operations)
    workbench.press("x")
    workbench.wait_for_state("stopped", "finished")

    # Into its file.
    before = file.read_text()
    workbench.press("k", "m")
    terminal.wait_for("edited, not saved")
    workbench.press("F2")
    # What was said when the editor had written may stand there still.
    terminal.wait_until(lambda screen: 'duration = "59s"' in file.read_text())
    terminal.wait_for("profiles/shop.toml was read again: 1 profile changed")
    assert [line for line in file.read_text().splitlines() if "59s" not in line] == (
        before.splitlines()
    )

    # A new suite, which runs.
    workbench.press("N")
    terminal.wait_for("Make a new suite")
    terminal.type("checkout")
    workbench.press("Enter")
    workbench.wait_for_row("checkout", lambda row: "2 profiles" in row.text)
    workbench.leave()
    assert call(folder, "check", "checkout", "shop").returncode == 0
