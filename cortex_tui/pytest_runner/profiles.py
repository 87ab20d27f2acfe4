"""Tests as profiles: what of a test must be known to run it again.

The node id is the profile's workload. Its params hold how pytest was called: the `folder` in which,
the `options`, and the `rootdir` that node ids start from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from cortex_tui.profiles.model import Length, Profile, Suite
from cortex_tui.protocol.programs import PYTEST
from cortex_tui.text import one_line

WARMUP = Length(200_000_000)
"""A test that asks for no warm-up has this one, so that caches are filled before it counts."""


class FoundTest(msgspec.Struct, frozen=True):
    """A test with the `benchmark` fixture, as pytest collected it."""

    node_id: str
    path: str
    summary: str = ""
    group: str = ""
    max_time_ns: int = 1_000_000_000


class Collected(msgspec.Struct, frozen=True):
    """What the collection of a project came to."""

    folder: str
    rootdir: str
    options: str
    """Of the command line, without the paths; quoted as for a shell."""
    tests: tuple[FoundTest, ...]
    others: int = 0
    """Tests without the fixture."""


def node_id_of(profile: Profile) -> str:
    return profile.workload.removeprefix(PYTEST)


def arguments_of(profile: Profile) -> str:
    """The word of pytest's command line that names the test, wherever its folder is."""
    _, _, rest = node_id_of(profile).partition("::")
    return f"{profile.source}::{rest}"


def suites_of(
    collected: Collected, *, duration_ns: int | None = None, warmup: Length | None = None
) -> tuple[Suite, ...]:
    """A suite for each file of tests, named after the file."""
    by_file: dict[str, list[FoundTest]] = {}
    for test in collected.tests:
        by_file.setdefault(test.path, []).append(test)
    names = _suite_names(list(by_file))
    return tuple(
        Suite(
            names[path],
            path,
            tuple(_profile(collected, names[path], t, duration_ns, warmup) for t in tests),
            description=f"tests of {one_line(path)}",
        )
        for path, tests in by_file.items()
    )


def _profile(
    collected: Collected,
    suite: str,
    test: FoundTest,
    duration_ns: int | None,
    warmup: Length | None,
) -> Profile:
    return Profile(
        suite=suite,
        name=_name(test.node_id),
        workload=f"{PYTEST}{test.node_id}",
        summary=test.summary,
        params={
            "folder": collected.folder,
            "options": collected.options,
            "rootdir": collected.rootdir,
        },
        warmup=WARMUP if warmup is None else warmup,
        stop=Length(test.max_time_ns if duration_ns is None else duration_ns),
        batch=0,
        tags=(one_line(test.group),) if test.group else (),
        alone=True,
        source=test.path,
    )


def _name(node_id: str) -> str:
    """The test's classes and function with dots between them; the parametrisation's id as it is,
    so that `[a::b]` and `[a.b]` stay two names."""
    path, bracket, parameters = node_id.partition("::")[2].partition("[")
    return one_line(f"{path.replace('::', '.')}{bracket}{parameters}")


def _suite_names(paths: Sequence[str]) -> dict[str, str]:
    """The stem of each file; where two have one, with as many folders as tell them apart."""
    names: dict[str, str] = {}
    for path in paths:
        parts = Path(path).with_suffix("").parts
        for size in range(1, len(parts) + 1):
            end = parts[-size:]
            same = [p for p in paths if Path(p).with_suffix("").parts[-size:] == end]
            if len(same) == 1 or size == len(parts):
                names[path] = one_line("/".join(end))
                break
    return names
