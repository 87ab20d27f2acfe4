"""Why a run that went to its end measured nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cortex_tui.protocol.messages import RunFinished
from cortex_tui.quantities import format_duration
from cortex_tui.stats.measured import Measured


class Outcome(Protocol):
    """A run, as far as this goes."""

    @property
    def measured(self) -> Measured: ...
    @property
    def errors(self) -> Mapping[str, int]: ...
    @property
    def texts(self) -> Mapping[str, str]:
        """What the first failure of each exception type said."""

    @property
    def unfinished_ns(self) -> tuple[int, ...]: ...
    @property
    def unfinished_more(self) -> int: ...


def why_no_success(run: Outcome, finished: RunFinished | None) -> str:
    """The reason in words; "" where any operation succeeded.

    `finished` is the last message of the run, which may not have been folded in yet.
    """
    measured = run.measured
    if measured.operations or measured.service.overflow:
        return ""
    if measured.errors:
        names = ", ".join(run.errors)
        text = next(iter(run.texts.values()), "")
        first = f"{names}: {text}" if text else names
        return f"none of {measured.errors:,} operations succeeded ({first})"
    last = finished or run
    if last.unfinished_ns:
        oldest = format_duration(max(last.unfinished_ns))
        count = f"unfinished: {len(last.unfinished_ns) + last.unfinished_more:,}"
        return f"no operation ended ({count}, the oldest after {oldest})"
    if measured.unstarted:
        return f"no operation was started: {measured.unstarted:,} arrivals found no room"
    return "no operation was started"
