"""The performance scripts are run by hand: these tests notice when one no longer starts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.performance_scripts import FOLDER, SCRIPTS

ROOT = Path(__file__).parents[2]


def test_make_perf_runs_every_script() -> None:
    listed = re.search(r"^SCRIPTS \?= (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed is not None
    assert sorted(listed[1].split()) == list(SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_starts_without_the_libraries_it_compares_with(script: str) -> None:
    path = FOLDER / f"{script}.py"
    ended = subprocess.run(
        [sys.executable, path, "--help"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "--quick" in ended.stdout
