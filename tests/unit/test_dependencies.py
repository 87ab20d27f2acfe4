"""The tables of dependencies and licences in docs/readiness.md are what is installed."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.utils import canonicalize_name

from tools.documents.dependencies import direct, direct_table, indirect, licence_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "readiness.md").read_text(encoding="utf-8")
PINS = {
    str(canonicalize_name(name)): version
    for name, version in re.findall(
        r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
}


def rows_after(mark: str) -> list[list[str]]:
    """The cells of the table behind a mark."""
    table = PAGE.partition(f"<!-- {mark} -->\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def test_direct_dependencies_have_their_licences_and_the_versions_that_are_tested() -> None:
    made = [row.strip("|").split("|") for row in direct_table(direct())[2:]]
    rows = rows_after("direct")
    assert [row[:3] for row in rows] == [[cell.strip() for cell in row[:3]] for row in made]
    assert {row[0]: row[3] for row in rows} == {row[0]: PINS[row[0]] for row in rows}


def test_every_package_that_those_need_is_listed_under_its_licence() -> None:
    """Some are needed on some versions of Python only, so there may be more."""
    listed = {
        name.partition(" ")[0]: licence
        for licence, names in rows_after("indirect")
        for name in names.split(", ")
    }
    found = {package: licence_of(package) for package in indirect()}
    assert {name: listed.get(name) for name in found} == found
    assert set(listed) <= set(PINS)
