"""Folders with tests of pytest, and the command that runs them."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from tests.e2e.program import call

NO_OTHERS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
"""The variable with which pytest loads those plugins only that it is asked to load."""

SHORT = ("--duration", "20ms", "--warmup", "0")


def write_tests(folder: Path, code: str, name: str = "test_bench.py") -> Path:
    file = folder / name
    file.write_text(textwrap.dedent(code), encoding="utf-8")
    return file


def run_tests(folder: Path, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and the results by the names of the tests."""
    done = call(folder, "pytest", *SHORT, "--json", "result.json", *arguments)
    result = folder / "result.json"
    assert result.exists(), done.stderr
    document = json.loads(result.read_text(encoding="utf-8"))
    return done.returncode, {run["profile"].partition(".")[2]: run for run in document["runs"]}
