"""Finds the workload that a profile names."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cortex_tui.suggestions import nearest
from cortex_tui.workloads.api import PerWorker, Workload
from cortex_tui.workloads.loading import ModuleLoader, full_name, roots_of
from cortex_tui.workloads.names import BUILT_IN, OVER_CORE
from cortex_tui.workloads.operation import Operation, WorkloadError, required_params


def resolve(name: str, source: str = "", loader: ModuleLoader | None = None) -> Workload:
    """The workload of a profile: a built-in name, or `module:attribute`.

    The module is searched next to the suite's file `source`, in the working folder, and in the
    environment. `loader` keeps the modules of a session; without one, they are loaded for good.
    Raises WorkloadError.
    """
    loader = loader or ModuleLoader()
    if name in BUILT_IN:
        with loader.without_them():
            return _built_in(name)
    module_name, _, attribute = name.partition(":")
    roots = roots_of(source, loader.working_folder)
    try:
        full = full_name(module_name, source)
        found: Any = loader.load(full, roots)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{full}.".startswith(f"{error.name}."):
            raise WorkloadError(
                f"{name}: its module needs {error.name!r}, which is not installed in this "
                f"environment ({sys.prefix}){_elsewhere(error.name or '', source)}"
            ) from error
        looked = ", ".join(roots) or "the environment"
        raise WorkloadError(
            f"{name}: there is no module {module_name!r} (looked in {looked} and in "
            f"this environment, {sys.prefix}){_elsewhere(module_name, source)}"
        ) from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            near = nearest(part, (each for each in dir(found) if not each.startswith("_")))
            hint = f' (did you mean "{near}"?)' if near else ""
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


def _elsewhere(module: str, source: str) -> str:
    """What to do where a module was not found that would be, were its folder the working folder:
    that of the suite's file, or the one above it, where projects keep their code."""
    name = module.partition(".")[0]
    folder = Path(source).resolve().parent
    for place in (folder, folder.parent) if source and name else ():
        if os.path.isfile(place / f"{name}.py") or os.path.isfile(place / name / "__init__.py"):
            return f"; {name} is in {place}: start it there"
    return ""


def _built_in(name: str) -> Workload:
    room = "core" if name in OVER_CORE else name
    found: Workload = importlib.import_module(f"cortex_tui.workloads.{room}").WORKLOADS[name]
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
