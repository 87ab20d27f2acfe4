"""Tests as profiles: what of a test must be known to run it again.

The node id is the profile's workload. Its params hold how pytest was called: the `folder` in which,
the `options`, and the `rootdir` that node ids start from.
"""

from __future__ import annotations

import msgspec

from cortex_tui.profiles.model import Length, Profile, Suite
from cortex_tui.profiles.pytest_names import profile_name, suite_names
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


def suites_of(
    collected: Collected, *, duration_ns: int | None = None, warmup: Length | None = None
) -> tuple[Suite, ...]:
    """A suite for each file of tests, named after the file."""
    by_file: dict[str, list[FoundTest]] = {}
    for test in collected.tests:
        by_file.setdefault(test.path, []).append(test)
    names = suite_names(list(by_file))
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
        name=profile_name(test.node_id),
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
