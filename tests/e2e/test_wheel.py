"""The wheel: what is in it, and that it works where nothing else of the project is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cortex_tui import __version__
from tools.release.shared_files import shared_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    day = {"SOURCE_DATE_EPOCH": f"{datetime(2026, 3, 31, tzinfo=UTC).timestamp():.0f}"}
    subprocess.run([*command, str(ROOT)], env=os.environ | day, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel; what it depends on comes from this one, as it is."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run(
        [*install, "--no-compile", "--no-deps", "--no-index", str(wheel)],
        check=True,
        capture_output=True,
    )
    (packages,) = folder.glob("lib/python*/site-packages")
    # A path in a .pth file is only a path: the editable install there is not taken over.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("platlib") + "\n")
    return folder


def call(environment: Path, folder: Path, command: Sequence[str]) -> tuple[int, str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(environment / "bin" / command[0]), *command[1:]],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_it_holds_the_two_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    roots = {name.partition("/")[0] for name in names}
    name = "-".join(wheel.name.split("-")[:2])
    assert roots == {"cortex_core", "cortex_tui", f"{name}.dist-info", f"{name}.data"}
    shipped = {f"cortex_tui/suites/{file.name}" for file in (ROOT / "profiles").iterdir()}
    assert shipped == {name for name in names if "/suites/" in name}
    assert {"cortex_tui/py.typed", "cortex_core/py.typed"} <= set(names)


def test_it_installs_man_pages_and_completion_as_they_are_made(environment: Path) -> None:
    installed = {
        str(file.relative_to(environment)): file.read_text(encoding="utf-8")
        for file in (environment / "share").rglob("*")
        if file.is_file()
    }
    assert installed == shared_files(__version__, "2026-03-31")


def test_it_is_the_package_that_the_environment_imports(environment: Path, tmp_path: Path) -> None:
    code = "import cortex_tui, cortex_core; print(cortex_tui.__file__, cortex_core.__file__)"
    _, out, err = call(environment, tmp_path, ["python", "-c", code])
    assert err == ""
    assert all(path.startswith(str(environment)) for path in out.split())


def test_its_command_lists_the_shipped_suites(environment: Path, tmp_path: Path) -> None:
    code, out, err = call(environment, tmp_path, ["cortex-tui", "list", "--json"])
    assert (code, err) == (0, "")
    suites = json.loads(out)["suites"]
    assert [suite["name"] for suite in suites] == [
        "loads",
        "mediator",
        "repository",
        "scaling",
        "search",
    ]
    assert all(suite["source"].startswith(str(environment)) for suite in suites)


def test_its_command_measures(environment: Path, tmp_path: Path) -> None:
    code, out, err = call(
        environment,
        tmp_path,
        [
            "cortex-tui",
            "run",
            "mediator.search",
            "--duration",
            "1s",
            "--json",
            "-",
            "--fail-on",
            "errors",  # its target is a time, which a busy machine may miss
        ],
    )
    assert code == 0, err
    (run,) = json.loads(out)["runs"]
    assert (run["profile"], run["state"], run["errors"]) == ("mediator.search", "finished", {})
    assert run["operations"] > 0
    assert (tmp_path / ".cortex-tui" / "snapshots.db").is_file()


def test_a_benchmark_of_ones_own_runs_next_to_it(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "bench.py").write_text(
        "from cortex_tui import workload\n\n"
        "@workload\n"
        "async def checkout(basket_size: int = 3):\n"
        "    async def operation(i: int) -> None:\n"
        "        sum(range(basket_size))\n\n"
        "    yield operation\n"
    )
    (tmp_path / "cortex-tui.toml").write_text(
        '[profile.steady]\nworkload = "bench:checkout"\nparams = { basket_size = 5 }\n'
        'load = { rate = "500/s" }\nduration = "500ms"\ntargets = ["errors == 0"]\n'
    )
    code, out, err = call(environment, tmp_path, ["cortex-tui", "run", "cortex-tui.steady"])
    assert code == 0, err
    assert out.splitlines()[1].split()[:3] == ["cortex-tui.steady", "500/s", "finished"]
