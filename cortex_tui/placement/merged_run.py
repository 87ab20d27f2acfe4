"""A run that several runners share: what each has reported of it last, and what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from cortex_tui.limits import MAX_UNFINISHED
from cortex_tui.protocol.lifecycle import TRANSITIONS, RunLife
from cortex_tui.protocol.messages import RunFinished, RunnerDied
from cortex_tui.quantities import format_duration

_ORDER = list(TRANSITIONS)
_STOPPED = "; the others were stopped, as the profile says (on_lost)"
_NUMBERS = 6
"""The most processes that are named by their numbers."""


class Members:
    """Which runners report to a merge, for whom, and where they are."""

    def __init__(self, groups: Mapping[int, tuple[int, ...]]) -> None:
        """A runner in `groups` stands for all of its group."""
        self.groups = groups
        self.machines: dict[int, str] = {}
        """By runner, as far as that is reported."""

    def of(self, runner: int) -> tuple[int, ...]:
        """The runners for which this one reports."""
        return self.groups.get(runner, (runner,))

    def on(self, machine: str) -> set[int]:
        """The runners on a machine."""
        return {runner for runner, name in self.machines.items() if name == machine}


class Flights:
    """The operations in flight of several runners."""

    def __init__(self) -> None:
        self.count = 0
        """Of all."""
        self.oldest_ns = 0
        """The age of the oldest, as its runner reported it last."""
        self._each: dict[int, tuple[int, int]] = {}
        self._oldest_in: int | None = None

    def report(self, runner: int, count: int, oldest_ns: int) -> None:
        """What a runner has in flight now, none for one that is gone."""
        self.count += count - self._each.get(runner, (0, 0))[0]
        self._each[runner] = count, oldest_ns
        if oldest_ns >= self.oldest_ns:
            self.oldest_ns, self._oldest_in = oldest_ns, runner
        elif runner == self._oldest_in:
            # The one that had the oldest has it no longer: seldom, with many of them.
            self._oldest_in = max(self._each, key=lambda each: self._each[each][1])
            self.oldest_ns = self._each[self._oldest_in][1]


@dataclass
class MergedRun:
    """What each of a run's runners has reported last."""

    runners: tuple[int, ...]
    members: Members
    numbers: dict[int, int]
    """The number, from 1, that each runner has among all that share the run, wherever they are."""
    lives: dict[int, RunLife]
    counts: Counter[RunLife]
    """How many runners have each of the lives: a few different ones, however many runners."""
    stops: bool = False
    """Whether it ends when a part of it is lost."""
    lost: dict[int, RunnerDied] = field(default_factory=dict)
    """The runners that were lost before they had measured their part."""
    merged: RunLife = field(default_factory=RunLife)
    measured: dict[int, RunFinished] = field(default_factory=dict)
    finished: dict[int, RunFinished] = field(default_factory=dict)
    outcome: RunFinished | None = None
    """What it came to: once all have measured, and anew when all have finished."""
    flights: Flights = field(default_factory=Flights)
    level: float | None = None
    level_ns: int = 0
    """When it was reported."""
    began_ns: int | None = None
    """When measure began."""

    @classmethod
    def planned(
        cls, runners: tuple[int, ...], members: Members, numbers: dict[int, int], *, stops: bool
    ) -> MergedRun:
        """A run that none of its runners has begun."""
        lives = dict.fromkeys(runners, RunLife())
        return cls(runners, members, numbers, lives, Counter(lives.values()), stops=stops)

    @property
    def is_shared(self) -> bool:
        """Whether several runners do a part each, wherever they are."""
        return len(self.numbers) > 1

    @property
    def is_measuring(self) -> bool:
        """Whether any runner measures its part."""
        return any(life.stage == "measure" for life in self.counts)

    @property
    def is_under_way(self) -> bool:
        """Whether it has begun in any of its runners, and has not ended in all."""
        return any(life.stage not in ("planned", "ended") for life in self.counts)

    def change(self, runner: int, life: RunLife, at_ns: int) -> bool:
        """Takes where a runner is with its part, and returns whether that changes the run."""
        self.counts[self.lives[runner]] -= 1
        self.counts[life] += 1
        self.lives[runner] = life
        self.counts = +self.counts
        last = min(self.counts, key=lambda life: _ORDER.index(life.stage))
        merged = msgspec.structs.replace(
            last,
            paused=any(life.paused for life in self.counts) and not last.is_over,
            stopping=any(life.stopping for life in self.counts),
        )
        if last.is_over and self.outcome is not None:
            merged = msgspec.structs.replace(merged, outcome=self.outcome.state)
        if merged == self.merged:
            return False
        if merged.stage == "measure" and self.began_ns is None:
            self.began_ns = at_ns
        self.merged = merged
        return True

    def outcome_of(self, each: Mapping[int, RunFinished]) -> RunFinished | None:
        """What the run has come to in all its runners; None before the last of them is there."""
        if len(each) < len(self.runners) or len(self.runners) == 1:
            return each[self.runners[0]] if len(each) == len(self.runners) else None
        outcomes, partial = [each[runner] for runner in self.runners], self._partial(each)
        # What came to its end speaks for the run, unless nothing did.
        whole = [each[runner] for runner in self.runners if runner not in self.lost]
        outcomes, partial = (whole, partial) if whole else (outcomes, "")
        reasons = [
            f"{self.called([runner])}: {each[runner].reason}"
            for runner in self.runners
            if each[runner].reason and each[runner] in outcomes
        ]
        if len({outcome.reason for outcome in outcomes}) == 1:
            reasons = [outcomes[0].reason]
        ages_ns = sorted((age_ns for o in outcomes for age_ns in o.unfinished_ns), reverse=True)
        more = sum(outcome.unfinished_more for outcome in outcomes)
        worst = next(
            (o for state in ("failed", "stopped") for o in outcomes if o.state == state),
            outcomes[0],
        )
        return msgspec.structs.replace(
            worst,
            reason="; ".join(reasons),
            at_ns=max(outcome.at_ns for outcome in outcomes),
            measured_ns=max(outcome.measured_ns for outcome in outcomes),
            drain_ns=max(outcome.drain_ns for outcome in outcomes),
            warmup_ns=max(outcome.warmup_ns for outcome in outcomes),
            warmup_iterations=sum(outcome.warmup_iterations for outcome in outcomes),
            unfinished_ns=tuple(ages_ns[:MAX_UNFINISHED]),
            unfinished_more=more + len(ages_ns[MAX_UNFINISHED:]),
            warnings=tuple(dict.fromkeys(text for o in outcomes for text in o.warnings)),
            partial=partial,
        )

    def without_teardown(self, runner: int, why: str) -> RunFinished | None:
        """What a runner that was lost had measured to its end; None where it had not."""
        known = self.measured.get(runner)
        if known is None:
            return None
        text = f"{self.called([runner])} had measured its part, but was not torn down: {why}"
        return msgspec.structs.replace(known, warnings=(*known.warnings, text))

    def called(self, runners: Sequence[int], what: str = "") -> str:
        """What runners of one machine are called in reports: `process 2 of 3 on anvil`, with `was
        lost` behind it if that is `what` became of it; with one that stands for a group, all."""
        numbers = sorted(
            self.numbers[member]
            for runner in runners
            for member in self.members.of(runner)
            if member in self.numbers
        )
        which = f"processes {', '.join(map(str, numbers))}"
        if len(numbers) == 1:
            which = f"process {numbers[0]}"
        elif len(numbers) > _NUMBERS:
            which = f"{len(numbers)} processes"
        machine = self.members.machines.get(runners[0])
        on = f" on {machine}" if machine else ""
        became = f" {'was' if len(numbers) == 1 else 'were'} {what}" if what else ""
        return f"{which} of {len(self.numbers)}{on}{became}"

    def _partial(self, each: Mapping[int, RunFinished]) -> str:
        """What was lost, where and when: what one machine lost for one reason, once."""
        together: dict[tuple[str, str], list[int]] = {}
        for runner, died in self.lost.items():
            key = self.members.machines.get(runner, ""), died.reason
            together.setdefault(key, []).append(runner)
        found = []
        for (_, reason), runners in together.items():
            when = "before it measured"
            if self.began_ns is not None:
                when = f"at {format_duration(self.lost[runners[0]].at_ns - self.began_ns)}"
            found.append(f"{self.called(runners, 'lost')} {when}: {reason}")
        # A group reports what it lost itself.
        found += [
            outcome.partial.removesuffix(_STOPPED) for outcome in each.values() if outcome.partial
        ]
        return "; ".join(found) + _STOPPED * (bool(found) and self.stops)
