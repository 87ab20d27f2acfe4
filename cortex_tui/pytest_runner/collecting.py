"""Finds a project's tests by having pytest collect them, in the folder where a person would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cortex_tui.pytest_runner.profiles import Collected
from cortex_tui.text import one_line

_ERROR = re.compile(r"^ERROR(?!: usage)|^E  |error: ")
_NO_MODULE = re.compile(r"No module named '([^'.]+)")
_LINES_SHOWN = 8
_NOTHING_COLLECTED = 5
"""pytest's exit code where there are no tests."""


class CollectionError(Exception):
    """pytest found no tests to measure; the text says why, and what to do."""


def collect(arguments: Sequence[str], folder: Path | None = None) -> Collected:
    """What `pytest ARGUMENTS` would run of tests with the `benchmark` fixture.

    Raises CollectionError where there are none, or pytest refuses.
    """
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "tests.json"
        command = [sys.executable, "-P", "-m", "cortex_tui.pytest_runner.collector", str(file)]
        ended = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            check=False,
        )
        found = file.read_bytes() if file.exists() else b""
    printed = [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
    if "No module named 'pytest'" in ended.stderr:
        raise CollectionError("pytest is not installed in this environment: pip install pytest")
    if not found or ended.returncode not in (0, _NOTHING_COLLECTED):
        why = _essence(printed) + _path_hint(printed, folder or Path())
        raise CollectionError(f"pytest (exit code {ended.returncode}) collected nothing: {why}")
    collected = msgspec.json.decode(found, type=Collected)
    if not collected.tests:
        raise CollectionError(_none_to_measure(collected.others))
    return collected


def _none_to_measure(others: int) -> str:
    """Why there is no test to measure, with this number of tests that are none."""
    if not others:
        return "no test was found: expected tests that use the `benchmark` fixture"
    if others == 1:
        return "1 test was found; it does not use the `benchmark` fixture"
    return f"{others:,} tests were found; none uses the `benchmark` fixture"


def _path_hint(printed: Sequence[str], folder: Path) -> str:
    """What to do where a module of this folder was not found: `python -m pytest` finds it."""
    for name in _NO_MODULE.findall("\n".join(printed)):
        if os.path.isfile(folder / f"{name}.py") or os.path.isdir(folder / name):
            return (
                f"; {name} is in this folder, where `python -m pytest` finds it, but `pytest` "
                "does not: set `pythonpath = .` in pytest.ini, or PYTHONPATH=. for this command"
            )
    return ""


def _essence(printed: Sequence[str]) -> str:
    """The lines that name an error, or else the last ones."""
    errors = [line for line in printed if _ERROR.search(line)]
    return "; ".join(one_line(line.strip()) for line in (errors or printed)[-_LINES_SHOWN:])
