"""What the source says of the attributes of a class or a module: the strings below them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable
from types import ModuleType


def described(thing: type | ModuleType) -> dict[str, str]:
    """By name, in order, each attribute that is assigned or annotated; "" where nothing is said."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    body: Iterable[ast.stmt] = tree.body
    if isinstance(thing, type):
        (definition,) = tree.body
        assert isinstance(definition, ast.ClassDef)
        body = definition.body
    found: dict[str, str] = {}
    last: list[str] = []
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str(text))):
                found |= dict.fromkeys(last, inspect.cleandoc(text))
            case ast.AnnAssign(target=ast.Name(id=name)):
                last = [name]
                found.setdefault(name, "")
                continue
            case ast.Assign(targets=targets):
                last = [target.id for target in targets if isinstance(target, ast.Name)]
                found |= dict.fromkeys(last, "")
                continue
        last = []
    return found
