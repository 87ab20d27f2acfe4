"""Where things are: the shipped suites and the store."""

from __future__ import annotations

from pathlib import Path

STORE = Path(".cortex-tui") / "snapshots.db"
"""The store of a working folder, unless --store names another."""


def shipped_suites() -> Path:
    """The folder of the suites that come with the program.

    In a wheel they are inside the package; in a checkout, and so in an editable install, beside it.
    """
    package = Path(__file__).resolve().parent
    inside = package / "suites"
    return inside if inside.is_dir() else package.parent / "profiles"
