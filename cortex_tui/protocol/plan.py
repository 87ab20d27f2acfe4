"""What a runner is given: the runs of a session, and how they are to follow one another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

from cortex_tui.loads.share import Share
from cortex_tui.profiles.model import Database, ParamValue, Profile

INTERVAL_NS = 100_000_000
"""How long an interval is at first (neighbours merge in pairs when a run has too many)."""

LoopName = Literal["auto", "asyncio", "uvloop"]
Program = Literal["workloads", "pytest"]
"""What a runner runs: the workloads of profiles, or tests by way of pytest."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One of the versions that a session compares, as it is stored with it."""

    name: str
    """As it was given with `--variant`, or stands in the suite."""
    revision: str = ""
    """The commit of the code under test, its full hash; "" for the files as they are."""
    dirty: bool = False
    """Whether files differ from that commit."""
    folder: str = ""
    """Where its code lies; "" for the folder of the suite."""
    python: str = ""
    """Its interpreter; "" for that of the program."""
    env: dict[str, str] = {}
    """Environment variables of its runner, over those of the program."""
    loop: LoopName | None = None
    """Its event loop; None for that of the session."""
    database: Database = ""
    """Where built-in workloads keep their data, in place of what a profile says."""
    params: dict[str, ParamValue] = {}
    """Parameters that take the place of a profile's own."""
    only: str = ""
    """The full name of the one profile that it measures, where the others run in the other variant
    alone: so it has no neighbours. "" for all of them."""


class RunnerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner process is started with; empty for that of this process."""

    variant: str = ""
    """The name of what it measures, where variants are compared."""
    python: str = ""
    """An interpreter that has this package installed."""
    cwd: str = ""
    env: dict[str, str] = {}
    """Variables in addition to those of this process."""
    loop: LoopName | None = None
    """None for that of the session."""
    program: Program = "workloads"
    foreign: str = ""
    """A folder from which it must not import anything: the code of another variant."""
    own: str = ""
    """The folder of its own code, which may lie in the foreign one."""


class RunPlan(msgspec.Struct, frozen=True):
    """One run of a session: its number there, and what to run."""

    run: int
    profile: Profile
    round: int = 1
    """Rounds begin one after the other: a profile that is repeated has a run in each."""
    runners: tuple[int, ...] = (0,)
    """The numbers of the runners that share it, each with a part of its load."""
    variant: str = ""
    """What it is a run of, where variants are compared."""

    def share_of(self, runner: int) -> Share:
        """The part of that runner, which must be one of them."""
        return Share(self.runners.index(runner), len(self.runners))


class SessionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a runner needs to run a session."""

    session: str
    runs: tuple[RunPlan, ...]
    scratch: str
    """A folder for the databases of this session; the runner may fill it, the parent deletes it."""
    cache: str
    """A folder for seeded databases that later sessions copy."""
    addresses: dict[str, str] = {}
    """The URLs of servers with their passwords, by those that the profiles have. Never stored."""
    one_by_one: bool = False
    loop: LoopName = "auto"
    interval_ns: int = INTERVAL_NS
    runner: int = 0
    """The number of the runner that is given this plan."""
    group: tuple[int, ...] = ()
    """The numbers of all runners that the one given this plan stands for: they are started where it
    is, and their messages merged there. Empty for itself alone."""
    fleet: bool = False
    """Whether others run parts of the session: then its runs wait for those at barriers."""

    runners: tuple[RunnerSpec, ...] = ()
    """By number, and from the first again where there are more runners; empty where all are started
    like this process."""
    variants: tuple[Variant, ...] = ()
    """What is compared, the one that the others are compared with first; empty where nothing is."""
    seed: int = 0
    """From which the order of the variants in each round was drawn."""
    looks: tuple[int, ...] = ()
    """After which rounds the session may end, since what is compared is decided; the last of them
    ends it in any case. Empty where all rounds are run."""

    @property
    def parts(self) -> list[SessionPlan]:
        """The plan up to each look: its runs only, with their numbers."""
        if not self.looks:
            return [self]
        bounds = zip((0, *self.looks), self.looks, strict=False)
        return [
            msgspec.structs.replace(
                self, runs=tuple(run for run in self.runs if first < run.round <= last)
            )
            for first, last in bounds
        ]

    @property
    def runner_numbers(self) -> tuple[int, ...]:
        return tuple(sorted({runner for run in self.runs for runner in run.runners}))

    def of_runners(self, runners: Collection[int]) -> SessionPlan:
        """The plan as if it had those runners alone."""
        runs = (
            msgspec.structs.replace(run, runners=tuple(r for r in run.runners if r in runners))
            for run in self.runs
        )
        return msgspec.structs.replace(self, runs=tuple(run for run in runs if run.runners))

    @property
    def shared(self) -> bool:
        """Whether several runners measure at the same time."""
        return any(len(run.runners) > 1 for run in self.runs)

    @property
    def spec(self) -> RunnerSpec:
        """That of the runner that is given this plan."""
        specs = self.runners
        return specs[self.runner % len(specs)] if specs else RunnerSpec()

    @property
    def servers(self) -> dict[str, str]:
        """The whole URLs of the servers that its runs keep data on, by those that profiles have."""
        databases = dict.fromkeys(run.profile.database for run in self.runs)
        return {each: self.addresses.get(each, each) for each in databases if "://" in each}

    @property
    def groups(self) -> list[list[RunPlan]]:
        """The runs that measure together, in the order in which that happens.

        In each round, those of one variant measure together. Those whose profile is `alone` come
        after the others, one by one.
        """
        if self.one_by_one:
            return [[run] for run in self.runs]
        rounds: dict[int, list[RunPlan]] = {}
        for run in self.runs:
            rounds.setdefault(run.round, []).append(run)
        groups: list[list[RunPlan]] = []
        for runs in rounds.values():
            together: dict[str, list[RunPlan]] = {}
            for run in runs:
                if not run.profile.alone:
                    together.setdefault(run.variant, []).append(run)
            groups += together.values()
            groups += [[run] for run in runs if run.profile.alone]
        return groups
