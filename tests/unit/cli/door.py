"""The command line as a test calls it."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from cortex_tui.cli import main


class Answer(NamedTuple):
    code: int
    out: str
    err: str


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> Answer:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    captured = capsys.readouterr()
    assert isinstance(end.value.code, int)
    return Answer(end.value.code, captured.out, captured.err)
