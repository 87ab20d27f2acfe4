"""The public names of both packages and the ports behind which parts can be added, from the source.

Everything is read from the source text, so that the page is the same under every Python.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import groupby

import cortex_core
from tools.documents.reference.attributes import described
from tools.documents.reference.markdown import code, prose, table

_INTRODUCTION = """\
# Python API

What you can import. `cortex_tui` has what workloads are written with, and the ports behind which a
load, a format, a statistic, a store or a placement can be added; `cortex_core` is the core that the
shipped suites measure, a library in itself. Everything else may change in any version.
"""

_WORKLOADS = ("workload", "per_worker", "shared", "Workload", "PerWorker", "Shared")
_PORTS = (
    ("A load", "cortex_tui.loads.port", ("Load", "ArrivalRules", "WorkerRules")),
    ("A format", "cortex_tui.formats.port", ("Format", "Recording", "Origin", "FormatError")),
    ("A statistic", "cortex_tui.stats.statistics", ("Statistic", "Unit", "Reading")),
    ("A store", "cortex_tui.store.port", ("Store",)),
    ("A placement", "cortex_tui.placement.port", ("Placement", "Stream", "Place")),
)


def page() -> str:
    parts = [
        _INTRODUCTION.strip(),
        "## `cortex_tui`: workloads",
        *_about("cortex_tui.workloads.api"),
        *_names("cortex_tui.workloads.api", _WORKLOADS),
        *_names("cortex_tui.workloads.operation", ("WorkloadError",)),
        "## `cortex_tui`: ports",
    ]
    for title, module, names in _PORTS:
        parts += [f"### {title}: `{module}`", *_about(module), *_names(module, names, level=4)]
    parts += ["## `cortex_core`", *_about("cortex_core")]
    for module, found in groupby(sorted(cortex_core.__all__, key=_module_of), key=_module_of):
        parts += [f"### `{module}`", *_about(module), *_names(module, list(found), level=4)]
    return "\n\n".join(parts)


def _module_of(name: str) -> str:
    module: str = getattr(getattr(cortex_core, name), "__module__", "")
    return module if module.startswith("cortex_core") else "cortex_core.cortex"


def _about(module: str) -> Iterator[str]:
    yield from _paragraphs(inspect.cleandoc(import_module(module).__doc__ or ""))


def _names(module: str, names: Sequence[str], *, level: int = 3) -> Iterator[str]:
    loaded = import_module(module)
    for name in names:
        thing = getattr(loaded, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            (node,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
        else:
            node = None
        yield "#" * level + f" `{name}`"
        match node:
            case ast.ClassDef():
                yield from _class(node, thing)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield f"```text\n{_signature(node)}\n```"
                yield from _paragraphs(ast.get_docstring(node) or "")
            case _:
                yield prose(described(loaded).get(name, ""))


def _class(node: ast.ClassDef, thing: type) -> Iterator[str]:
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    yield f"```text\nclass {node.name}{f'({bases})' if bases else ''}\n```"
    yield from _paragraphs(ast.get_docstring(node) or "")
    meanings = described(thing)
    fields = [
        (
            code(each.target.id),
            code(ast.unparse(each.annotation)),
            code(ast.unparse(each.value)) if each.value else "",
            prose(meanings[each.target.id]),
        )
        for each in node.body
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.target, ast.Name)
        and not each.target.id.startswith("_")
    ]
    if fields:
        yield table(("field", "type", "default", "meaning"), fields)
    methods = [
        (code(_signature(each)), prose(" ".join((ast.get_docstring(each) or "").split("\n\n"))))
        for each in node.body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        and (not each.name.startswith("_") or (each.name == "__call__"))
    ]
    if methods:
        yield table(("method", "what it does"), methods)


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    decorators = {ast.unparse(each) for each in node.decorator_list}
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if "property" in decorators:
        return f"{node.name}{returns}"
    kept = node.args
    for arguments in (kept.posonlyargs, kept.args):
        if arguments and arguments[0].arg in {"self", "cls"}:
            del arguments[0]
    plain = re.sub(r"^/, |^/$", "", ast.unparse(kept))
    awaited = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{awaited}{node.name}({plain}){returns}"


def _paragraphs(text: str) -> Iterator[str]:
    """A docstring's paragraphs; lines of code in it, which are indented, are kept as they are."""
    for paragraph in filter(None, text.split("\n\n")):
        if paragraph.startswith("    ") or re.match(r"(async )?with ", paragraph):
            yield f"```text\n{textwrap.dedent(paragraph)}\n```"
        else:
            yield prose(paragraph)
