"""The two sides of a comparison, as everything that compares takes them: rounds of one profile.

The round is the unit of evidence. Operations of one round share what the machine did meanwhile;
tests that take them as independent raise false alarms in up to two of three comparisons of equal
code (tests/performance/verdicts.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cortex_tui.profiles.model import Profile
from cortex_tui.results.session_result import SessionResult
from cortex_tui.stats.histogram import Histogram


@dataclass(frozen=True, slots=True)
class Round:
    """What one side came to in one round."""

    number: int
    """From 1. In a session with variants, both sides measure a round of one number one right after
    the other."""
    times: Histogram
    """The headline's, in ns; of whole batches where operations are batched."""
    operations: int
    """Succeeded."""
    in_window: int
    """Those that succeeded before the window of `measured_ns` ended."""
    measured_ns: int
    errors: int = 0
    mean_ns: float | None = None
    """Of the service time of one operation, of a batched run too."""
    bounds_ns: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """The 95 % confidence intervals of percentiles from within the round, where they are known."""
    dropped: int = 0
    """Operations that are left out of `times`, since others used the machine meanwhile."""
    watched: bool = True
    """Whether it is known what others used."""
    run: int = 0
    """Its number in the session; runs are numbered in the order in which they were run."""
    partial: str = ""
    """Which part of it was lost, with its process or machine; "" for a whole one."""

    @property
    def throughput_per_s(self) -> float | None:
        return self.in_window * 1e9 / self.measured_ns if self.measured_ns else None

    @property
    def error_share(self) -> float | None:
        """Of the operations that ended."""
        ended = self.operations + self.errors
        return self.errors / ended if ended else None


@dataclass(frozen=True, slots=True)
class Arm:
    """One side: the rounds of a profile, in order."""

    profile: Profile
    rounds: tuple[Round, ...]
    batch: int = 1
    """How many operations each time stands for; 0 where the rounds differ in it."""
    neighbours: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()
    """The numbers of rounds that are not among them, since a part of each was lost."""

    @property
    def partial(self) -> str:
        """What was lost of its rounds, where there is no whole one; else ""."""
        return next((each.partial for each in self.rounds if each.partial), "")


def arms_of(result: SessionResult, variant: str = "", *, live: bool = False) -> dict[str, Arm]:
    """The arms of a session by the name of their profile, of the runs of one variant.

    Only runs that ended and measured anything are rounds; with `live`, so are those that are being
    measured.
    """
    states = ("finished", "stopped", "running") if live else ("finished", "stopped")
    runs = [
        run
        for run in sorted(result.runs, key=lambda run: (run.round, run.run))
        if run.variant == variant and run.operations and run.state in states
    ]

    def of(name: str) -> Arm:
        own = [run for run in runs if run.profile.full_name == name]
        headline = own[0].profile.headline
        rounds = (
            Round(
                number=run.round,
                times=result.histograms[run.run][headline],
                operations=run.operations,
                in_window=run.operations - run.drained,
                measured_ns=run.measured_ns,
                errors=run.error_count,
                mean_ns=run.mean_ns,
                bounds_ns=run.bounds_ns.get(headline, {}),
                run=run.run,
                partial=run.partial,
            )
            for run in own
        )
        return arm(own[0].profile, rounds, (run.batch for run in own), own[0].neighbours)

    return {name: of(name) for name in dict.fromkeys(run.profile.full_name for run in runs)}


def arm(
    profile: Profile,
    rounds: Iterable[Round],
    batches: Iterable[int],
    neighbours: tuple[str, ...] = (),
) -> Arm:
    """An arm of rounds whose batches may differ. One that is partial had another load than the
    others, and is left out where there are whole ones."""
    sizes, every = set(batches), tuple(rounds)
    whole = tuple(each for each in every if not each.partial)
    left_out = tuple(each.number for each in every if each.partial) if whole else ()
    batch = sizes.pop() if len(sizes) == 1 else 0
    return Arm(profile, whole or every, batch, neighbours, left_out)


def in_step(a: Arm, b: Arm) -> tuple[Arm, Arm]:
    """Both arms with the rounds that both have: a run may have failed on one side."""
    common = {each.number for each in a.rounds} & {each.number for each in b.rounds}

    def of(side: Arm) -> Arm:
        return replace(side, rounds=tuple(each for each in side.rounds if each.number in common))

    return of(a), of(b)
