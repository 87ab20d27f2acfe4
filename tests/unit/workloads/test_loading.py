"""Each suite measures its own code, as it stands when the session begins."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cortex_tui.workloads.api import Workload
from cortex_tui.workloads.loading import ModuleLoader
from cortex_tui.workloads.operation import WorkloadError
from cortex_tui.workloads.resolving import resolve


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text), encoding="utf-8")


@pytest.fixture
def loader() -> Iterator[ModuleLoader]:
    """What it leaves behind would be found by other tests."""
    modules, path = set(sys.modules), list(sys.path)
    made = ModuleLoader()
    yield made
    made.close()
    assert sys.path == path
    assert {name for name in set(sys.modules) - modules if name.startswith("mine_")} == set()


def answer(loader: ModuleLoader, suite: Path, workload: str = "mine_bench:answer") -> Any:
    """What the function that a profile of the suite names returns."""
    found: Workload = resolve(workload, str(suite), loader)
    return found.function()  # type: ignore[attr-defined]


def test_two_suites_with_a_module_of_one_name_have_each_their_own(
    tmp_path: Path, loader: ModuleLoader
) -> None:
    for name in ("a", "b"):
        write(
            tmp_path / name / "mine_bench.py",
            f"""
            import mine_helper
            def answer(): return {name!r} + mine_helper.NAME
            """,
        )
        write(tmp_path / name / "mine_helper.py", f"NAME = {name.upper()!r}")
    suites = [tmp_path / name / "suite.toml" for name in ("a", "b")]
    assert [answer(loader, suite) for suite in (*suites, *suites)] == ["aA", "bB", "aA", "bB"]


def test_two_suites_of_one_folder_share_their_modules(tmp_path: Path, loader: ModuleLoader) -> None:
    write(
        tmp_path / "mine_bench.py", "calls = []\ndef answer(): calls.append(1); return len(calls)"
    )
    assert answer(loader, tmp_path / "a.toml") == 1
    assert answer(loader, tmp_path / "b.toml") == 2


def test_the_next_session_loads_what_was_edited_meanwhile(
    tmp_path: Path, loader: ModuleLoader
) -> None:
    for expected in ("one", "two"):
        write(tmp_path / "mine_bench.py", "from mine_helper import NAME\ndef answer(): return NAME")
        write(tmp_path / "mine_helper.py", f"NAME = {expected!r}")
        session = ModuleLoader()
        assert answer(session, tmp_path / "suite.toml") == expected
        session.close()


def test_an_import_within_a_function_is_of_its_own_suite(
    tmp_path: Path, loader: ModuleLoader
) -> None:
    late = "def answer():\n    import mine_late\n    return mine_late.NAME"
    write(tmp_path / "a" / "mine_bench.py", late)
    write(tmp_path / "a" / "mine_late.py", "NAME = 'late'")
    write(tmp_path / "b" / "mine_other.py", "def answer(): return 'other'")
    assert answer(loader, tmp_path / "b" / "s.toml", "mine_other:answer") == "other"
    assert answer(loader, tmp_path / "a" / "s.toml") == "late"


def test_what_cannot_be_kept_apart_is_refused(tmp_path: Path, loader: ModuleLoader) -> None:
    for name in ("a", "b"):
        write(
            tmp_path / name / "mine_bench.py",
            """
            import mine_helper
            def answer():
                import mine_helper
                return mine_helper.NAME
            """,
        )
        write(tmp_path / name / "mine_helper.py", f"NAME = {name!r}")
    assert answer(loader, tmp_path / "a" / "suite.toml") == "a"
    with pytest.raises(WorkloadError, match="imports 'mine_helper' inside of a function"):
        answer(loader, tmp_path / "b" / "suite.toml")


def test_what_is_imported_only_inside_of_functions_is_refused_too(
    tmp_path: Path, loader: ModuleLoader
) -> None:
    for name in ("a", "b"):
        late = "def answer():\n    import mine_helper\n    return mine_helper.NAME"
        write(tmp_path / name / "mine_bench.py", late)
        write(tmp_path / name / "mine_helper.py", f"NAME = {name!r}")
    resolve("mine_bench:answer", str(tmp_path / "a" / "suite.toml"), loader)
    with pytest.raises(WorkloadError, match="imports 'mine_helper' inside of a function"):
        resolve("mine_bench:answer", str(tmp_path / "b" / "suite.toml"), loader)


def test_folders_that_a_module_puts_on_the_path_stay_there_for_its_session(
    tmp_path: Path, loader: ModuleLoader
) -> None:
    for name in ("a", "b"):
        write(
            tmp_path / name / "mine_bench.py",
            f"""
            import sys
            sys.path.insert(0, {str(tmp_path / name / "lib")!r})
            import mine_early
            def answer():
                import mine_late_{name}
                return mine_early.NAME + mine_late_{name}.NAME
            """,
        )
        write(tmp_path / name / "lib" / "mine_early.py", f"NAME = {name!r}")
        write(tmp_path / name / "lib" / f"mine_late_{name}.py", f"NAME = {name.upper()!r}")
    suites = [tmp_path / name / "suite.toml" for name in ("a", "b")]
    assert [answer(loader, suite) for suite in (*suites, *suites)] == ["aA", "bB", "aA", "bB"]


def test_a_workload_that_changes_the_working_folder_hides_no_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a" / "mine_bench.py", "import os\nos.chdir('/')\ndef answer(): return 'a'")
    write(tmp_path / "mine_other.py", "def answer(): return 'other'")
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path)
    session = ModuleLoader()
    try:
        assert answer(session, tmp_path / "a" / "suite.toml") == "a"
        assert answer(session, tmp_path / "b" / "suite.toml", "mine_other:answer") == "other"
    finally:
        session.close()


def test_relative_imports_work_in_a_folder_that_is_a_package(
    tmp_path: Path, loader: ModuleLoader
) -> None:
    package = tmp_path / "mine_app"
    write(package / "__init__.py", "")
    write(package / "core.py", "NAME = 'core'")
    write(package / "benchmarks" / "__init__.py", "")
    write(
        package / "benchmarks" / "mine_bench.py",
        """
        from ..core import NAME
        from . import near
        def answer(): return NAME + near.NAME
        """,
    )
    write(package / "benchmarks" / "near.py", "NAME = 'near'")
    assert answer(loader, package / "benchmarks" / "suite.toml") == "corenear"


def test_a_package_in_a_folder_src_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    write(tmp_path / "src" / "mine_app" / "__init__.py", "from .deep import answer")
    write(tmp_path / "src" / "mine_app" / "deep.py", "def answer(): return __name__")
    monkeypatch.chdir(tmp_path)
    loader: ModuleLoader = request.getfixturevalue("loader")
    suite = tmp_path / "profiles" / "suite.toml"
    write(suite, "")
    assert answer(loader, suite, "mine_app:answer") == "mine_app.deep"


def test_nothing_next_to_a_suite_stands_in_for_a_part_of_ours(
    tmp_path: Path, loader: ModuleLoader
) -> None:
    write(tmp_path / "mine_bench.py", "import aiosqlite\ndef answer(): return aiosqlite.NAME")
    write(tmp_path / "aiosqlite.py", "NAME = 'a user has called a module so'")
    real = sys.modules.pop("aiosqlite", None)
    try:
        assert "user" in answer(loader, tmp_path / "suite.toml")
        assert resolve("cortex.get", loader=loader).name.startswith("cortex_tui")
    finally:
        sys.modules.pop("aiosqlite", None)
        if real is not None:
            sys.modules["aiosqlite"] = real


def test_a_module_that_is_not_there_says_where_it_was_looked_for(
    tmp_path: Path, loader: ModuleLoader
) -> None:
    with pytest.raises(WorkloadError, match="there is no module 'mine_lost'") as refused:
        answer(loader, tmp_path / "suite.toml", "mine_lost:answer")
    assert str(tmp_path) in str(refused.value)


def test_a_module_that_would_be_found_elsewhere_is_said_to_be_there(
    loader: ModuleLoader, tmp_path: Path
) -> None:
    suite = tmp_path / "shop" / "profiles" / "suite.toml"
    write(suite.parent / "mine_bench.py", "import mine_service\n")
    with pytest.raises(WorkloadError, match=r"needs 'mine_service', .*environment \([^;]*\)$"):
        resolve("mine_bench:answer", str(suite), loader)
    write(tmp_path / "shop" / "mine_service.py", "import mine_gone\n")
    for missing in ("mine_service:answer", "mine_bench:answer"):
        with pytest.raises(WorkloadError) as refused:
            resolve(missing, str(suite), loader)
        hint = f"; mine_service is in {tmp_path / 'shop'}: start it there"
        assert str(refused.value).endswith(hint)


@pytest.mark.parametrize(
    "code",
    ["def answer(): ...\n\0\n", f"x = {'-' * 100_000}1\n"],
    ids=["null bytes", "expressions that are nested too deep"],
)
def test_a_file_that_cannot_be_compiled_is_named(
    tmp_path: Path, loader: ModuleLoader, code: str
) -> None:
    """Python raises these without a place."""
    file = tmp_path / "mine_bench.py"
    file.write_text(code)
    with pytest.raises(WorkloadError, match=re.escape(f"{file}: cannot be compiled: ")):
        answer(loader, tmp_path / "suite.toml")
