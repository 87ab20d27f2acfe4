"""The versions of constraints.txt install on every Python that the project promises."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]


def pinned() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def test_no_pinned_package_needs_a_newer_python_than_the_project() -> None:
    """Debian 12 has 3.11.2: one package that wants 3.11.5 and `make setup` fails there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = f"{project['requires-python'].removeprefix('>=')}.0"
    too_new, known = [], 0
    for each in pinned():
        try:
            found = metadata(each.name)
        except PackageNotFoundError:
            continue  # of a group that is not installed
        known += 1
        (wanted,) = found.get_all("Requires-Python") or [""]
        if wanted and oldest not in SpecifierSet(wanted):
            too_new.append(f"{each.name} {found['Version']} wants Python {wanted}")
    assert not too_new
    if known < 20:
        pytest.skip(f"only {known} of the pinned packages are installed")
