"""Whatever a workload's exceptions do when they are asked what they say, they are reported."""

from __future__ import annotations

import os
import subprocess
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from cortex_tui.limits import MAX_ERROR_CHARS, MAX_TRACEBACK_CHARS
from cortex_tui.workloads.failures import describe_error, format_traceback, text_of, type_name
from cortex_tui.workloads.operation import WorkloadError
from cortex_tui.workloads.resolving import resolve


class RaisesError(Exception):
    def __str__(self) -> str:
        raise OSError("no text")

    __repr__ = __str__


class ExitsError(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)


class ReturnsError(Exception):
    def __str__(self) -> str:
        return 7  # type: ignore[return-value]


class EndlessError(Exception):
    def __str__(self) -> str:
        return self.__str__()


class OddText(str):
    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        raise OSError("not to be encoded")


ODD = [
    RaisesError(),
    ExitsError(),
    ReturnsError(),
    EndlessError(),
    FileNotFoundError(os.fsdecode(b"caf\xe9")),
    ValueError("\ud800 alone"),
    ValueError(OddText("odd")),
    subprocess.CalledProcessError(1, ["\udcff"]),
    Exception("x" * 1_000_000),
    type("Long" * 1_000, (Exception,), {})(),
    ExceptionGroup("several", [RaisesError(), ValueError("b")]),
]


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__[:20])
def test_every_text_is_bounded_and_can_be_encoded(error: Exception) -> None:
    try:
        raise error
    except Exception as raised:
        texts = [describe_error(raised), text_of(raised), type_name(raised)]
        traceback = format_traceback(raised)
    assert all(len(text) <= MAX_ERROR_CHARS for text in texts)
    assert len(traceback) <= MAX_TRACEBACK_CHARS + 10
    assert "test_failures.py" in traceback
    for text in (*texts, traceback):
        text.encode("utf-8")
    assert type(error).__name__[:200] in describe_error(error)


def test_a_text_is_that_of_the_exception_and_not_of_its_notes_or_lines() -> None:
    error = ValueError("first line\nsecond: line")
    error.add_note("a note: not it")
    assert text_of(error) == "first line second: line"
    assert describe_error(error) == "ValueError: first line second: line"


def test_a_group_says_what_is_in_it() -> None:
    group = ExceptionGroup("two", [ValueError("a"), OSError("b")])
    assert describe_error(group) == (
        "ExceptionGroup: two (2 sub-exceptions): ValueError: a; OSError: b"
    )


def test_what_is_wrong_with_a_workload_is_said_without_a_type() -> None:
    assert describe_error(WorkloadError("it yields nothing")) == "it yields nothing"


def test_an_interrupt_from_outside_is_no_text() -> None:
    class AbortError(Exception):
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        text_of(AbortError())


async def test_a_traceback_of_a_failed_set_up_begins_in_the_code_of_the_workload(
    tmp_path: Path,
) -> None:
    (tmp_path / "broken_set_up.py").write_text(
        "from cortex_tui import workload\n"
        "@workload\n"
        "async def load():\n"
        "    raise KeyError('table')\n"
        "    yield\n"
    )
    found = resolve("broken_set_up:load", str(tmp_path / "suite.toml"))
    with pytest.raises(KeyError) as raised:
        async with found.opened({}):
            pass
    lines = format_traceback(raised.value.with_traceback(raised.tb.tb_next)).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert f'File "{tmp_path / "broken_set_up.py"}", line 4' in lines[1]
    assert lines[-1] == "KeyError: 'table'"


@pytest.mark.parametrize(
    ("module", "first"),
    [
        ("unreadable", '  File "{folder}/unreadable.py", line 2\n    def load(:\n'),
        ("indented", '  File "{folder}/indented.py", line 1\n    x = 1\n'),
        (
            "importing",
            "Traceback (most recent call last):\n"
            '  File "{folder}/importing.py", line 1, in <module>\n',
        ),
    ],
)
def test_a_module_that_is_no_python_is_reported_with_its_own_place(
    tmp_path: Path, module: str, first: str
) -> None:
    (tmp_path / "unreadable.py").write_text("\ndef load(:\n    pass\n")
    (tmp_path / "indented.py").write_text("  x = 1\n")
    (tmp_path / "importing.py").write_text("import unreadable\n")
    with pytest.raises(SyntaxError) as raised:
        resolve(f"{module}:load", str(tmp_path / "suite.toml"))
    text = format_traceback(raised.value.with_traceback(raised.tb.tb_next))
    assert text.startswith(first.format(folder=tmp_path))
    assert "resolving.py" not in text
    assert "importlib" not in text


def test_a_module_that_cannot_be_read_is_reported_without_what_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "gone.py"
    with pytest.raises(FileNotFoundError) as raised:
        SourceFileLoader("gone", str(file)).get_code("gone")
    text = format_traceback(raised.value.with_traceback(raised.tb.tb_next))
    assert text == f"FileNotFoundError: [Errno 2] No such file or directory: {str(file)!r}\n"
