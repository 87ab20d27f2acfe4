"""The intervals of one run, bounded in number: when they are full, neighbours merge in pairs."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from cortex_tui.limits import MAX_INTERVALS
from cortex_tui.protocol.joining import merged_health
from cortex_tui.protocol.messages import Health
from cortex_tui.results.blocked import LOOP_BLOCKED_NS, BlockedSlot, BlockedSlots, Blocks, blocks_of
from cortex_tui.results.interruptions import Interruptions
from cortex_tui.results.interval import Interval
from cortex_tui.results.interval_file import IntervalFile, Place
from cortex_tui.results.slices import FiledSlices, IntervalSlice, slice_of

_FILLING = 2
"""Of the newest slots: they are still being filled."""
_AT_ONCE = 16
"""Slots that are full are written together, as many at a time."""
_ROOM = _FILLING + _AT_ONCE
"""For how many slots there is room in memory while the file can be written."""
_PAIRS_AT_ONCE = 16
"""Pairs that are merged ahead of time together, which takes a third of a millisecond."""
_NOT_MERGED = -1
"""In place of the place of a pair."""
_MORE = 1
"""As many slots as have changed, and this many more, are stored anew at a time: until the next
merging no fewer come than are to be stored anew."""


class SlotChanges:
    """Slots as they were when they were taken, whatever has become of them since. Those that are
    in the file are read each time that they are gone over."""

    def __init__(
        self, length: int, parts: Sequence[tuple[int, Interval | Place]], file: IntervalFile | None
    ) -> None:
        self.length = length
        """Of a slot, in the intervals of the messages."""
        self._parts = parts
        self._file = file

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[tuple[int, Interval]]:
        """Slot numbers and intervals, in order of time."""
        return _read(self._parts, self._file)


class IntervalSeries:
    """At most MAX_INTERVALS slots of equal length; a slot without messages is not there.

    With a file, those that are full are read back from it where they are needed. Without one, and
    as long as it cannot be written, all are in memory.

    To merge 1,200 slots takes 25 ms, and to encode what they become takes 40: both would be done
    for all runs of a session at one moment. So with a file each new slot of the second half has one
    pair of the first slots merged, and what is written later are a few pairs a time, each in place
    of its halves.
    """

    def __init__(self, limit: int = MAX_INTERVALS, file: IntervalFile | None = None) -> None:
        self.length = 1
        """Of a slot, in the intervals of the messages; a power of two."""
        self.grows = True
        """Whether more is to come, so that slots are worth merging ahead of time."""
        self._limit = limit
        self._file = file
        self._turn = 0 if file is None else file.next_user() % _PAIRS_AT_ONCE
        """How many slots later than others with that file it merges its own."""
        self._room = _ROOM
        """For how many slots there is room in memory."""
        self._slots: dict[int, Interval] = {}
        self._places: dict[int, Place] = {}
        """Where the slots lie that are in the file."""
        self._frozen: dict[int, IntervalSlice] = {}
        """The slots in memory that have not changed since they were read as slices."""
        self._changed: set[int] = set()
        self._interruptions = Interruptions()
        self._blocked = BlockedSlots()
        """By slot, where the event loop was blocked for so long that it is worth a warning."""
        self._blocks: Blocks | None = None
        """As of the last of those; None where more is known now."""
        self._others_known = False
        """Whether it is known what other processes used: in some interval they used anything."""
        self._rewritten = False
        """Whether the slots replace all earlier ones, so that all of them count as changed."""
        self._ahead = array("q")
        """By number of the pair, the places of slots that were merged ahead of time: they are what
        the pair is now."""
        self._halves = 0
        """The slots below that number were taken as the halves that they were before the last
        merging, if at all."""

    def __len__(self) -> int:
        return len(self._slots) + len(self._places)

    def __iter__(self) -> Iterator[tuple[int, Interval]]:
        """Slot numbers and intervals, in order of time."""
        return _read(self._parts(self._numbers), self._file)

    @property
    def _numbers(self) -> list[int]:
        return sorted(self._slots.keys() | self._places.keys())

    def _parts(self, slots: Iterable[int]) -> list[tuple[int, Interval | Place]]:
        """With their numbers, slots as they are in memory, or where they lie in the file."""
        known, places = self._slots, self._places
        return [(slot, known.get(slot) or places[slot]) for slot in slots]

    def add(self, index: int, interval: Interval) -> None:
        """Takes in the interval `index` of the messages; in any order, and in pieces."""
        slot = self._slot_of(index)
        if slot in self:
            self._opened(slot).add(interval)
        else:
            self._slots[slot] = interval
        self._touch(slot)

    def add_health(self, index: int, health: Health, level: float | None = None) -> None:
        """Takes in what is only now known of an interval. `level` is that of the load meanwhile:
        a schedule continues while the loop is blocked, though no message has come of it."""
        slot = self._slot_of(index)
        if slot not in self:
            self._slots[slot] = Interval()
        known = self._opened(slot)
        known.level = level if known.level is None else known.level
        known.health = merged_health(known.health, health)
        self._touch(slot)

    def __contains__(self, slot: object) -> bool:
        return slot in self._slots or slot in self._places

    def _slot_of(self, index: int) -> int:
        while index // self.length >= self._limit:
            self._merge_in_pairs()
        return index // self.length

    def _opened(self, slot: int) -> Interval:
        """The interval of a slot, in memory from now on."""
        ((_, interval),) = _read(self._parts((slot,)), self._file)
        self._slots[slot] = interval
        self._places.pop(slot, None)
        return interval

    def _touch(self, slot: int) -> None:
        self._changed.add(slot)
        self._frozen.pop(slot, None)
        health = self._slots[slot].health
        self._interruptions.note(slot, health)
        if health.foreign_ns > 0 and not self._others_known:
            self._others_known, self._blocks = True, None
        if health.loop_lag_ns >= LOOP_BLOCKED_NS:
            self._blocked.note(slot, BlockedSlot.of(health))
            self._blocks = None
        if slot // 2 < len(self._ahead):
            self._ahead[slot // 2] = _NOT_MERGED
        if self._file is None:
            return
        if len(self._slots) >= self._room:
            self._file_away(self._file, sorted(self._slots)[:-_FILLING])
        elif self.grows and slot - self._limit // 2 - self._turn >= len(self._ahead):
            self._merge_ahead(self._file, (slot - _ROOM) // 2)

    def _merge_ahead(self, file: IntervalFile, end: int) -> None:
        """Merges the next pairs before that number, whose slots are in the file, so that few are
        left when all merge. A slot that is alone stays where it lies."""
        first = len(self._ahead)
        known, places = self._slots, self._places
        pairs: list[int] = []
        halves: list[Place] = []
        for pair in range(first, min(first + _PAIRS_AT_ONCE, end)):
            one, later = places.get(2 * pair), places.get(2 * pair + 1)
            at: Place | None = _NOT_MERGED
            if one is not None and later is not None:
                pairs.append(pair)
                halves += (one, later)
            elif 2 * pair not in known and 2 * pair + 1 not in known:
                at = later if one is None else one
            self._ahead.append(_NOT_MERGED if at is None else at)
        found = list(file.read_each(halves))
        Interval.add_each(list(zip(found[::2], found[1::2], strict=True)))
        try:
            merged = file.write(found[::2])
        except OSError:
            return  # they are merged with the others
        for pair, place in zip(pairs, merged, strict=True):
            self._ahead[pair] = place

    def _file_away(self, file: IntervalFile, slots: Sequence[int]) -> None:
        """Moves slots into the file. Where it cannot be written they stay in memory, and are tried
        again when there are some more."""
        for at in range(0, len(slots), _AT_ONCE):
            part = slots[at : at + _AT_ONCE]
            try:
                places = file.write(self._slots[slot] for slot in part)
            except OSError:
                self._room = len(self._slots) + _AT_ONCE
                return
            self._places.update(zip(part, places, strict=True))
            for slot in part:
                del self._slots[slot]
                self._frozen.pop(slot, None)
        self._room = _ROOM

    def blocks(self, interval_ns: int) -> Blocks:
        """When the event loop was blocked; `interval_ns` is the length of a message's interval."""
        if self._blocks is None:
            length_ns = self.length * interval_ns
            self._blocks = blocks_of(self._blocked, length_ns, others_known=self._others_known)
        return self._blocks

    def slices(self, interval_ns: int) -> Sequence[IntervalSlice]:
        """All slots, in order of time, frozen; `interval_ns` is the length of a message's interval.
        A slot in memory that has not changed is the same object each time."""
        length_ns = self.length * interval_ns
        for slot in self._slots.keys() - self._frozen.keys():
            self._frozen[slot] = slice_of(self._slots[slot], slot, length_ns)
        numbers = self._numbers
        if self._file is None:
            return tuple(self._frozen[slot] for slot in numbers)
        parts = [self._frozen.get(slot) or self._places[slot] for slot in numbers]
        first, last = (numbers[0], numbers[-1]) if numbers else (0, -1)
        known = self._interruptions.part(first, last + 1)
        return FiledSlices(numbers, parts, length_ns, self._file, known)

    def unwritten(self, *, whole: bool = False) -> int:
        """How many slots `take_changes` would return at most."""
        if self._rewritten:
            return len(self)
        return len(self._changed) + self._halves - self._halves_left(whole=whole)

    def _halves_left(self, *, whole: bool) -> int:
        return 0 if whole else max(0, self._halves - len(self._changed) - _MORE)

    def take_changes(self, *, whole: bool = False) -> tuple[bool, SlotChanges]:
        """The slots that changed since the last call, and whether they replace all earlier ones.
        Each stands in place of any that lie within it: of those that have merged some are among
        them each time, and all that are left with `whole`."""
        rewritten, self._rewritten = self._rewritten, False
        if rewritten:
            slots, self._halves = self._numbers, 0
        else:
            until, self._halves = self._halves, self._halves_left(whole=whole)
            merged = (slot for slot in range(self._halves, until) if slot in self)
            slots = sorted(self._changed.union(merged))
        self._changed = set()
        parts = [
            (slot, part.copy() if isinstance(part, Interval) else part)
            for slot, part in self._parts(slots)
        ]
        return rewritten, SlotChanges(self.length, parts, self._file)

    def write_again(self) -> None:
        """Makes every slot count as changed: what was taken in could not be kept."""
        self._rewritten = True

    def _merge_in_pairs(self) -> None:
        merged = {pair: at for pair, at in enumerate(self._ahead) if at != _NOT_MERGED}
        left = self._parts(slot for slot in self._numbers if slot // 2 not in merged)
        # What was not taken yet since the merging before would be lost among these.
        self._rewritten = self._rewritten or self._halves > 0
        self._halves = (self._limit + 1) // 2
        self._slots, self._places, self._frozen, self._room = {}, merged, {}, _ROOM
        self._ahead = array("q")
        pairs = groupby(_read(left, self._file), lambda each: each[0] // 2)
        while part := [(slot, [each for _, each in own]) for slot, own in islice(pairs, _AT_ONCE)]:
            Interval.add_each([(own[0], own[1]) for _, own in part if len(own) > 1])
            self._slots.update((slot, own[0]) for slot, own in part)
            if self._file is not None and len(self._slots) >= self._room:
                self._file_away(self._file, sorted(self._slots))
        self._changed = {slot // 2 for slot in self._changed}
        self._interruptions = self._interruptions.in_pairs()
        self._blocked, self._blocks = self._blocked.in_pairs(), None
        self.length *= 2
        if self._file is not None:
            self._file.give_way()


def _read(
    parts: Sequence[tuple[int, Interval | Place]], file: IntervalFile | None
) -> Iterator[tuple[int, Interval]]:
    """Slots with their numbers, read from the file where only their places are given."""
    if file is None:
        return ((slot, part) for slot, part in parts if isinstance(part, Interval))
    found = file.read_each([part for _, part in parts])
    return zip([slot for slot, _ in parts], found, strict=True)
