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
from cortex_tui.profiles import keys
from cortex_tui.workloads import resolving
from cortex_tui.workloads.api import workload
from cortex_tui.workloads.names import BUILT_IN
from tests.unit.cli.door import call

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
