"""What a profile is once it has been read, checked and resolved against its suite's defaults.

Plain frozen data: it travels to the runner, into snapshots and into JSON as it stands here, so a
stored profile can be run again. All times are integer nanoseconds.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ParamValue = str | int | float | bool
"""What a workload's parameter may be; TOML arrays are a matrix, not a parameter."""

Database = Literal["own", "shared", "memory"]
"""Where a built-in workload keeps its data: a file of its own for each run, one file for the runs
of a session that say so, or memory."""


class Length(msgspec.Struct, frozen=True):
    """How long a phase lasts: to whichever set bound comes first; with none set, not at all."""

    duration_ns: int | None = None
    iterations: int | None = None

    def __bool__(self) -> bool:
        return bool(self.duration_ns or self.iterations)


class ClosedLoad(msgspec.Struct, frozen=True, tag_field="model", tag="closed"):
    """Each of `workers` starts its next operation when its last one has ended."""

    workers: int = 1


class OpenLoad(msgspec.Struct, frozen=True, tag_field="model", tag="open"):
    """Operations start on a schedule, whatever has become of the earlier ones.

    An arrival that finds `max_in_flight` operations under way is counted as unstarted.
    """

    rate_per_s: float
    arrivals: Literal["constant"] = "constant"
    max_in_flight: int = 10_000


Load = ClosedLoad | OpenLoad


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One named benchmark, complete: nothing of it is looked up anywhere else when it runs."""

    suite: str
    name: str
    workload: str
    summary: str = ""
    params: dict[str, ParamValue] = {}
    load: Load = ClosedLoad()
    warmup: Length = Length()
    stop: Length
    targets: tuple[str, ...] = ()
    database: Database = "own"
    source: str = ""
    """The TOML file that it was read from."""

    @property
    def full_name(self) -> str:
        """`suite.profile`, the name by which it is selected and shown."""
        return f"{self.suite}.{self.name}"

    @property
    def headline(self) -> Literal["service", "response"]:
        """The time that speaks for the load: response sees queueing, a closed load has none."""
        return "response" if isinstance(self.load, OpenLoad) else "service"


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a suite or a profile, in the words of the person who wrote it."""

    where: str
    """File and key, such as `profiles/x.toml: profile.steady.load.rate`."""
    message: str
    """What was expected, and what was there."""
    suite: str = ""
    profile: str = ""
    """Empty where the whole suite is unusable."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class Suite(msgspec.Struct, frozen=True):
    """One TOML file: its usable profiles, in the order in which they stand there."""

    name: str
    source: str
    profiles: tuple[Profile, ...]
    description: str = ""
    shipped: bool = False
    replaces: str = ""
    """The shipped suite's file that this one, a user's, takes the name of."""


class Catalog(msgspec.Struct, frozen=True):
    """All suites that were found, and everything that was wrong with them."""

    suites: tuple[Suite, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return tuple(profile for suite in self.suites for profile in suite.profiles)
