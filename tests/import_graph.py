"""Which module of ours imports which, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@cache
def modules() -> dict[str, Path]:
    """The file of every module of both packages, by its name."""
    found = {}
    for base, package in ((ROOT, "cortex_tui"), (ROOT / "core", "cortex_core")):
        for file in (base / package).rglob("*.py"):
            parts = file.relative_to(base).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def syntax_of(file: Path) -> ast.Module:
    """The file as it was when it was first asked for; nobody may change the tree."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imports_of(name: str, file: Path) -> tuple[str, ...]:
    """Every module of ours that is imported anywhere in the file, inside functions too."""
    return tuple(_imports_of(name, file))


def _imports_of(name: str, file: Path) -> Iterator[str]:
    known = modules()
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(syntax_of(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            start = [*base, node.module or ""] if node.level else [node.module or ""]
            origin = ".".join(filter(None, start))
            for alias in node.names:
                member = f"{origin}.{alias.name}"
                yield member if member in known else origin


def within(name: str, rooms: Iterable[str]) -> str | None:
    """The room that a module is in, None for one that is in none of them."""
    return next((room for room in rooms if f"{name}.".startswith(f"{room}.")), None)


def arrows(rooms: set[str]) -> set[tuple[str, str]]:
    """Each pair of rooms of which the first imports from the second."""
    return {
        (room, other)
        for name, file in modules().items()
        if (room := within(name, rooms))
        for imported in imports_of(name, file)
        if (other := within(imported, rooms)) and other != room
    }


def without_detours(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The arrows that no way along others stands for."""
    return {arrow for arrow in arrows if arrow[1] not in _reached(arrow[0], arrows - {arrow})}


def _reached(start: str, arrows: set[tuple[str, str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        at = waiting.pop()
        further = {other for room, other in arrows if room == at} - found
        found |= further
        waiting += further
    return found
