"""A load more is a module and a line in the registry, in everything that a person does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cortex_tui.limits import MAX_RATE_PER_S, MAX_WORKERS
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.loads.registry import LOADS
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.commands import Start
from cortex_tui.protocol.frames import ProtocolError, decode_requests, encode_requests
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from tests.unit.cli.door import call
from tests.unit.loads.burst import BurstLoad
from tests.unit.profiles.fitting import fits

SUITE = """
[profile.bursts]
workload = "bursting:quick"
load = { burst = 8, every = "2ms" }
warmup = 0
iterations = 100
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a suite whose load only the registry of this test has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(LOADS, "burst", BurstLoad)
    (tmp_path / "bursting.py").write_text("async def quick(): pass\n", encoding="utf-8")
    (tmp_path / "x.toml").write_text(SUITE, encoding="utf-8")
    return tmp_path


def test_a_load_from_outside_is_listed_run_stored_and_read_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = call(capsys, "list", "--profiles", "x.toml", "x.bursts")
    assert "8 each 2.00ms" in listed.out

    done = call(
        capsys, "run", "x.bursts", "--profiles", "x.toml", "--in-process", "--loop", "asyncio",
        "--save", "kept", "--json", "x.json",
    )  # fmt: skip
    assert done.code == 0, done.err
    (run,) = json.loads((folder / "x.json").read_text(encoding="utf-8"))["runs"]
    assert (run["state"], run["operations"]) == ("finished", 100)

    shown = call(capsys, "show", "kept", "--json")
    (again,) = json.loads(shown.out)["runs"]
    assert again["load"] == {"model": "burst", "burst": 8, "every_ns": 2_000_000}
    assert again["operations"] == 100


def test_the_schema_and_the_errors_know_a_load_from_outside(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = json.loads(call(capsys, "schema").out)

    def suite(load: dict[str, Any]) -> dict[str, Any]:
        return {"profile": {"a": {"workload": "a:b", "load": load}}}

    assert fits(suite({"burst": 8, "every": "2ms"}), schema, schema)
    assert not fits(suite({"burst": 8, "workers": 2}), schema, schema)

    (folder / "x.toml").write_text(SUITE.replace("burst = 8, ", ""), encoding="utf-8")
    checked = call(capsys, "check", "--profiles", "x.toml", "x.toml")
    assert "load.every: expected burst with it" in checked.out + checked.err


def test_a_plan_with_a_load_that_nobody_knows_is_refused(folder: Path) -> None:
    profile = Profile(
        suite="x", name="a", workload="a:b", load=BurstLoad(1, 1), stop=Length(iterations=1)
    )
    plan = SessionPlan(session="x", runs=(RunPlan(0, profile),), scratch="", cache="")
    body = encode_requests([Start(plan)])[4:]
    (start,) = decode_requests(body)
    assert isinstance(start, Start)
    assert start.plan == plan
    del LOADS["burst"]
    with pytest.raises(ProtocolError, match="burst"):
        decode_requests(body)


@pytest.mark.parametrize(
    ("load", "most"),
    [
        (ClosedLoad(3), MAX_WORKERS),
        (OpenLoad(500.0), MAX_RATE_PER_S),
        (StagedLoad("workers", (Stage(3, 1),)), MAX_WORKERS),
        (StagedLoad("rate", (Stage(500, 1),)), MAX_RATE_PER_S),
    ],
)
def test_a_person_cannot_ask_for_more_than_a_profile(load: Load, most: float) -> None:
    level = load.levels().at(0)
    for _ in range(100):
        raised = load.adjusted(level, 1.25)
        assert raised > level or level == most
        level = raised
    assert level == most
    for _ in range(500):
        level = load.adjusted(level, 0.5)
    assert (level == 1) == load.has_workers
