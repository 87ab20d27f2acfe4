"""The intervals of one run, bounded in number: when they are full, neighbours merge in pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from cortex_tui.limits import MAX_INTERVALS
from cortex_tui.protocol.messages import Health, Samples
from cortex_tui.results.blocked import LOOP_BLOCKED_NS, Blocks, blocks_of
from cortex_tui.results.series import IntervalSlice
from cortex_tui.stats.histogram import IntervalHistogram
from cortex_tui.stats.measured import Subject
from cortex_tui.text import lines

TimeName = Literal["service", "response", "lateness", "failure"]

_NONE = IntervalHistogram.of(b"")
_NO_HEALTH = Health()


@dataclass(slots=True)
class Interval:
    """What happened in one slice of a run's measure phase."""

    service: IntervalHistogram = _NONE
    response: IntervalHistogram = _NONE
    lateness: IntervalHistogram = _NONE
    failure: IntervalHistogram = _NONE
    errors: dict[str, int] = field(default_factory=dict)
    unstarted: int = 0
    in_flight: int = 0
    """At the end of the interval; so is `oldest_ns`, the age of the oldest of them."""
    oldest_ns: int = 0
    neighbours: int = 0
    level: float | None = None
    """The rate a second or the number of workers at the end of the interval."""
    drain: bool = False
    """Whether anything of it ended after the window."""
    health: Health = _NO_HEALTH

    def times(self, subject: Subject) -> IntervalHistogram:
        """Those of a subject."""
        found: IntervalHistogram = getattr(self, subject)
        return found

    def add(self, later: Interval) -> None:
        """Takes in what came later in the same slice."""
        self.service = self.service.merge(later.service)
        self.response = self.response.merge(later.response)
        self.lateness = self.lateness.merge(later.lateness)
        self.failure = self.failure.merge(later.failure)
        for name, count in later.errors.items():
            self.errors[name] = self.errors.get(name, 0) + count
        self.unstarted += later.unstarted
        self.in_flight, self.oldest_ns = later.in_flight, later.oldest_ns
        self.neighbours = max(self.neighbours, later.neighbours)
        self.level = self.level if later.level is None else later.level
        self.drain = self.drain or later.drain
        self.health = merged_health(self.health, later.health)


def merged_health(a: Health, b: Health) -> Health:
    """What happened in two parts of the time: longest block, and sums of the rest."""
    if b == _NO_HEALTH:
        return a
    return Health(
        loop_lag_ns=max(a.loop_lag_ns, b.loop_lag_ns),
        gc_pause_ns=a.gc_pause_ns + b.gc_pause_ns,
        gc_pauses=a.gc_pauses + b.gc_pauses,
        cpu_ns=a.cpu_ns + b.cpu_ns,
        wall_ns=a.wall_ns + b.wall_ns,
        voluntary_switches=a.voluntary_switches + b.voluntary_switches,
        involuntary_switches=a.involuntary_switches + b.involuntary_switches,
        steal_ns=a.steal_ns + b.steal_ns,
        foreign_ns=a.foreign_ns + b.foreign_ns,
    )


def _frozen(interval: Interval, slot: int, length_ns: int) -> IntervalSlice:
    return IntervalSlice(
        from_ns=slot * length_ns,
        until_ns=(slot + 1) * length_ns,
        service=interval.service,
        response=interval.response,
        lateness=interval.lateness,
        failure=interval.failure,
        errors=dict(interval.errors),
        unstarted=interval.unstarted,
        in_flight=interval.in_flight,
        oldest_ns=interval.oldest_ns,
        neighbours=interval.neighbours,
        level=interval.level,
        drain=interval.drain,
        health=interval.health,
    )


def interval_of(samples: Samples, level: float | None = None) -> Interval:
    """The interval of a message, counted; `level` is that of the load."""
    return Interval(
        service=_counted(samples.service),
        response=_counted(samples.response),
        lateness=_counted(samples.lateness),
        failure=_counted(samples.failures),
        errors={lines(name): count for name, count in samples.errors.items()},
        unstarted=samples.unstarted,
        in_flight=samples.in_flight,
        oldest_ns=samples.oldest_ns,
        neighbours=samples.neighbours,
        level=level,
        drain=bool(samples.drained),
        health=samples.health,
    )


