"""What a machine has in another version than this one, and whether that matters."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from cortex_tui.placement.cluster.needed import needed_packages
from cortex_tui.placement.cluster.versions import Installed, differences, installed, refusal, stated
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.plan import RunPlan, SessionPlan

HERE = Installed(
    program="1.0", program_digest="aa", python="CPython 3.12.4", python_path="",
    byte_order="little", packages={"numpy": "2.1", "ruff": "1", "uvloop": "0.2"},
)  # fmt: skip


def plan_of(*profiles: Profile) -> SessionPlan:
    runs = tuple(RunPlan(number, profile) for number, profile in enumerate(profiles))
    return SessionPlan(session="s", runs=runs, scratch="/scratch/s", cache="/cache")


def profile_of(workload: str, folder: Path) -> Profile:
    source = str(folder / "bench.toml")
    return Profile(suite="bench", name="x", workload=workload, source=source, stop=Length(1))


def test_this_process_has_what_it_runs_with() -> None:
    found = installed()
    assert found.packages["msgspec"] == msgspec.__version__
    assert found.packages["pytest-asyncio"]
    assert found.byte_order == sys.byteorder
    assert f" {sys.version_info[0]}.{sys.version_info[1]}." in found.python
    assert differences(found, installed(), found.packages.keys()) == []


def test_what_takes_part_in_measuring_is_compared_and_nothing_else() -> None:
    packages = {"numpy": "2.2", "ruff": "9", "black": "1"}
    there = msgspec.structs.replace(HERE, python="CPython 3.12.5", packages=packages)
    found = differences(HERE, there, {"numpy", "uvloop", "msgspec"})
    assert [str(each) for each in found] == [
        "Python CPython 3.12.4 here, CPython 3.12.5 there",
        "numpy 2.1 here, 2.2 there",
        "uvloop 0.2 here, none there",
    ]


def test_differences_are_refused_or_stated_with_their_machines() -> None:
    other = msgspec.structs.replace(HERE, python="CPython 3.12.5")
    found = {name: differences(HERE, there, ()) for name, there in
             {"a": HERE, "b": other, "c": other}.items()}  # fmt: skip
    text = "b, c: Python CPython 3.12.4 here, CPython 3.12.5 there"
    assert refusal(found, allowed=False) == (
        f"the machines differ from this one: {text}; install the same versions, or allow what "
        "differs with --allow-differences"
    )
    assert refusal(found, allowed=True) == ""
    assert stated(found) == [text]
    assert refusal({"a": []}, allowed=False) == ""


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(HERE, program="1.1", program_digest="bb"),
        msgspec.structs.replace(HERE, byte_order="big"),
    ],
)
def test_what_must_agree_cannot_be_allowed(other: Installed) -> None:
    found = {"a": differences(HERE, other, ())}
    assert "every machine must have the same cortex-tui" in refusal(found, allowed=True)


def test_two_checkouts_of_one_version_differ_by_their_files() -> None:
    other = msgspec.structs.replace(HERE, program_digest="bb")
    (found,) = differences(HERE, other, ())
    assert str(found) == "the files of cortex-tui aa here, bb there"
    assert not found.must_agree


def test_packages_are_found_through_the_modules_of_the_user(tmp_path: Path) -> None:
    src = tmp_path / "src/shop"
    src.mkdir(parents=True)
    (src / "__init__.py").write_text("from .cart import total\n")
    (src / "cart.py").write_text("import json, numpy as np\nfrom . import taxes\n")
    (src / "taxes.py").write_text("def late():\n    import hypothesis.strategies\n")
    (tmp_path / "unrelated.py").write_text("import ruff, mypy\n")
    (tmp_path / "helper.py").write_text("import shop\n")
    (tmp_path / "bench.py").write_text("import helper\n")
    found = needed_packages(plan_of(profile_of("bench:work", tmp_path)), ())
    assert {"msgspec", "uvloop", "numpy", "hypothesis", "sortedcontainers"} <= found
    assert not {"ruff", "mypy", "textual", "pytest"} & found


def test_a_module_on_the_users_path_is_the_users_own(tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "shop.py").write_text("import numpy\n")
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench/bench.py").write_text("import shop\n")
    plan = plan_of(profile_of("bench:work", tmp_path / "bench"))
    assert "numpy" not in needed_packages(plan, ())
    assert "numpy" in needed_packages(plan, (str(lib),))


def test_a_workload_of_a_package_needs_that_package(tmp_path: Path) -> None:
    found = needed_packages(plan_of(profile_of("hypothesis.core:find", tmp_path)), ())
    assert "hypothesis" in found


@pytest.mark.parametrize("module", ["typing_extensions", "aiosqlite", "numpy"])
def test_a_package_is_found_through_a_module_that_is_one_file_or_a_folder(
    module: str, tmp_path: Path
) -> None:
    found = needed_packages(plan_of(profile_of(f"{module}:work", tmp_path)), ())
    assert module.replace("_", "-") in found


def test_built_in_workloads_need_what_they_import(tmp_path: Path) -> None:
    own = profile_of("cortex.search", tmp_path)
    assert needed_packages(plan_of(own), ()) >= {"aiosqlite", "msgspec"}
    assert "psycopg" not in needed_packages(plan_of(own), ())
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    server = msgspec.structs.replace(own, database="postgresql://host/db")
    assert "psycopg" in needed_packages(plan_of(server), ())
    assert "aiosqlite" not in needed_packages(plan_of(profile_of("canary", tmp_path)), ())
