"""That the event loop was blocked while a run was measured, when, and for how long."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import msgspec

from cortex_tui.limits import MAX_PLACE_CHARS
from cortex_tui.protocol.messages import Health
from cortex_tui.quantities import format_duration
from cortex_tui.store.records import BlockCause, BlocksRecord
from cortex_tui.text import one_line

LOOP_BLOCKED_NS = 25_000_000
"""From here on it is reported that the event loop was blocked: scheduling alone rarely takes so
long."""
BLOCKED = "the event loop was blocked"
"""How the warning begins: in stores of earlier versions, too."""
MOST_SHOWN = 5
"""Of the moments when it was blocked, and of what blocked it."""
_MAX_CAUSE_CHARS = MAX_PLACE_CHARS + 10
"""With the word before it."""


class BlockedSlot(NamedTuple):
    """An interval in which the loop was blocked, in ns: for how long, what others used of the
    processors in its time, and what blocked it."""

    lag_ns: int
    foreign_ns: int
    stolen_ns: int
    wall_ns: int
    cause: str = ""

    @classmethod
    def of(cls, health: Health) -> BlockedSlot:
        return cls(
            health.loop_lag_ns,
            health.foreign_ns,
            health.steal_ns,
            health.wall_ns,
            one_line(health.block_cause[:_MAX_CAUSE_CHARS]),
        )

    def joined(self, other: BlockedSlot) -> BlockedSlot:
        """Two that are one interval from now on."""
        return BlockedSlot(
            max(self.lag_ns, other.lag_ns),
            self.foreign_ns + other.foreign_ns,
            self.stolen_ns + other.stolen_ns,
            self.wall_ns + other.wall_ns,
            max((self.lag_ns, self.cause), (other.lag_ns, other.cause))[1],
        )


class BlockedSlots(Mapping[int, BlockedSlot]):
    """Such intervals of one run, by their number.

    In arrays: in an hour on a busy machine each of 1,200 intervals is one, and as objects they take
    300 bytes each, which stay.
    """

    def __init__(self) -> None:
        self._lags_ns, self._foreign_ns = array("q"), array("q")
        """0 for an interval in which the loop was not blocked."""
        self._stolen_ns, self._walls_ns = array("q"), array("q")
        self._causes: list[str] = []
        self._same: dict[str, str] = {}
        """Each cause once: most intervals have one of a few."""

    def note(self, slot: int, blocked: BlockedSlot) -> None:
        """What is known of an interval, in place of what was known of it."""
        missing = slot + 1 - len(self._lags_ns)
        for values, value in (
            (self._lags_ns, blocked.lag_ns),
            (self._foreign_ns, blocked.foreign_ns),
            (self._stolen_ns, blocked.stolen_ns),
            (self._walls_ns, blocked.wall_ns),
        ):
            if missing > 0:
                values.frombytes(bytes(missing * values.itemsize))
            values[slot] = value
        self._causes.extend([""] * missing)
        if len(self._same) > 2 * len(self._causes):
            self._same = {cause: cause for cause in self._causes}
        self._causes[slot] = self._same.setdefault(blocked.cause, blocked.cause)

    def in_pairs(self) -> BlockedSlots:
        """Those of two neighbours as one."""
        found = BlockedSlots()
        for slot, each in self.items():
            before = found.get(slot // 2)
            found.note(slot // 2, each if before is None else each.joined(before))
        return found

    def __getitem__(self, slot: int) -> BlockedSlot:
        if slot not in self:
            raise KeyError(slot)
        return BlockedSlot(
            self._lags_ns[slot],
            self._foreign_ns[slot],
            self._stolen_ns[slot],
            self._walls_ns[slot],
            self._causes[slot],
        )

    def __contains__(self, slot: object) -> bool:
        return isinstance(slot, int) and 0 <= slot < len(self._lags_ns) and self._lags_ns[slot] > 0

    def __iter__(self) -> Iterator[int]:
        return (slot for slot, lag_ns in enumerate(self._lags_ns) if lag_ns > 0)

    def __len__(self) -> int:
        return sum(lag_ns > 0 for lag_ns in self._lags_ns)


class Blocks(msgspec.Struct, frozen=True):
    """Of one run; none where the defaults stand."""

    intervals: int = 0
    """In how many of its intervals the loop was blocked for LOOP_BLOCKED_NS or longer."""
    longest_ns: int = 0
    at_ns: tuple[int, ...] = ()
    """When the longest of them began, at most five, in order of time: the starts of their
    intervals, in ns since measure began."""
    more: int = 0
    """How many others began at other moments."""
    used_by_others: float | None = None
    """How many processors other processes used in those intervals; None where it is not known."""
    stolen: float = 0.0
    """How many the hypervisor gave to others."""
    causes: tuple[BlockCause, ...] = ()
    """What blocked it in the most intervals, at most five; those of which it is not known last."""
    other_causes: int = 0
    """In how many intervals it was something else."""

    @property
    def warning(self) -> str:
        """Such as `the event loop was blocked in 3 intervals, for up to 129ms (after 1.2, 3.4
        and 5.6 s): …`."""
        where = f"in {self.intervals} intervals, for up to" if self.intervals > 1 else "for"
        moments = [f"{at_ns / 1e9:.1f}" for at_ns in self.at_ns]
        listed = " and ".join(filter(None, [", ".join(moments[:-1]), *moments[-1:]]))
        more = f", and {self.more} more" if self.more else ""
        return (
            f"{BLOCKED} {where} {format_duration(self.longest_ns)} (after {listed} s{more}): "
            f"{self._what}{self._others}"
        )

    @property
    def _what(self) -> str:
        if not any(each.cause for each in self.causes):
            return "something did not await, or the machine was busy"
        if len(self.causes) == 1 and not self.other_causes:
            return self.causes[0].cause
        shown = [f"{each.intervals} {each.words}" for each in self.causes]
        if self.other_causes:
            shown.append(f"{self.other_causes} elsewhere")
        return ", ".join(shown)

    @property
    def _others(self) -> str:
        if self.used_by_others is None:
            return ""
        text = f"other processes used {self.used_by_others:.1f} processors"
        stolen = f", the hypervisor took {self.stolen:.1f}" if self.stolen >= 0.05 else ""
        return f" ({text}{stolen} meanwhile)"


def blocks_of(
    blocked: Mapping[int, BlockedSlot], slot_ns: int, *, others_known: bool = False
) -> Blocks:
    """Of the intervals in which the loop was blocked by their number, each `slot_ns` long. A block
    that lasts into the next interval counts in both, and has one moment."""
    blocked = dict(blocked)  # it is gone over several times
    starts = [(each.lag_ns, slot) for slot, each in blocked.items() if slot - 1 not in blocked]
    longest = sorted(starts, reverse=True)[:MOST_SHOWN]
    wall_ns = sum(each.wall_ns for each in blocked.values())
    known = others_known and wall_ns > 0
    return Blocks(
        intervals=len(blocked),
        longest_ns=max((each.lag_ns for each in blocked.values()), default=0),
        at_ns=tuple(sorted(slot * slot_ns for _, slot in longest)),
        more=len(starts) - len(longest),
        used_by_others=sum(e.foreign_ns for e in blocked.values()) / wall_ns if known else None,
        stolen=sum(e.stolen_ns for e in blocked.values()) / wall_ns if known else 0.0,
        causes=(shown := _causes(blocked.values())),
        other_causes=len(blocked) - sum(each.intervals for each in shown),
    )


def blocks_from(known: BlocksRecord) -> Blocks:
    """As a record has them: without what others used meanwhile."""
    return Blocks(
        intervals=known.intervals,
        longest_ns=known.longest_ns,
        at_ns=known.at_ns,
        causes=known.causes,
        other_causes=max(0, known.intervals - sum(each.intervals for each in known.causes)),
    )


def _causes(blocked: Collection[BlockedSlot]) -> tuple[BlockCause, ...]:
    causes = {slot.cause for slot in blocked}
    found: dict[str, BlockCause] = {}
    for slot in blocked:
        # A place that was also seen less surely has one line.
        near = f"near {slot.cause.removeprefix('at ')}"
        cause = near if slot.cause.startswith("at ") and near in causes else slot.cause
        known = found.get(cause, BlockCause(cause, 0, 0))
        found[cause] = BlockCause(cause, known.intervals + 1, max(known.longest_ns, slot.lag_ns))
    most = sorted(found.values(), key=lambda e: (e.cause == "", -e.intervals, -e.longest_ns))
    shown = most[:MOST_SHOWN]
    if "" in found and most[-1] not in shown:
        shown[-1] = most[-1]
    return tuple(shown)
