"""What a profile is once it has been read, checked and resolved against its suite's defaults.

Plain frozen data: it travels to the runner, into snapshots and into JSON as it stands here, so a
stored profile can be run again. All times are integer nanoseconds.
"""

from __future__ import annotations

import contextlib
from functools import cache
from typing import Any, Literal, cast

import msgspec

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.port import Load
from cortex_tui.text import encodable
from cortex_tui.workloads.names import KEEPS_DATA

ParamValue = str | int | float | bool
"""What a workload's parameter may be; TOML arrays are a matrix, not a parameter."""

DATABASES = ("own", "shared", "memory")

OnLost = Literal["continue", "stop"]
"""What becomes of a run of which one of several processes is lost: the others measure on, or the
run ends on all of them."""

Database = str
"""Where a built-in workload keeps its data: a file of its own for each run, one file for the runs
of a session that say so, or memory; or the URL of a server, without its password (see
`cortex_tui.passwords`), on which each run has a place of its own."""


def database_kind(database: Database) -> str:
    """What kind of store it is: of a server only the scheme, wherever that server is."""
    scheme, _, place = database.partition("://")
    return "postgresql" if place and scheme == "postgres" else scheme


class Length(msgspec.Struct, frozen=True):
    """How long a phase lasts: to whichever set bound comes first; with none set, not at all."""

    duration_ns: int | None = None
    """None for no bound of time."""
    iterations: int | None = None
    """None for no bound of operations."""

    def __bool__(self) -> bool:
        return bool(self.duration_ns or self.iterations)


class Precision(msgspec.Struct, frozen=True):
    """Measure until a percentile is known well enough, within the bounds of time.

    Well enough: half the width of its confidence interval is at most `half_width` of its value.
    """

    statistic: str
    """A percentile, such as `p99`."""
    half_width: float
    """A share of the value: 0.02 is 2 %."""
    at_least_ns: int
    at_most_ns: int
    confidence: float = 0.95


