"""Loads the modules of workloads: fresh for each session, and apart for each suite's folder.

Two suites may have a module of the same name, and so may the modules that these import from their
folders. Each folder has a space of its own: while something is loaded for it, the modules of other
folders are out of sight, so it gets its own ones. What was loaded for a session goes with it; the
next one sees code that was edited meanwhile.

What cannot be kept apart is refused: an import inside of a function looks for its module when the
function runs, when the modules of all folders are in sight.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType

from cortex_tui.workloads.failures import describe_error
from cortex_tui.workloads.operation import WorkloadError

_OURS = ("cortex_tui", "cortex_core")


def roots_of(source: str, working_folder: Path | None = None) -> tuple[str, ...]:
    """Where the modules of a suite's file are searched: in its folder, then in the working folder.

    A folder `src` in either comes right behind it. Of a folder that is a package itself, the one
    that its outermost package lies in comes first.
    """
    folders = [Path(source).resolve().parent] if source else []
    found: list[Path] = []
    for folder in (*folders, working_folder or Path.cwd()):
        if os.path.isfile(folder / "__init__.py"):
            found.append(_outermost(folder))
        found += [folder, folder / "src"]
    return tuple(dict.fromkeys(str(folder) for folder in found if os.path.isdir(folder)))


def full_name(module: str, source: str) -> str:
    """The name of a module in the folder of a suite's file with its packages, so that its
    relative imports work."""
    folder = Path(source).resolve().parent if source else Path.cwd()
    first = module.partition(".")[0]
    is_ours = os.path.isfile(folder / f"{first}.py") or os.path.isfile(
        folder / first / "__init__.py"
    )
    if not is_ours or not os.path.isfile(folder / "__init__.py"):
        return module
    return ".".join((*folder.relative_to(_outermost(folder)).parts, module))


def _outermost(folder: Path) -> Path:
    """The folder in which the outermost package lies that `folder` belongs to."""
    while os.path.isfile(folder / "__init__.py") and folder.parent != folder:
        folder = folder.parent
    return folder


def imported_from(folder: str, besides: str) -> list[str]:
    """The modules that were imported from a folder, those of `besides` and of the environment left
    out, and those of this program; none for no folder."""
    if not folder:
        return []
    left_out = tuple(f"{path}{os.sep}" for path in (besides, sys.prefix) if path)
    within = f"{folder}{os.sep}"
    return sorted(
        name
        for name, module in list(sys.modules.items())
        if (file := getattr(module, "__file__", None) or "").startswith(within)
        and not file.startswith(left_out)
        and name.partition(".")[0] != _OURS[0]
    )


def why_stray(variant: str, folder: str, besides: str) -> str:
    """Why what was imported is not the code of a variant, and what to do; "" where it is."""
    strays = imported_from(folder, besides)
    if not strays:
        return ""
    return (
        f"{strays[0]} is imported from {folder}, which is not the code of variant {variant}: have "
        "it found next to the suite or in the working folder, or give the variant an interpreter "
        "of its own, in which its code is installed"
    )


class ModuleLoader:
    """The modules of one session's workloads. One at a time: it changes `sys.modules`."""

    def __init__(self) -> None:
        self._path = list(sys.path)
        self._before = frozenset(sys.modules)
        self._spaces: dict[tuple[str, ...], dict[str, ModuleType]] = {}
        self._added: dict[tuple[str, ...], list[str]] = {}
        """What the modules of each space have put on `sys.path` while they were loaded."""
        self.working_folder = Path.cwd()
        """As it was before any workload could change it."""

    def load(self, name: str, roots: tuple[str, ...]) -> ModuleType:
        """Imports a module by its full name, with `roots` before everything else.

        Raises what the import raises, and WorkloadError for modules that cannot be kept apart and
        for one that cannot be compiled where Python does not name its file.
        """
        space = self._spaces.setdefault(roots, {})
        with self._in_sight(space, roots):
            try:
                module = importlib.import_module(name)
            except Exception as error:
                if file := _uncompiled(error):
                    raise WorkloadError(
                        f"{file}: cannot be compiled: {describe_error(error)}"
                    ) from error
                raise
        self._refuse_clashes(roots)
        return module

    @contextmanager
    def without_them(self) -> Iterator[None]:
        """While something of ours is imported: no module in a suite's folder can replace a part."""
        hidden = self._hide(None)
        path, sys.path = sys.path, list(self._path)
        try:
            yield
        finally:
            sys.path = path
            sys.modules.update(hidden)

    def close(self) -> None:
        """Forgets the modules of the session, so that the next one loads them anew."""
        self._hide(None)
        roots = [root for space in self._spaces for root in (*space, *self._added.get(space, ()))]
        for name in set(sys.modules) - self._before:
            # Imported within a function, while it ran.
            if _is_of(sys.modules[name], name, roots):
                del sys.modules[name]
        self._spaces.clear()
        self._added.clear()
        sys.path[:] = self._path

    @contextmanager
    def _in_sight(self, space: dict[str, ModuleType], roots: tuple[str, ...]) -> Iterator[None]:
        hidden = self._hide(space)
        sys.modules.update(space)
        before = set(sys.modules)
        added = self._added.setdefault(roots, [])
        given = list(dict.fromkeys((*added, *roots, *self._path)))
        sys.path[:] = given
        importlib.invalidate_caches()
        # A file that is edited within a second of being loaded would pass for the same one.
        written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            yield
        finally:
            sys.dont_write_bytecode = written
            added[:0] = [entry for entry in sys.path if entry not in given]
            for name in set(sys.modules) - before:
                module = sys.modules[name]
                if _is_of(module, name, (*added, *roots)):
                    space[name] = module
            # In sight for imports inside of functions; where two have a name, this one is the last.
            sys.modules.update({name: m for name, m in hidden.items() if name not in space})
            behind = (e for r in self._spaces for e in (*self._added.get(r, ()), *r))
            sys.path[:] = list(dict.fromkeys((*added, *roots, *behind, *self._path)))

    def _hide(self, shown: dict[str, ModuleType] | None) -> dict[str, ModuleType]:
        """Takes the modules of all spaces but one out of sight; those that were in it."""
        hidden: dict[str, ModuleType] = {}
        for space in self._spaces.values():
            if space is shown:
                continue
            for name, module in space.items():
                if sys.modules.get(name) is module:
                    hidden[name] = sys.modules.pop(name)
        return hidden

    def _refuse_clashes(self, roots: tuple[str, ...]) -> None:
        for other in self._spaces:
            if other == roots:
                continue
            for module in (*self._spaces[roots].values(), *self._spaces[other].values()):
                for name in sorted(_late_imports(module)):
                    files = {self._file_of(name, space) for space in (roots, other)} - {None}
                    if len(files) > 1:
                        raise WorkloadError(
                            f"{module.__file__}: it imports {name!r} inside of a function, and "
                            f"there are two of that name: {' and '.join(sorted(map(str, files)))}; "
                            "import it at the top of the module, rename one of them, or run the "
                            "suites apart"
                        )

    def _file_of(self, name: str, roots: tuple[str, ...]) -> str | None:
        """The file that a module of that name has in a space, whether it is loaded by now or not;
        None for one of the environment."""
        if (module := self._spaces[roots].get(name)) is not None:
            return module.__file__
        first = name.partition(".")[0]
        if first in self._before:
            return None
        spec = PathFinder.find_spec(first, [*self._added.get(roots, ()), *roots])
        return None if spec is None else spec.origin


def _uncompiled(error: Exception) -> str:
    """The file whose code the compiler refused with an error that names no file, for null bytes or
    expressions that are nested too deep; "" for another error. Where a module imports that file,
    Python shows that line."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    for frame in reversed(frames):
        if frame.f_code is SourceFileLoader.source_to_code.__code__:
            named = isinstance(error, SyntaxError) and error.filename
            return "" if named else str(frame.f_locals.get("path", ""))
        if not frame.f_code.co_filename.startswith("<frozen importlib"):
            return ""  # raised by code that runs
    return ""


def _is_of(module: ModuleType, name: str, roots: Sequence[str]) -> bool:
    """Whether the module lies in one of the folders, and is none of the environment's."""
    if name.partition(".")[0] in _OURS:
        return False
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return any(
        isinstance(place, str)
        and any(Path(place).is_relative_to(root) for root in roots)
        and not Path(place).is_relative_to(sys.prefix)
        and "site-packages" not in Path(place).parts
        for place in places
    )


def _late_imports(module: ModuleType) -> set[str]:
    """The modules that functions of this one import when they run."""
    try:
        tree = ast.parse(Path(module.__file__ or "").read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    found.update(alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module)
    return found
