"""From the search path to the Catalog: which TOML files are read, and whose name counts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from cortex_tui.paths import is_missing, shipped_suites
from cortex_tui.profiles.model import Catalog, Problem, Suite
from cortex_tui.profiles.suite import read_suite
from cortex_tui.text import one_line

OWN_FOLDER = "profiles"
OWN_FILE = "cortex-tui.toml"
"""Where a working folder keeps its suites, unless --profiles names other places."""


def load_catalog(
    places: Sequence[Path] = (),
    *,
    named_files: Sequence[Path] = (),
    working_folder: Path | None = None,
    shipped: Path | None = None,
) -> Catalog:
    """Reads all suites; never raises for what it finds, but says it in `Catalog.problems`.

    `places` are files and folders (`--profiles`); without any, the working folder's own are read.
    `named_files` are files that were asked for by their path: their suites win over all others.
    The shipped suites are always read, and last, so that a user's suite takes their name.
    """
    folder = Path.cwd() if working_folder is None else working_folder
    found = find_files(places, named_files, folder, shipped)
    return _catalog(found.files, len(named_files), found.shipped, folder, found.problems)


class Found(NamedTuple):
    """The files of a search path, in the order in which they count."""

    files: list[Path]
    shipped: Path
    """The folder of the shipped suites."""
    problems: list[Problem]
    """What kept places from being looked at."""


def find_files(
    places: Sequence[Path], named_files: Sequence[Path], folder: Path, shipped: Path | None
) -> Found:
    """What `load_catalog` reads; `folder` is the working folder."""
    problems: list[Problem] = []
    files = [*named_files]
    if places:
        for place in places:
            files += _files_of(place, folder, problems)
    else:
        if os.path.isdir(folder / OWN_FOLDER):
            files += _toml_files(folder / OWN_FOLDER, folder, problems)
        if os.path.isfile(folder / OWN_FILE):
            files.append(folder / OWN_FILE)
    shipped_folder = _resolved(shipped_suites() if shipped is None else shipped)
    files += _toml_files(shipped_folder, folder, problems)
    return Found(files, shipped_folder, problems)


def _catalog(
    files: Iterable[Path],
    named: int,
    shipped_folder: Path,
    folder: Path,
    problems: list[Problem],
) -> Catalog:
    suites: dict[str, Suite | None] = {}
    sources: dict[str, str] = {}
    seen: set[Path] = set()
    winners: set[str] = set()
    for number, file in enumerate(files):
        resolved = _resolved(file)
        if resolved in seen:
            continue
        seen.add(resolved)
        name = file.stem
        source = shown_as(file, folder)
        is_shipped = resolved.parent == shipped_folder
        if name in sources:
            if is_shipped or name in winners:
                first = suites[name]
                if first is not None:
                    suites[name] = msgspec.structs.replace(first, replaces=source)
            else:
                message = f"the suite {name} is already defined in {sources[name]}"
                # The file may be right; its name is what makes it unusable.
                problems.append(Problem(source, message, suite=name))
            continue
        if number < named:
            winners.add(name)
        read = read_suite(file, source, shipped=is_shipped)
        sources[name] = source
        suites[name] = read.suite
        problems += read.problems
    found = (suite for suite in suites.values() if suite is not None)
    return Catalog(tuple(found), tuple(problems))


def _files_of(place: Path, folder: Path, problems: list[Problem]) -> list[Path]:
    """The files of a place that was named with --profiles."""
    shown = shown_as(place, folder)
    if not os.path.isdir(place):
        if os.path.lexists(place) or not is_missing(place):
            return [place]
        problems.append(Problem(shown, "expected a TOML file or a folder of them, found none"))
        return []
    before = len(problems)
    files = _toml_files(place, folder, problems)
    if not files and len(problems) == before:
        problems.append(Problem(shown, "expected a folder with TOML files, it has none"))
    return files


def suites_in(folder: Path) -> list[Path]:
    """The files that are read where this is the working folder; if there are none, its TOML files.
    Raises OSError."""
    own = toml_files(folder / OWN_FOLDER) if os.path.isdir(folder / OWN_FOLDER) else []
    if os.path.isfile(folder / OWN_FILE):
        own.append(folder / OWN_FILE)
    return own or toml_files(folder)


def toml_files(folder: Path) -> list[Path]:
    """The TOML files of a folder, by name; those that start with a dot are left alone. Raises
    OSError."""
    files = (file for file in folder.iterdir() if file.suffix == ".toml")
    return sorted(file for file in files if not file.name.startswith("."))


def _toml_files(place: Path, folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        return toml_files(place)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        problems.append(Problem(shown_as(place, folder), message))
        return []


def _resolved(path: Path) -> Path:
    # Path.resolve raises for a loop of links, and Path.is_dir where a parent may not be read.
    return Path(os.path.realpath(path))


def shown_as(path: Path, folder: Path) -> str:
    """The path as a person in the working folder would write it."""
    try:
        return one_line(str(path.absolute().relative_to(folder.absolute())))
    except ValueError:
        return one_line(str(path))
