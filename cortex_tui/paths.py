"""Where things are: the shipped suites, the store, and what may be thrown away."""

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


def cache_folder() -> Path:
    """Where seeded databases are kept from one session to the next; may be deleted at any time."""
    # An import of 4 ms that listing profiles does not need.
    from platformdirs import user_cache_path

    return user_cache_path("cortex-tui", appauthor=False)
