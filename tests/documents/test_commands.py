"""Commands that are shown and cannot be run use commands and options that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from cortex_tui.cli.group import program
from tests.documents.blocks import Block, parse, read_page
from tests.documents.running import commands_of
from tests.documents.test_pages import PAGES, ROOT, name_of


def commands_in(block: Block) -> list[str]:
    """Those of the program: lines of a block for a shell, and lines of a job for a CI host."""
    if block.language == "yaml":
        lines = re.findall(r"^ *- (?:run: )?(cortex-tui \S.*)", block.text, re.MULTILINE)
        lines += re.findall(r"^ *run: (cortex-tui \S.*)", block.text, re.MULTILINE)
    else:
        lines = [command.text for command in commands_of(block)]
    return [re.sub(r"\s{2,}#.*", "", line) for line in lines if line.startswith("cortex-tui ")]


def unknown_in(command: str) -> list[str]:
    """What there is not: a command, or options of it."""
    words = shlex.split(re.sub(r"\$\{\{.*?\}\}", "x", command))
    name = next((word for word in words[1:] if not word.startswith("-")), "launch")
    context = click.Context(program)
    found, run = (program.get_command(context, each) for each in (name, "run"))
    if found is None or run is None:
        return [name]
    known = options_of(found)
    given = [word.partition("=")[0] for word in words[2:] if re.match(r"--?\w", word)]
    if name == "pytest":  # which hands on pytest's own: none of them is called as one of `run`
        given = [option for option in given if option in options_of(run)]
    return [option for option in given if option not in known]


def options_of(command: click.Command) -> set[str]:
    return {option for param in command.params for option in param.opts} | {"-h", "--help"}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_and_options_exist(path: Path) -> None:
    for block in read_page(path, ROOT).blocks:
        if block.why_not_run is not None or block.language == "yaml":
            for command in commands_in(block):
                assert unknown_in(command) == [], f"{name_of(path)}:{block.line}: {command}"


def test_one_that_there_is_not_is_found() -> None:
    (shell, job) = parse(
        "<!-- not run: x -->\n```sh\ncortex-tui runs shop\n"
        "cortex-tui pytest tests -k search --inline\n```\n"
        '```yaml title="x.yml"\nsteps:\n  - run: cortex-tui run shop --agains x\n```\n',
        "page.md",
    ).blocks
    assert [unknown_in(command) for command in commands_in(shell)] == [["runs"], ["--inline"]]
    assert [unknown_in(command) for command in commands_in(job)] == [["--agains"]]


def test_both_ci_hosts_have_a_job_that_compares_with_the_target_branch() -> None:
    blocks = read_page(ROOT / "docs" / "guides" / "ci.md", ROOT).blocks
    jobs = " ".join(command for block in blocks for command in commands_in(block))
    for part in ("--against origin/${{", "--against FETCH_HEAD", "--export junit="):
        assert part in jobs
