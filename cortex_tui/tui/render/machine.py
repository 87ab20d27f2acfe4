"""What went on in the machine while a run was measured, as lines below its plots."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cortex_tui.protocol.messages import Health
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.render.short import short_duration
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.render.time_axis import LABEL_WIDTH, TimeAxis, joined

if TYPE_CHECKING:
    # Brings numpy, which the first frame need not wait for.
    from cortex_tui.results.time_columns import TimeColumn

_BARS = "▁▂▃▄▅▆▇█"
_LEAST_NS, _MOST_NS = 1_000_000, 1_000_000_000
"""What the lowest and the highest bar stand for."""
_SEVERAL = "*"


class _Event(NamedTuple):
    letter: str
    label: str
    """At most six characters."""
    words: str
    from_ns: int
    """Shorter ones are usual, and not drawn."""
    length_ns: Callable[[Health], int]


_EVENTS = (
    _Event("G", "GC", "garbage collection", _LEAST_NS, lambda health: health.gc_pause_ns),
    # The timer that finds blocks of the loop is late by a millisecond or two itself.
    _Event("B", "block", "blocked event loop", 5_000_000, lambda health: health.loop_lag_ns),
    _Event("S", "steal", "stolen CPU", _LEAST_NS, lambda h: h.steal_ns),
)
MACHINE_ROWS = len(_EVENTS)


def machine_lines(columns: Sequence[TimeColumn | None], axis: TimeAxis, rows: int) -> list[Line]:
    """A line for each kind of event, with bars; with less than MACHINE_ROWS, letters in one."""
    if rows >= MACHINE_ROWS:
        return [_line(event.label, columns, axis, _bar(event)) for event in _EVENTS]
    return [_line("events", columns, axis, _letter)] if rows else []


def _line(
    label: str,
    columns: Sequence[TimeColumn | None],
    axis: TimeAxis,
    sign: Callable[[Health], str],
) -> Line:
    cells = "".join(
        (sign(column.health) if column is not None else " ") * axis.wide for column in columns
    )
    fitted = cells[: axis.cells].ljust(axis.cells)
    tones: list[Tone] = ["warn"] * axis.cells
    return Span(label.rjust(LABEL_WIDTH - 2) + " │", "dim"), *joined(list(fitted), tones)


def _letter(health: Health) -> str:
    found = [event.letter for event in _EVENTS if event.length_ns(health) >= event.from_ns]
    return _SEVERAL if len(found) > 1 else found[0] if found else " "


def _bar(event: _Event) -> Callable[[Health], str]:
    def sign(health: Health) -> str:
        length_ns = event.length_ns(health)
        if length_ns < event.from_ns:
            return " "
        share = math.log(length_ns / _LEAST_NS) / math.log(_MOST_NS / _LEAST_NS)
        return _BARS[max(0, min(len(_BARS) - 1, int(share * len(_BARS))))]

    return sign


def machine_legend(*, apart: bool) -> Line:
    """What the signs mean; `apart` is whether each kind has a line of its own."""
    if apart:
        names = ", ".join(event.words for event in _EVENTS)
        return (Span(f"{'':{LABEL_WIDTH}}{_BARS[0]} 1 ms … {_BARS[-1]} 1 s of {names}", "dim"),)
    names = "  ".join(f"{event.letter} {event.label}" for event in _EVENTS)
    return (Span(f"  {names}  {_SEVERAL} several", "dim"),)


def machine_text(health: Health) -> str:
    """What happened in a column, such as `GC 3.2ms, block 12ms`; empty if nothing did."""
    found = [event for event in _EVENTS if event.length_ns(health) >= event.from_ns]
    return ", ".join(f"{each.label} {short_duration(each.length_ns(health))}" for each in found)


def cause_text(health: Health) -> str:
    """What blocked the event loop in a column, such as `blocked at prices.py:21 in lookup`; empty
    where it is not known."""
    return f"blocked {one_line(health.block_cause)}" if health.block_cause else ""
