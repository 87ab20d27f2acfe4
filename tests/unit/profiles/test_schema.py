"""The JSON Schema takes what the loader takes, and refuses what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tomli

from cortex_tui.paths import shipped_suites
from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.schema import suite_schema
from tests.unit.profiles.fitting import fits

COMPLETE: dict[str, Any] = {
    "description": "Everything",
    "defaults": {"warmup": "auto", "duration": "5s"},
    "profile": {
        "a": {
            "summary": "x",
            "workload": "a.b:c",
            "params": {"n": 1, "text": "x", "share": 0.5, "flag": True},
            "matrix": {"m": [1, 2], "exclude": [{"m": 1}], "include": [{"m": 9}]},
            "load": {"workers": 4, "think_time": "5ms"},
            "warmup": {"at_most": "5s"},
            "iterations": 5,
            "batch": "auto",
            "tags": ["slow"],
            "targets": ["mean < 5us"],
            "warn_targets": ["mean < 2us"],
            "database": "own",
            "alone": True,
            "on_lost": "stop",
        },
        "d": {"workload": "cortex.get", "duration": "5s", "database": "postgresql://me@host/db"},
        "b": {
            "workload": "cortex.search",
            "load": {"rate": "1.5k/s", "arrivals": "poisson", "max_in_flight": 9, "precise": True},
            "warmup": 100,
            "precision": {"p99.9": "2%", "at_least": "2s", "at_most": "60s"},
            "timeout": "1s",
        },
        "c": {
            "workload": "command",
            "params": {"run": "true"},
            "iterations": 5,
            "load": {"stages": [{"rate": "5/s", "for": "5s", "ramp": True}]},
        },
    },
}


def changed(where: str, value: object) -> Any:
    document = json.loads(json.dumps(COMPLETE))
    *path, last = where.split(".")
    at = document
    for step in path:
        at = at[step]
    at[last] = value
    return document


WRONG = [
    ("descripton", "x"),
    ("defaults.summary", "x"),
    ("profile.a b", {"workload": "a:b"}),
    ("profile.a.workload", "cortex.serach"),
    ("profile.a.load", {"workers": 1, "rate": "5/s"}),
    ("profile.a.load", {"workers": True}),
    ("profile.a.load", {}),
    ("profile.a.load", {"stages": [{"rate": "5/s"}]}),
    ("profile.a.load", {"stages": [{"rate": "5/s", "workers": 1, "for": "5s"}]}),
    ("profile.a.warmup", {}),
    ("profile.a.warmup", "soon"),
    ("profile.a.batch", 0),
    ("profile.a.tags", ["a b"]),
    ("profile.a.matrix", {}),
    ("profile.a.matrix", {"n": []}),
    ("profile.a.params", {"n": [1]}),
    ("profile.a.database", "ram"),
    ("profile.a.database", "sqlite:///a.db"),
    ("profile.b.precision", {"mean": "2%"}),
    ("profile.b.timeout", 5),
    ("profile.b.on_lost", "retry"),
]


def as_toml(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(k)} = {as_toml(v)}" for k, v in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    return json.dumps(value)


def problems(folder: Path, document: Any) -> int:
    (folder / "profiles").mkdir()
    lines = (f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in document.items())
    (folder / "profiles" / "x.toml").write_text("".join(lines))
    return len(load_catalog(working_folder=folder, shipped=folder / "profiles").problems)


def test_the_schema_takes_every_key_that_the_loader_takes(tmp_path: Path) -> None:
    assert problems(tmp_path, COMPLETE) == 0
    assert fits(COMPLETE, suite_schema(), suite_schema())
    known = set(suite_schema()["$defs"]["profile"]["properties"])
    assert known == {key for profile in COMPLETE["profile"].values() for key in profile}


@pytest.mark.parametrize(("where", "value"), WRONG, ids=lambda value: str(value)[:40])
def test_the_schema_refuses_what_the_loader_refuses(
    tmp_path: Path, where: str, value: object
) -> None:
    assert problems(tmp_path, changed(where, value)) > 0
    assert not fits(changed(where, value), suite_schema(), suite_schema())


def test_the_shipped_suites_fit_it() -> None:
    for file in shipped_suites().glob("*.toml"):
        assert fits(tomli.loads(file.read_text()), suite_schema(), suite_schema()), file.name