def _counted(raw: bytes) -> IntervalHistogram:
    return IntervalHistogram.of(raw) if raw else _NONE


def series_of(slots: Iterable[tuple[int, Interval]], name: TimeName) -> list[IntervalHistogram]:
    """The histograms of one of the times, slot after slot; empty where there was no message."""
    found: list[IntervalHistogram] = []
    last: int | None = None
    for slot, interval in slots:
        if last is not None:
            found += [_NONE] * (slot - last - 1)
        found.append(getattr(interval, name))
        last = slot
    return found


class IntervalSeries:
    """At most MAX_INTERVALS slots of equal length; a slot without messages is not there."""

    def __init__(self, limit: int = MAX_INTERVALS) -> None:
        self.length = 1
        """Of a slot, in the intervals of the messages; a power of two."""
        self._limit = limit
        self._slots: dict[int, Interval] = {}
        self._frozen: dict[int, IntervalSlice] = {}
        """The slots that have not changed since they were read as slices."""
        self._changed: set[int] = set()
        self._blocked: dict[int, int] = {}
        """By slot, for how long the event loop was blocked, where that is worth a warning."""
        self._rewritten = False

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[tuple[int, Interval]]:
        """Slot numbers and intervals, in order of time."""
        return iter(sorted(self._slots.items()))

    def add(self, index: int, interval: Interval) -> None:
        """Takes in the interval `index` of the messages; in any order, and in pieces."""
        while index // self.length >= self._limit:
            self._merge_in_pairs()
        slot = index // self.length
        known = self._slots.get(slot)
        if known is None:
            self._slots[slot] = interval
        else:
            known.add(interval)
        self._touch(slot)

    def add_health(self, index: int, health: Health) -> None:
        """Takes in what is only now known of an interval."""
        while index // self.length >= self._limit:
            self._merge_in_pairs()
        slot = index // self.length
        known = self._slots.setdefault(slot, Interval())
        known.health = merged_health(known.health, health)
        self._touch(slot)

    def _touch(self, slot: int) -> None:
        self._changed.add(slot)
        self._frozen.pop(slot, None)
        lag_ns = self._slots[slot].health.loop_lag_ns
        if lag_ns >= LOOP_BLOCKED_NS:
            self._blocked[slot] = lag_ns

    def blocks(self, interval_ns: int) -> Blocks:
        """When the event loop was blocked; `interval_ns` is the length of a message's interval."""
        return blocks_of(self._blocked.items(), self.length * interval_ns)

    def slices(self, interval_ns: int) -> tuple[IntervalSlice, ...]:
        """All slots, in order of time, frozen; `interval_ns` is the length of a message's interval.
        A slot that has not changed is the same object each time."""
        for slot in self._slots.keys() - self._frozen.keys():
            self._frozen[slot] = _frozen(self._slots[slot], slot, self.length * interval_ns)
        return tuple(self._frozen[slot] for slot in sorted(self._frozen))

    def take_changes(self) -> tuple[bool, list[tuple[int, Interval]]]:
        """The slots that changed since the last call, and whether they replace all earlier ones."""
        rewritten, self._rewritten = self._rewritten, False
        slots = sorted(self._slots if rewritten else self._changed)
        self._changed = set()
        return rewritten, [(slot, self._slots[slot]) for slot in slots]

    def write_again(self) -> None:
        """Makes every slot count as changed: what was taken in could not be kept."""
        self._rewritten = True

    def _merge_in_pairs(self) -> None:
        merged: dict[int, Interval] = {}
        for slot, interval in self:
            known = merged.get(slot // 2)
            if known is None:
                merged[slot // 2] = interval
            else:
                known.add(interval)
        self._slots = merged
        self._frozen = {}
        blocked, self._blocked = self._blocked, {}
        for slot, lag_ns in blocked.items():
            self._blocked[slot // 2] = max(lag_ns, self._blocked.get(slot // 2, 0))
        self.length *= 2
        self._rewritten = True
