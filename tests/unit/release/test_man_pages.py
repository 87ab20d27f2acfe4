"""The man pages: whole, and without anything that their readers complain of."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from cortex_tui.cli.group import program
from tools.release.man_pages import man_pages

CONTEXT = click.Context(program, info_name="cortex-tui")
COMMANDS = {name: program.get_command(CONTEXT, name) for name in program.list_commands(CONTEXT)}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return man_pages("1.2.3", "2026-03-31")


def test_there_is_one_of_the_program_and_one_of_each_command(pages: dict[str, str]) -> None:
    assert set(pages) == {"cortex-tui.1", *(f"cortex-tui-{name}.1" for name in COMMANDS)}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_has_every_option(pages: dict[str, str], name: str) -> None:
    page = pages[f"cortex-tui-{name}.1"].replace("\\-", "-")
    command = COMMANDS[name]
    assert command is not None
    for parameter in command.get_params(CONTEXT):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            title = re.escape(", ".join(parameter.opts))
            assert re.search(rf"^\.TP\n\\fB{title}\b", page, re.MULTILINE), parameter.opts


def test_the_page_of_the_program_lists_the_commands(pages: dict[str, str]) -> None:
    page = pages["cortex-tui.1"].replace("\\-", "-")
    assert all(f"\n.TP\n\\fB{name}\\fR\n" in page for name in COMMANDS)
    assert page.startswith('.TH "CORTEX-TUI" "1" "2026-03-31" "cortex-tui 1.2.3"')


@pytest.mark.parametrize(
    "reader", [["mandoc", "-T", "lint", "-W", "all"], ["groff", "-man", "-Tutf8", "-ww", "-z"]]
)
def test_their_readers_find_nothing_wrong(
    pages: dict[str, str], reader: list[str], tmp_path: Path
) -> None:
    if shutil.which(reader[0]) is None:
        pytest.skip(f"there is no {reader[0]}")
    files = [tmp_path / name for name in pages]
    for file in files:
        file.write_text(pages[file.name], encoding="utf-8")
    done = subprocess.run([*reader, *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_text_that_looks_like_roff_is_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    strange = ".so /etc/passwd \\fI 'quoted' ~ ^ `code` – µ"
    monkeypatch.setattr(program, "epilog", strange)
    page = man_pages("1", "2026-03-31")["cortex-tui.1"]
    assert "\n.so" not in page
    if shutil.which("mandoc") is None:
        pytest.skip("there is no mandoc")
    done = subprocess.run(
        ["mandoc", "-T", "utf8"], input=page, capture_output=True, text=True, check=True
    )
    read = re.sub(".\b", "", done.stdout)
    assert ".so /etc/passwd \\fI 'quoted' ~ ^ code – µ" in read
