"""A built-in workload more is a name and a module, for listing, checking and running."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from types import ModuleType

import pytest

from cortex_tui.cli import checking, version_code
from cortex_tui.placement.cluster import needed
from cortex_tui.profiles import keys, model
from cortex_tui.profiles.model import Profile
from cortex_tui.profiles.suite import read_suite
from cortex_tui.tui.render.definition import add_definition
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.workloads import resolving
from cortex_tui.workloads.api import workload
from cortex_tui.workloads.names import BUILT_IN
from tests.unit.cli.door import call

DATA = """
[profile.kept]
workload = "canary"
iterations = 1
[profile.unkept]
workload = "cortex.get"
iterations = 1
"""
SUITE = """
[profile.hello]
workload = "greeting"
params = { name = "Ada" }
warmup = 0
iterations = 100
"""


@workload
async def greeting(name: str = "you") -> AsyncGenerator[Callable[[], str], None]:
    """Greets somebody."""
    yield lambda: f"hello {name}"


def test_a_built_in_workload_is_a_name_and_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = ModuleType("cortex_tui.workloads.greeting")
    module.__dict__["WORKLOADS"] = {"greeting": greeting}
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for reader in (checking, keys, needed, resolving, version_code):  # as if `names` had it
        monkeypatch.setattr(reader, "BUILT_IN", BUILT_IN | {"greeting"})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(SUITE, encoding="utf-8")

    checked = call(capsys, "check", "--profiles", "x.toml", "x.toml")
    assert checked.code == 0, checked.err
    done = call(
        capsys, "run", "x.hello", "--profiles", "x.toml", "--in-process", "--json", "x.json"
    )
    assert done.code == 0, done.err
    (run,) = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))["runs"]
    assert (run["state"], run["operations"], run["errors"]) == ("finished", 100, {})


def test_whether_a_database_applies_follows_from_what_is_declared_not_from_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model, "KEEPS_DATA", frozenset({"canary"}))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(DATA, encoding="utf-8")
    of_file = ("--profiles", "x.toml")
    memory = ("--database", "memory", "--dry-run")
    assert call(capsys, "run", "x.kept", *of_file, *memory).code == 0
    refused = call(capsys, "run", "x.unkept", *of_file, *memory)
    assert refused.code == 2
    assert "none of the profiles has a workload that keeps its data" in refused.err
    found = read_suite(tmp_path / "x.toml", "x.toml").suite
    assert found is not None
    kept, unkept = map(in_full, found.profiles)
    assert "database  " in kept
    assert "database  " not in unkept


def in_full(profile: Profile) -> str:
    """As the workbench shows it."""
    builder = LineBuilder(80)
    add_definition(builder, profile, targets=True)
    return "\n".join(span.text for line in builder.lines for span in line)
