"""Imports go one way, and what must stay light stays light."""

from __future__ import annotations

import ast

import pytest

from tests.fresh_python import loaded
from tests.import_graph import imports_of, modules, syntax_of, within

OURS = ("cortex_tui", "cortex_core")

MODEL = "cortex_tui.profiles.model"

LOWEST = {
    "cortex_tui.exit_codes",
    "cortex_tui.files",
    "cortex_tui.folders",
    "cortex_tui.freed",
    "cortex_tui.limits",
    "cortex_tui.outputs",
    "cortex_tui.passwords",
    "cortex_tui.paths",
    "cortex_tui.quantities",
    "cortex_tui.scheduling",
    "cortex_tui.starting",
    "cortex_tui.suggestions",
    "cortex_tui.tables",
    "cortex_tui.text",
}
"""What every room may import."""

ALLOWED = {
    **{room: set[str]() for room in LOWEST},
    "cortex_tui.files": {"cortex_tui.outputs"},
    "cortex_tui.outputs": {"cortex_tui.paths"},
    "cortex_tui.quantities": {"cortex_tui.text"},
    "cortex_tui.suggestions": {"cortex_tui.quantities", "cortex_tui.text"},
    "cortex_tui.tables": {"cortex_tui.text"},
    "cortex_tui.text": {"cortex_tui.limits"},
    "cortex_tui.isolation": set[str](),
    "cortex_tui.loop_thread": {"cortex_tui.isolation"},
    "cortex_tui.stats": {"cortex_tui.stats"},
    "cortex_tui.toml": {"cortex_tui.toml"},
    "cortex_tui.loads": {
        "cortex_tui.loads",
        "cortex_tui.toml",
    },
    "cortex_tui.profiles": {
        "cortex_tui.loads",
        "cortex_tui.profiles",
        "cortex_tui.stats",
        "cortex_tui.toml",
        "cortex_tui.workloads.names",
    },
    "cortex_tui.protocol": {MODEL, "cortex_tui.loads", "cortex_tui.protocol"},
    "cortex_tui.workloads": {
        "cortex_core",
        MODEL,
        "cortex_tui.isolation",
        "cortex_tui.workloads",
    },
    "cortex_tui.runner": {
        MODEL,
        "cortex_tui.isolation",
        "cortex_tui.loads",
        "cortex_tui.protocol",
        "cortex_tui.runner",
        "cortex_tui.workloads",
    },
    "cortex_tui.pytest_runner": {
        MODEL,
        "cortex_tui.isolation",
        "cortex_tui.profiles.pytest_names",
        "cortex_tui.protocol",
        "cortex_tui.pytest_runner",
        "cortex_tui.runner",
        "cortex_tui.workloads",
    },
    "cortex_tui.environment": {"cortex_core", "cortex_tui.environment"},
    "cortex_tui.store": {
        MODEL,
        "cortex_tui.loads.registry",
        "cortex_tui.protocol",
        "cortex_tui.stats",
        "cortex_tui.store",
    },
    "cortex_tui.results": {
        MODEL,
        "cortex_tui.environment",
        "cortex_tui.placement.registry",
        "cortex_tui.protocol",
        "cortex_tui.results",
        "cortex_tui.stats",
        "cortex_tui.store",
        "cortex_tui.workloads.names",
    },
    "cortex_tui.formats": {
        MODEL,
        "cortex_tui.analysis",
        "cortex_tui.formats",
        "cortex_tui.loads",
        "cortex_tui.profiles.pytest_names",
        "cortex_tui.protocol",
        "cortex_tui.report.comparison",
        "cortex_tui.results",
        "cortex_tui.stats",
        "cortex_tui.store",
    },
    "cortex_tui.analysis": {
        MODEL,
        "cortex_tui.analysis",
        "cortex_tui.protocol",
        "cortex_tui.results",
        "cortex_tui.stats",
        "cortex_tui.store.library",
        "cortex_tui.store.records",
    },
    "cortex_tui.placement": {
        MODEL,
        "cortex_core",
        "cortex_tui.environment",
        "cortex_tui.isolation",
        "cortex_tui.loop_thread",
        "cortex_tui.placement",
        "cortex_tui.protocol",
        "cortex_tui.runner",
        "cortex_tui.toml",
        "cortex_tui.workloads.loading",
        "cortex_tui.workloads.names",
    },
    "cortex_tui.session": {
        MODEL,
        "cortex_tui.analysis",
        "cortex_tui.environment",
        "cortex_tui.isolation",
        "cortex_tui.loop_thread",
        "cortex_tui.placement",
        "cortex_tui.protocol",
        "cortex_tui.results",
        "cortex_tui.session",
        "cortex_tui.stats",
        "cortex_tui.store",
    },
    "cortex_tui.library": {
        "cortex_tui.analysis",
        "cortex_tui.formats",
        "cortex_tui.isolation",
        "cortex_tui.library",
        "cortex_tui.profiles",
        "cortex_tui.results",
        "cortex_tui.session",
        "cortex_tui.stats.codec",
        "cortex_tui.store",
    },
    "cortex_tui.report": {
        "cortex_tui.analysis",
        "cortex_tui.formats",
        "cortex_tui.isolation",
        "cortex_tui.placement.registry",
        "cortex_tui.profiles",
        "cortex_tui.protocol.lifecycle",
        "cortex_tui.report",
        "cortex_tui.results",
        "cortex_tui.session",
        "cortex_tui.stats",
        "cortex_tui.store.records",
    },
    "cortex_tui.tui": {
        "cortex_tui.analysis",
        "cortex_tui.environment.findings",
        "cortex_tui.formats",
        "cortex_tui.isolation",
        "cortex_tui.library",
        "cortex_tui.placement.registry",
        "cortex_tui.profiles",
        "cortex_tui.protocol",
        "cortex_tui.report.comparison",
        "cortex_tui.report.history",
        "cortex_tui.results",
        "cortex_tui.session",
        "cortex_tui.stats.log_bins",
        "cortex_tui.stats.targets",
        "cortex_tui.store",
        "cortex_tui.toml",
        "cortex_tui.tui",
    },
    "cortex_tui.web": {"cortex_tui.web"},
    "cortex_core": {"cortex_core"},
}
"""For each room, what of ours it may import; the command line, at the top, may import all."""