@cache
def _defaults(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The default of each of its fields."""
    return {field.name: field.default for field in msgspec.structs.fields(kind)}


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One named benchmark, complete: nothing of it is looked up anywhere else when it runs."""

    suite: str
    name: str
    workload: str
    summary: str = ""
    params: dict[str, ParamValue] = {}
    load: Load = ClosedLoad()
    warmup: Length = Length()
    """With `auto_warmup`, the longest that it may take."""
    auto_warmup: bool = False
    """Whether warm-up ends as soon as the times do not change any more."""
    stop: Length
    precision: Precision | None = None
    until_decided: Length | None = None
    """Of a run that lasts until its targets are decided: how long it would be without that, which
    is the least; `stop` is the most."""
    timeout_ns: int | None = None
    """After this time an operation has failed."""
    batch: int = 1
    """How many operations are timed as one; 0 for as many as the clock's cost calls for."""
    batch_found: int = 0
    """Where that is 0: how many an earlier run found, so that both are alike; 0 to find it out."""
    tags: tuple[str, ...] = ()
    base: str = ""
    """For a cell of a matrix: the name of its profile. `name` has the coordinates behind it."""
    matrix: dict[str, ParamValue] = {}
    """For a cell of a matrix: its coordinates, which are among `params`."""
    targets: tuple[str, ...] = ()
    warn_targets: tuple[str, ...] = ()
    """Targets that are reported when they are missed, and never fail a run."""
    database: Database = "own"
    alone: bool = False
    """Whether it is measured without neighbours, whatever else its session runs."""
    on_lost: OnLost = "continue"
    source: str = ""
    """The TOML file that it was read from."""

    @property
    def full_name(self) -> str:
        """`suite.profile`, the name by which it is selected and shown."""
        return f"{self.suite}.{self.name}"

    @property
    def family(self) -> str:
        """For a cell of a matrix the full name of its profile, for others their own."""
        return f"{self.suite}.{self.base or self.name}"

    @property
    def definition(self) -> str:
        """A short digest of what is measured: profiles with the same one measure the same,
        whatever they are called, and however long."""
        import hashlib  # not for every command that reads what a profile is

        # What stands at its default is left out, so that a setting more in a later version does
        # not change the digests of all profiles.
        load = {
            name: value
            for name, default in _defaults(type(cast(msgspec.Struct, self.load))).items()
            if (value := getattr(self.load, name)) != default
        }
        measured = (
            self.workload, sorted(self.params.items()), type(self.load).__name__, load,
            self.timeout_ns, self.batch, database_kind(self.database),
        )  # fmt: skip
        text = msgspec.json.encode(encodable(msgspec.to_builtins(measured)))
        return hashlib.blake2s(text, digest_size=8).hexdigest()

    @property
    def primary(self) -> str:
        """The percentile of its headline time that its targets name first, "" where they name none:
        the one that comparisons and histories decide on."""
        from cortex_tui.stats.percentiles import parse_percentile
        from cortex_tui.stats.targets import parse_target

        for target in map(parse_target, self.targets):
            if target.subject in (None, self.headline) and parse_percentile(target.statistic):
                return target.statistic
        return ""

    @property
    def headline(self) -> Literal["service", "response"]:
        """The time that speaks for the load: response sees queueing, a closed load has none."""
        return "response" if self.load.has_schedule else "service"

    @property
    def has_database(self) -> bool:
        """Whether there is anything to say of `database`: its workload keeps data, or it was said
        where."""
        return self.keeps_data or self.database != "own"

    @property
    def keeps_data(self) -> bool:
        """Whether its workload keeps data where `database` says."""
        return self.workload in KEEPS_DATA


def kept_in(profile: Profile, database: Database) -> Profile:
    """Keeps its data there; "" and workloads without data of their own leave it as it is."""
    if not database or not profile.keeps_data:
        return profile
    return msgspec.structs.replace(profile, database=database)


def shared(profile: Profile, processes: int) -> Profile:
    """Shares its load between that many runner processes, whatever it said.

    Raises ValueError, with its name, where that cannot be.
    """
    wrong = profile.load.idle_among(processes)
    if not wrong:
        refusals = sharing_refusals(
            processes, profile.batch, profile.database, profile.stop.iterations
        )
        wrong = "; ".join(f"{key}: {message}" for key, message in refusals)
    if wrong:
        raise ValueError(f"{profile.full_name} cannot have {processes} processes: {wrong}")
    return msgspec.structs.replace(profile, load=profile.load.among(processes))


def spread(profile: Profile, most: int) -> Profile:
    """Shares its load between as many runner processes as it can have, at most that many; what it
    says itself stands."""
    if profile.load.shared_by > 1:
        return profile
    for processes in range(most, 1, -1):
        with contextlib.suppress(ValueError):
            return shared(profile, processes)
    return profile


def sharing_refusals(
    processes: int, batch: int, database: str | None, iterations: int | None
) -> list[tuple[str, str]]:
    """By key, what keeps a profile from being shared by that many processes, its load aside."""
    if processes == 1:
        return []
    found = []
    if batch == 0:
        found.append(("batch", "expected a number (each of the processes would find its own)"))
    if database == "shared":
        found.append(("database", 'expected "own" or "memory" (each process has its own)'))
    if iterations is not None and (least := processes * batch) > iterations:
        found.append(("iterations", f"expected at least {least:,} for {processes} processes"))
    return found


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a suite or a profile, in the words of the person who wrote it."""

    where: str
    """File and key, such as `profiles/x.toml: profile.steady.load.rate`."""
    message: str
    """What was expected, and what was there."""
    suite: str = ""
    profile: str = ""
    """Empty where the whole suite is unusable."""
    tags: tuple[str, ...] | None = None
    """The profile's tags; None where they are not known."""
    line: int | None = None
    """Of the file, where the key begins; None where that is not known."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"

    @property
    def place(self) -> str:
        """Where it is with its line, such as `profiles/x.toml:7: profile.steady.load.rate`."""
        file, colon, key = self.where.partition(": ")
        return self.where if self.line is None else f"{file}:{self.line}{colon}{key}"


class SuiteVariant(msgspec.Struct, frozen=True, kw_only=True):
    """What a variant has of its own; "" or nothing for what is the same as without it."""

    name: str
    rev: str = ""
    folder: str = ""
    python: str = ""
    loop: str = ""
    database: Database = ""
    env: dict[str, str] = {}
    params: dict[str, ParamValue] = {}


class Suite(msgspec.Struct, frozen=True):
    """One TOML file: its usable profiles, in the order in which they stand there."""

    name: str
    source: str
    profiles: tuple[Profile, ...]
    description: str = ""
    shipped: bool = False
    variants: tuple[SuiteVariant, ...] = ()
    replaces: str = ""
    """The shipped suite's file that this one, a user's, takes the name of."""


class Catalog(msgspec.Struct, frozen=True):
    """All suites that were found, and everything that was wrong with them."""

    suites: tuple[Suite, ...] = ()
    problems: tuple[Problem, ...] = ()
    database: Database = ""
    """What the profiles have in place of what their files say; "" for nothing."""

    def kept_in(self, database: Database) -> Catalog:
        """The catalog whose profiles keep their data there."""
        suites = tuple(
            msgspec.structs.replace(
                suite, profiles=tuple(kept_in(profile, database) for profile in suite.profiles)
            )
            for suite in self.suites
        )
        return msgspec.structs.replace(self, suites=suites, database=database)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return tuple(profile for suite in self.suites for profile in suite.profiles)
