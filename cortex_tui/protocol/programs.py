"""Which program runs a profile: the runner of workloads, or pytest for the tests of a project."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.plan import RunnerSpec

PYTEST = "pytest:"
"""Begins the workload of a profile that is a test; its node id follows."""

TEST_FOLDERS = ("folder", "rootdir")
"""The parameters of such a profile that name where its code lies."""

NOT_FOUND = "pytest did not find it"
"""Why a run of a test failed that the code does not have."""

TESTS_LOOP = "pytest"
"""In place of an event loop's name, where pytest calls the operations: nothing else runs in its
process meanwhile."""


def is_test(profile: Profile) -> bool:
    """Whether pytest runs it."""
    return profile.workload.startswith(PYTEST)


def runners_for(profiles: Iterable[Profile]) -> tuple[RunnerSpec, ...]:
    """What the runner of these profiles is started with; empty for that of workloads.

    Raises ValueError where one runner cannot run them all.
    """
    tests = [profile for profile in profiles if is_test(profile)]
    if not tests:
        return ()
    others = [profile.full_name for profile in profiles if not is_test(profile)]
    if others:
        raise ValueError(
            f"{tests[0].full_name} is a test, which pytest runs, and {others[0]} is none; "
            "run them in two sessions"
        )
    calls = {(profile.params["folder"], profile.params["options"]) for profile in tests}
    if len(calls) > 1:
        raise ValueError(
            "the tests were collected with different folders or options of pytest; run them in "
            "sessions of their own"
        )
    folder = str(tests[0].params["folder"])
    if not os.path.isdir(folder):
        raise ValueError(f"{folder}: the tests were collected there, and it is no folder now")
    return (RunnerSpec(program="pytest", cwd=folder),)