AT_THE_TOP = {"cortex_tui", "cortex_tui.__main__", "cortex_tui.cli"}


def test_every_module_belongs_to_a_room() -> None:
    homeless = {
        name for name in modules() if not within(name, set(ALLOWED)) and name not in AT_THE_TOP
    }
    assert all(name.startswith("cortex_tui.cli.") for name in homeless), homeless


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_from_the_rooms_below_it(room: str) -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, file in modules().items()
        if within(name, {room})
        for imported in imports_of(name, file)
        if imported.split(".")[0] in OURS
        # The package itself offers a user's names, and loads nothing before it is asked for one.
        and imported != "cortex_tui"
        and not within(imported, ALLOWED[room] | (set() if room in LOWEST else LOWEST))
    ]
    assert wrong == []


def test_what_runs_with_workloads_uses_no_asyncio_that_they_can_replace() -> None:
    rooms = {"cortex_tui.runner", "cortex_tui.workloads.api"}
    for name, file in modules().items():
        if within(name, rooms):
            for node in ast.walk(syntax_of(file)):
                names = [alias.name for alias in getattr(node, "names", ())]
                assert not (isinstance(node, ast.Import) and "asyncio" in names), name
                assert not (isinstance(node, ast.ImportFrom) and node.module == "asyncio"), name
                called = node.func if isinstance(node, ast.Call) else None
                assert getattr(called, "attr", "") not in {"create_task", "ensure_future"}, name


def test_whatever_is_started_as_a_process_loads_its_modules_without_looking_for_garbage() -> None:
    doors = {
        name
        for name, file in modules().items()
        if within(name, {"cortex_tui"})
        and any(isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)
                for node in syntax_of(file).body)
    }  # fmt: skip
    assert doors > {"cortex_tui.__main__", "cortex_tui.runner.process"}
    for name in (doors - {"cortex_tui.__main__"}) | {"cortex_tui.cli"}:
        file = modules()[name]
        called = {
            node.func.id
            for node in ast.walk(syntax_of(file))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert called >= {"own_process", "without_collections"}, name


def test_nothing_but_the_command_line_imports_the_screen_and_not_at_its_top() -> None:
    for name, file in modules().items():
        if within(name, {"cortex_tui.tui"}):
            continue
        imports = [i for i in imports_of(name, file) if within(i, {"cortex_tui.tui"})]
        assert not imports or within(name, {"cortex_tui.cli"}), name
        for node in syntax_of(file).body:
            assert not (
                isinstance(node, ast.ImportFrom) and "tui" in (node.module or "").split(".")
            )


def test_no_store_of_the_core_imports_another() -> None:
    stores = ("cortex_core.memory", "cortex_core.postgres", "cortex_core.sqlite")
    wrong = [
        f"{name} imports {imported}"
        for own in stores
        for name, file in modules().items()
        if name.startswith(own)
        for imported in imports_of(name, file)
        if imported.startswith(stores) and not imported.startswith(own)
    ]
    assert wrong == []


DISTRIBUTED = {"asyncssh", "cryptography", "dask", "distributed", "tornado"}
"""What only a session on other machines needs."""


@pytest.mark.parametrize(
    ("module", "refused"),
    [
        ("cortex_tui", {"textual", "numpy", "click", "asyncio"}),
        ("cortex_tui.cli", {"textual", "numpy", "asyncio", "aiosqlite"}),
        ("cortex_tui.cli.running", DISTRIBUTED),
        ("cortex_tui.cli.launching", DISTRIBUTED),
        ("cortex_tui.placement.registry", DISTRIBUTED),
        ("cortex_tui.placement.cluster.adapters", DISTRIBUTED),
        ("cortex_tui.placement.cluster.dask_adapter", DISTRIBUTED),
        ("cortex_tui.placement.cluster.agent", DISTRIBUTED),
        ("cortex_tui.runner.process", {"cortex_tui.runner.serving"}),
        ("cortex_tui.runner.serving", {"textual", "rich", "numpy", "hdrh", "click"}),
        ("cortex_tui.workloads.core", {"textual", "rich", "numpy", "hdrh", "click"}),
        ("cortex_tui.tui.panes.registry", {"numpy", "aiosqlite"}),
        ("cortex_tui.tui.launch", {"numpy", "sqlite3", "cortex_tui.report.headless"}),
        ("cortex_tui.results.view", {"textual", "numpy", "asyncio"}),
        ("cortex_tui.environment.findings", {"textual", "numpy", "asyncio", "click"}),
        ("cortex_tui.profiles.loader", {"textual", "numpy", "asyncio", "sqlite3", "tomlkit"}),
        ("cortex_tui.profiles.writing_back", {"textual", "numpy", "asyncio", "tomlkit"}),
        ("cortex_tui.store.sqlite.store", {"textual", "numpy"}),
        ("cortex_tui.session.controller", {"textual", "rich", "click"}),
        ("cortex_tui.report", {"textual", "rich", "numpy"}),
        ("cortex_core", {"textual", "numpy", "cortex_tui"}),
    ],
)
def test_a_module_loads_nothing_that_it_must_do_without(module: str, refused: set[str]) -> None:
    assert not loaded(f"import {module}", refused)
