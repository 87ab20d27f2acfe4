"""Finds the performance scripts: what `make perf` runs, one after the other."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "performance"

SCRIPTS = tuple(
    sorted(
        path.stem
        for path in FOLDER.glob("*.py")
        if not path.stem.startswith(("_", "test_", "conftest"))
    )
)
"""Names of the modules that are run as `python tests/performance/NAME.py`."""
