"""Runs every performance script to its end: they break unnoticed when nothing starts them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.performance_scripts import FOLDER, SCRIPTS

ROOT = Path(__file__).parents[2]
FIELDS = {"what", "ours", "reference", "ratio", "goal", "met"}


@pytest.mark.soak
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_measures_to_its_end(script: str) -> None:
    """Goals may be missed here, since the machine may be busy; the measurements must be made."""
    ended = subprocess.run(
        [sys.executable, FOLDER / f"{script}.py", "--quick"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert lines
    assert all(line.keys() >= FIELDS for line in lines)
    assert ended.returncode == (0 if all(line["met"] for line in lines) else 1)
