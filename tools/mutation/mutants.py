"""The changed code: a copy of the packages in which mutmut keeps every mutant of each function.

A function of the copy calls the mutant that the variable MUTANT_UNDER_TEST names, itself where it
names none. With "stats" it notes that it was called.
"""

from __future__ import annotations

import ast
import difflib
import re
import shutil
import textwrap
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

VARIABLE = "MUTANT_UNDER_TEST"


class Package(NamedTuple):
    """What is changed, and the tests that are to notice it; folders of the project."""

    code: str
    root: str
    """The folder of `code` from which its modules have their names."""
    tests: str


PACKAGES = (
    Package("cortex_tui/stats", "", "tests/unit/stats"),
    Package("core/cortex_core/domain", "core", "tests/unit/core/domain"),
)


class Module(NamedTuple):
    """A module of the copy, and its mutants by name: `package.module.x_function__mutmut_3`."""

    name: str
    tests: str
    code: str
    mutants: tuple[str, ...]


def copied(project: Path, copy: Path) -> None:
    """Copy what the tests need; a copy that is there is replaced."""
    shutil.rmtree(copy, ignore_errors=True)
    for source, target in (
        ("cortex_tui", "src/cortex_tui"),
        ("core/cortex_core", "src/cortex_core"),
        ("tests", "tests"),
        ("profiles", "profiles"),
    ):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(project / source, copy / target, ignore=ignored)
    shutil.copy(project / "pyproject.toml", copy)


def mutated(copy: Path, paths: Iterable[Path], patterns: Iterable[str]) -> list[Module]:
    """Put the mutants of these modules into the copy. Keeps the names that match a pattern.

    `paths` are relative to the project. mutmut leaves functions with decorators as they are.
    """
    # Here, since it takes a third of a second, and each process of the tests imports this module.
    from mutmut.mutation.file_mutation import mutate_file_contents

    wanted = tuple(patterns) or ("*",)
    found = []
    for path in paths:
        package = next(each for each in PACKAGES if path.is_relative_to(each.code))
        inside = path.relative_to(package.root)
        name = ".".join(inside.with_suffix("").parts)
        if not any(_may_match(one, name + ".") for one in wanted):
            continue
        target = copy / "src" / inside
        changed = mutate_file_contents(str(path), target.read_text("utf-8"))
        names = [f"{name}.{each}" for each in changed.mutant_names]
        kept = tuple(each for each in names if any(fnmatchcase(each, one) for one in wanted))
        if kept:
            target.write_text(changed.code, "utf-8")
            found.append(Module(name, package.tests, changed.code, kept))
    return found


def _may_match(pattern: str, start: str) -> bool:
    """Whether a name that starts like this could match. Making mutants takes seconds."""
    literal = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    return start.startswith(literal) or literal.startswith(start)


def function_of(mutant: str) -> str:
    """The name that a function notes when it is called."""
    return mutant.partition("__mutmut_")[0]


def difference(module: Module, mutant: str) -> str:
    """What the mutant changes, as a diff without headers."""
    short = mutant.removeprefix(module.name + ".")
    original = function_of(short) + "__mutmut_orig"
    sources = _functions(module.code)
    before = sources[original].replace(original, "it").splitlines()
    after = sources[short].replace(short, "it").splitlines()
    lines = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
    return "\n".join(lines)


@lru_cache(maxsize=1)
def _functions(code: str) -> dict[str, str]:
    """By name, the source of each. With its mutants a module has thousands of them."""
    lines = code.splitlines()
    return {
        node.name: textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno]))
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
