"""Finds the workload that a profile names."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from cortex_tui.workloads.api import PerWorker, Workload
from cortex_tui.workloads.names import BUILT_IN, OVER_CORE
from cortex_tui.workloads.operation import Operation, WorkloadError, required_params

_asked_for: list[str] = []
"""Folders that profiles have brought onto `sys.path`."""


def resolve(name: str, roots: Sequence[str] = ()) -> Workload:
    """The workload of a profile: a built-in name, or `module:attribute`.

    Imports the module, with `roots` put first on `sys.path`. Raises WorkloadError.
    """
    if name in BUILT_IN:
        return _built_in(name)
    module_name, _, attribute = name.partition(":")
    for root in reversed(roots):
        if root in sys.path:
            sys.path.remove(root)
        else:
            _asked_for.append(root)
        sys.path.insert(0, root)
    importlib.invalidate_caches()
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise WorkloadError(
                f"{name}: its module needs {error.name!r}, which is not installed in this "
                f"environment ({sys.prefix})"
            ) from error
        looked = ", ".join(roots) or "the environment"
        raise WorkloadError(
            f"{name}: there is no module {module_name!r} (looked in {looked} and in "
            f"this environment, {sys.prefix})"
        ) from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            near = difflib.get_close_matches(part, dir(found), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise WorkloadError(f"{name}: {module_name} has no {part!r}{hint}") from None
    if isinstance(found, Workload):
        return found
    if inspect.isasyncgenfunction(found):
        raise WorkloadError(f"{name}: an async generator needs the @workload decorator")
    if not inspect.isroutine(found):
        raise WorkloadError(
            f"{name}: expected a function or a @workload generator, got {type(found).__name__}"
        )
    if required_params(found):
        raise WorkloadError(
            f"{name}: a bare function must take nothing, but it needs "
            f"{', '.join(required_params(found))}; make it a generator with @workload"
        )
    return _Bare(found, name)


def _built_in(name: str) -> Workload:
    room = "core" if name in OVER_CORE else name
    path = sys.path
    # What lies beside somebody's suite must not stand in for what ours is made of.
    sys.path = [entry for entry in path if entry not in _asked_for]
    try:
        module = importlib.import_module(f"cortex_tui.workloads.{room}")
    finally:
        sys.path = path
    found: Workload = module.WORKLOADS[name]
    return found


class _Bare(Workload):
    """A function that takes nothing, as a workload."""

    def __init__(self, function: Callable[[], Any], name: str) -> None:
        self.function = function
        self.name = name

    @asynccontextmanager
    async def opened(self, params: Mapping[str, Any]) -> AsyncIterator[Operation | PerWorker]:
        if params:
            raise WorkloadError(
                f"{self.name}: params {', '.join(params)} given, but a bare function takes none; "
                "make it a generator with @workload to give it parameters"
            )
        yield Operation(self.function, inspect.iscoroutinefunction(self.function), False)
