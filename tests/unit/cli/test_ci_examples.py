"""The commands in docs/guides/ci.md and the other documents use what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from cortex_tui.cli.group import program

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(file: Path) -> list[str]:
    """Those of code blocks, whose lines begin with the command or have it behind `run:`."""
    lines = file.read_text(encoding="utf-8").splitlines()
    found = (re.match(r"\s+(?:- )?(?:run: )?(cortex-tui \S.*)", line) for line in lines)
    return [re.sub(r"\s{2,}#.*", "", match[1]) for match in found if match]


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_commands_and_options_exist(file: Path) -> None:
    for line in commands(file):
        words = shlex.split(re.sub(r"\$\{\{.*?\}\}", "x", line))
        name = next((word for word in words[1:] if not word.startswith("-")), "launch")
        context = click.Context(program)
        command = program.get_command(context, name)
        assert command is not None, line
        known = {option for param in command.params for option in param.opts} | {"-h", "--help"}
        if name != "pytest":  # which hands on pytest's own
            for word in words[2:]:
                if word.startswith("-") and word != "-":
                    assert word.partition("=")[0] in known, line


def test_ci_has_both_examples() -> None:
    found = " ".join(commands(ROOT / "docs" / "guides" / "ci.md"))
    for part in ("--against origin/x", "--against FETCH_HEAD", "--export junit=", "check"):
        assert part in re.sub(r"\$\{\{.*?\}\}", "x", found)
