"""What was acknowledged, kept outside of the tool, and whether the store has it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

from tests.e2e.program import PROGRAM
from tests.soak.subject import Count

Ending = Literal["whole", "stopped", "runner lost", "shard lost", "killed", "hung up"]
"""How a session ended: by itself, by the key, or by what was done to it."""

_STATES = {
    "whole": ("finished",),
    "stopped": ("stopped",),
    "runner lost": ("died", "finished"),
    "shard lost": ("finished",),
    "killed": ("interrupted",),
    "hung up": ("stopped", "died"),
}
_FORMATS = ("jsonl", "html", "session-json")
"""Taken in turn."""


@dataclass(slots=True)
class Booked:
    """A session that the screen has confirmed, or that was read from the store."""

    ref: str
    """The name that the screen has confirmed, or the id."""
    suite: str
    ending: Ending
    counts: Sequence[Count]
    """What its workloads have counted."""
    acknowledged: Mapping[str, float]
    """Operations of each profile that the screen or the store has shown before a fault."""
    killed: int = 0
    """The process of a runner that was killed; 0 for none."""
    runs: Sequence[Mapping[str, Any]] = ()
    """As the store had them when the session had ended."""
    tags: list[str] = field(default_factory=list)
    note: str = ""
    deleted: bool = False


class Store:
    """The store of the soak, read by the program's own commands and by SQLite alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments, "--store", str(self.path)],
            cwd=self.path.parent,
            env=os.environ | {"CORTEX_TUI_STATE": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def document(self, *arguments: str) -> dict[str, Any]:
        """What a command prints as JSON; AssertionError if it fails."""
        done = self.call(*arguments, "--json")
        assert done.returncode == 0, f"{arguments}: exit {done.returncode}: {done.stderr}"
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def sessions(self) -> dict[str, dict[str, Any]]:
        """What is listed, by id."""
        return {each["id"]: each for each in self.document("snapshots", "--all")["entries"]}

    def damage(self) -> list[str]:
        """What SQLite's own checks find."""
        with sqlite3.connect(self.path) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check")]
            found += [f"foreign key: {row}" for row in database.execute("PRAGMA foreign_key_check")]
        database.close()
        return [text for text in found if text != "ok"]


def operations_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {_short(run): int(run["operations"]) for run in runs}


def problems_of(booked: Booked, document: Mapping[str, Any]) -> list[str]:
    """What the store's document of a session has that is not true, or does not have."""
    found = []
    if document["state"] not in _STATES[booked.ending]:
        found.append(f"its state is {document['state']} after it was {booked.ending}")
    for run in document["runs"]:
        profile = _short(run)
        counts = [count for count in booked.counts if count.profile == profile]
        found += [f"{profile}: {text}" for text in _problems_of_run(booked, run, counts)]
        shown = booked.acknowledged.get(profile, 0)
        if run["operations"] < shown:
            found.append(
                f"{profile}: {run['operations']} operations, {shown:.0f} were shown before"
            )
    return [f"{booked.ref}: {text}" for text in found]


def _problems_of_run(booked: Booked, run: Mapping[str, Any], counts: Sequence[Count]) -> list[str]:
    stored = run["operations"], sum(run["errors"].values())
    counted = sum(each.succeeded for each in counts), sum(each.failed for each in counts)
    states = f"state {run['state']}, partial {run['partial']!r}, reason {run['reason']!r}"
    if booked.ending in ("whole", "stopped"):
        found = []
        wanted = "finished" if booked.ending == "whole" else "stopped"
        if run["state"] != wanted or run["partial"]:
            found.append(f"{states}, expected {wanted} and whole")
        if booked.suite != "core" and stored != counted:
            found.append(f"{stored} operations and errors, its workload counted {counted}")
        if run["unfinished"]:
            found.append(f"{run['unfinished']} unfinished")
        return found
    found = []
    if stored[0] > counted[0] or stored[1] > counted[1]:
        found.append(f"{stored} operations and errors, more than the {counted} that were done")
    if run["state"] == "finished" and not run["partial"]:
        found.append(f"{states}, although it was {booked.ending}")
    if booked.ending == "shard lost":
        whole = sorted(each["operations"] for each in run["shards"] if each["state"] == "finished")
        done = sorted(each.succeeded for each in counts if each.pid != booked.killed)
        if whole != done:
            found.append(f"shards that are whole have {whole}, their workloads counted {done}")
    return found


def problems_at_the_end(
    store: Store, booked: Sequence[Booked], further: Iterable[str]
) -> list[str]:
    """Of everything that was acknowledged, when all workbenches have ended. `further` are names
    beyond those that are booked."""
    found = store.damage()
    listed = store.sessions()
    names = {name for each in listed.values() for name in each["names"]} | set(listed)
    found += [f"{name} is not there" for name in further if name not in names]
    for each, kind in zip(booked, cycle(_FORMATS), strict=False):
        if each.deleted:
            if each.ref in names:
                found.append(f"{each.ref} is there, although it was deleted")
            continue
        if each.ref not in names:
            found.append(f"{each.ref} is not there")
            continue
        document = store.document("show", each.ref)
        found += problems_of(each, document)
        if document["runs"] != list(each.runs):
            found.append(f"{each.ref} is not what it was when it had ended")
        if sorted(document["tags"]) != sorted(each.tags) or document["note"] != each.note:
            found.append(f"{each.ref}: tags {document['tags']}, note {document['note']!r}")
        done = store.call("export", each.ref, "--format", kind, "-o", "-")
        if done.returncode or not done.stdout:
            found.append(f"{each.ref} as {kind}: exit {done.returncode}: {done.stderr}")
    return found


def _short(run: Mapping[str, Any]) -> str:
    """The profile without its suite."""
    return str(run["profile"]).partition(".")[2]
