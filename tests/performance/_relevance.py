"""What relevance.py searches and asks: the standard library's docstrings, and questions.

The questions and their answers are in relevance.toml.
"""

from __future__ import annotations

import ast
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import tomli

_LEFT_OUT = {
    "__pycache__",
    "distutils",
    "encodings",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
}
_LEFT_OUT |= {"site-packages", "test", "tests", "turtledemo"}
_ASKED = Path(__file__).with_name("relevance.toml")
_LEAST_CHARS = 20
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Document(NamedTuple):
    name: str
    """Its module, classes and function with dots between them, such as `shutil.rmtree`."""
    text: str


class Question(NamedTuple):
    text: str
    answers: frozenset[str]


def documents() -> list[Document]:
    """Every docstring of what is public in the modules that are written in Python."""
    root = Path(sysconfig.get_path("stdlib"))
    found: dict[str, str] = {}
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        if _LEFT_OUT.isdisjoint(parts):
            # A package's private modules are where newer versions keep what is public in it.
            public = [part for part in parts if not part.startswith("_")]
            tree = ast.parse(file.read_text(encoding="utf-8", errors="replace"))
            for name, text in _docstrings(tree, public):
                found.setdefault(name, text)
    return [Document(name, text) for name, text in found.items() if name]


def _docstrings(node: _Documented, path: list[str]) -> Iterator[tuple[str, str]]:
    text = ast.get_docstring(node)
    if text and len(text) >= _LEAST_CHARS:
        yield ".".join(path), text
    for child in _definitions(node):
        if not child.name.startswith("_"):
            yield from _docstrings(child, [*path, child.name])


def _definitions(node: ast.AST) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
        elif isinstance(child, ast.If | ast.Try):
            yield from _definitions(child)


def _questions(half: str) -> tuple[Question, ...]:
    asked = tomli.loads(_ASKED.read_text(encoding="utf-8"))[half]
    return tuple(Question(text, frozenset(answers)) for text, answers in asked.items())


TUNED = _questions("tuned")
"""Those that the search was tuned on."""
TO_TUNE_ON = _questions("to_tune_on")
"""Those to tune it on next: what was tried on them so far was not kept."""
KEPT_APART = _questions("kept_apart")
"""Not tuned on, but its figures were read meanwhile: one weighing was dropped because of them."""
FRESH = _questions("fresh")
"""Written when the tuning was over, by somebody who had not seen how the search ranks."""
