"""What happened in one interval of a run, as it is taken in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Literal, Protocol

import msgspec

from cortex_tui.protocol.joining import merged_health, parts_of
from cortex_tui.protocol.messages import Health, Message, Samples
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.measured import Subject
from cortex_tui.stats.pairs import merged_in_pairs
from cortex_tui.text import lines

TimeName = Literal["service", "response", "lateness", "failure"]

NONE = IntervalHistogram.of(b"")
"""That of an interval in which nothing ended."""
_NO_HEALTH = Health()


class Interval(msgspec.Struct, array_like=True, eq=False, gc=False):
    """What happened in one slice of a run's measure phase; also as a file of intervals has it."""

    service: IntervalHistogram = NONE
    response: IntervalHistogram = NONE
    lateness: IntervalHistogram = NONE
    failure: IntervalHistogram = NONE
    errors: dict[str, int] = {}
    unstarted: int = 0
    in_flight: int = 0
    """At some moment of the interval; so is `oldest_ns`, the age of the oldest of them."""
    oldest_ns: int = 0
    neighbours: int = 0
    level: float | None = None
    """The rate a second or the number of workers at the end of the interval."""
    drained: int = 0
    """Operations that succeeded outside the window: after its end, or workers did them in a pause.
    One interval may have others, too."""
    health: Health = _NO_HEALTH
    failed_in_batches: int = 0
    """Operations that failed within the values of `service`, where a value is of a batch."""

    def times(self, subject: Subject) -> IntervalHistogram:
        """Those of a subject."""
        found: IntervalHistogram = getattr(self, subject)
        return found

    def succeeded(self, batch: int) -> int:
        """How many operations did, where each value is for as many as a batch has."""
        return self.service.total * batch - self.failed_in_batches

    def copy(self) -> Interval:
        """The same as it is now, whatever is added to this one."""
        return msgspec.structs.replace(self, errors=self.errors.copy())

    def add(self, later: Interval) -> None:
        """Takes in what came later in the same slice."""
        self.service = self.service.merge(later.service)
        self.response = self.response.merge(later.response)
        self.lateness = self.lateness.merge(later.lateness)
        self.failure = self.failure.merge(later.failure)
        self._add_facts(later)

    @staticmethod
    def add_each(pairs: Sequence[tuple[Interval, Interval]]) -> None:
        """Has the first of each pair take in the other: as `add`, in a third of the time where they
        are many."""
        filled = [
            (one, name, own, more)
            for one, later in pairs
            for name, own, more in (
                ("service", one.service, later.service),
                ("response", one.response, later.response),
                ("lateness", one.lateness, later.lateness),
                ("failure", one.failure, later.failure),
            )
            if more.packed_indices or more.moments.overflow
        ]
        merged = merged_in_pairs([(own, more) for _, _, own, more in filled])
        for (one, name, _, _), times in zip(filled, merged, strict=True):
            setattr(one, name, times)
        for one, later in pairs:
            one._add_facts(later)

    def _add_facts(self, later: Interval) -> None:
        """All but the times."""
        for name, count in later.errors.items():
            self.errors[name] = self.errors.get(name, 0) + count
        self.unstarted += later.unstarted
        self.in_flight, self.oldest_ns = later.in_flight, later.oldest_ns
        self.neighbours = max(self.neighbours, later.neighbours)
        self.level = self.level if later.level is None else later.level
        self.drained += later.drained
        self.health = merged_health(self.health, later.health)
        self.failed_in_batches += later.failed_in_batches


class Slots(Protocol):
    """The intervals of a run with their numbers, in order of time. They may be read from a file
    each time that they are gone over: all of a long run at once are megabytes."""

    def __iter__(self) -> Iterator[tuple[int, Interval]]: ...


CountedTimes = tuple[IntervalHistogram, ...]
"""Those of a message: service, response, lateness, failure."""


def count_times(messages: Iterable[Samples]) -> list[CountedTimes]:
    """Those of each message: counted together, which takes a third of the time."""
    raw = [values for message in messages for values in message.values]
    filled = iter(IntervalHistogram.of_each([values for values in raw if values]))
    counted = [next(filled) if values else NONE for values in raw]
    return list(zip(*[iter(counted)] * 4, strict=True))


def counted(messages: Iterable[Message]) -> Iterator[tuple[Message, CountedTimes | None]]:
    """Each message, with its times where it has any; those of all are counted together."""
    batch = list(messages)
    times = iter(count_times(each for each in batch if isinstance(each, Samples)))
    return ((each, next(times) if isinstance(each, Samples) else None) for each in batch)


def interval_of(
    samples: Samples,
    level: float | None = None,
    times: CountedTimes | None = None,
    batch: int = 1,
) -> Interval:
    """The interval of a message; `level` is that of the load, `times` are its times where they are
    counted already, and each of them is for `batch` operations."""
    service, response, lateness, failure = times or count_times((samples,))[0]
    return Interval(
        service=service,
        response=response,
        lateness=lateness,
        failure=failure,
        errors={lines(name): count for name, count in samples.errors.items()},
        unstarted=samples.unstarted,
        in_flight=samples.in_flight,
        oldest_ns=samples.oldest_ns,
        neighbours=samples.neighbours,
        level=level,
        drained=drained_of(samples, batch) if samples.drained else 0,
        health=samples.health,
        failed_in_batches=samples.failed_in_batches,
    )


def drained_of(samples: Samples, batch: int) -> int:
    """How many operations of a message succeeded outside the window."""
    # What one runner sends at a time ended either within the window or outside it.
    return sum(
        part.drained * batch - part.failed_in_batches for part in parts_of(samples) if part.drained
    )


def series_of(slots: Iterable[tuple[int, Interval]], name: TimeName) -> Iterator[IntervalHistogram]:
    """The histograms of one of the times, slot after slot; empty where there was no message."""
    last: int | None = None
    for slot, interval in slots:
        if last is not None:
            yield from repeat(NONE, slot - last - 1)
        yield interval.times(name)
        last = slot
