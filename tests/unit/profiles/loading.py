"""A suite that is read, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.model import Catalog


def load(folder: Path, text: str | bytes, name: str = "x.toml") -> Catalog:
    """The catalog of a working folder whose profiles/ holds one file, without shipped suites."""
    (folder / "profiles").mkdir(exist_ok=True)
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / "profiles" / name).write_bytes(raw)
    return load_catalog(working_folder=folder, shipped=folder / "profiles")


def lines(catalog: Catalog) -> list[str]:
    return [str(problem) for problem in catalog.problems]
