"""A line as a shell sends it with each tab."""

from __future__ import annotations

import os
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING
from unittest.mock import patch

from click.shell_completion import get_completion_class

from cortex_tui.cli.completion import SHELLS, VARIABLE
from cortex_tui.cli.group import program
from cortex_tui.cli.options import PROGRAM
from tests.fuzz.scratch import scratch
from tests.fuzz.target import Target, harmless

if TYPE_CHECKING:
    from click.shell_completion import ShellComplete

_SUITE = '[profile.first]\nworkload = "canary"\ntags = ["fast"]\nsummary = "a\\u001bb"\n'


@cache
def _folder() -> str:
    folder = scratch() / "shop"
    (folder / "profiles").mkdir(parents=True)
    (folder / "profiles" / "shop.toml").write_text(_SUITE, encoding="utf-8")
    return str(folder)


def _completer(shell: str) -> ShellComplete:
    make = get_completion_class(shell)
    assert make is not None
    return make(program, {}, PROGRAM, VARIABLE)


def _completed(data: bytes) -> None:
    """What a shell gets is one harmless line for each word, and never a traceback."""
    line = data.decode("utf-8", "surrogateescape").replace("\0", "")
    last = "" if line != line.rstrip() else line.split(" ")[-1].strip()
    before = os.getcwd()
    os.chdir(_folder())
    try:
        for shell in SHELLS:
            words = {
                "COMP_WORDS": f"{PROGRAM} {line}",
                "COMP_CWORD": last if shell == "fish" else str(len(line.split())),
            }
            with patch.dict(os.environ, words), redirect_stdout(StringIO()) as printed:
                _completer(shell).complete()
            harmless(printed.getvalue(), lines=True)
    finally:
        os.chdir(before)


TARGETS = (
    Target(
        "completion", _completed,
        lambda: [b"run shop.", b"run @f", b"compare --store x.db ", b"show 'a", b"history shop.s"],
        words=(b"run", b"compare", b"--store", b"--profiles", b"-", b"--", b"'", b'"', b"\\", b"@",
               b"shop.", b"=", b" "),
        thousands=3,
    ),
)  # fmt: skip
