"""The stages of a load with several, as the columns of a table: for the report and the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cortex_tui.profiles.model import Profile
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.results.run_result import RunResult
from cortex_tui.store.records import StageRecord
from cortex_tui.tables import Cell, Column

_PERCENTILES = ("p50", "p95", "p99")


class StageRow(NamedTuple):
    number: int
    profile: Profile
    result: StageRecord


def stage_rows(run: RunResult) -> list[StageRow]:
    """One for each stage that the run reached."""
    return [StageRow(number, run.profile, result) for number, result in enumerate(run.stages, 1)]


def _level(row: StageRow) -> Cell:
    """`100/s`; of a ramp where it began, too: `100→300/s`."""
    first, last = row.result.from_level, row.result.until_level
    begin = "" if first == last else f"{format_count(first)}→"
    return Cell(begin + row.profile.load.level_text(last))


def _percentile(name: str) -> Callable[[StageRow], Cell]:
    return lambda row: Cell(format_duration(row.result.percentiles_ns.get(name)))


def _errors(row: StageRow) -> Cell:
    count = row.result.errors
    return Cell(format_count(count), "bad" if count else "plain")


STAGE_COLUMNS: Sequence[Column[StageRow]] = (
    Column("stage", lambda row: Cell(str(row.number)), goes=2),
    Column("level", _level, left=True),
    Column(
        "for",
        lambda row: Cell(format_duration(row.result.until_ns - row.result.from_ns)),
        goes=3,
    ),
    Column("ops", lambda row: Cell(format_count(row.result.operations))),
    Column("ops/s", lambda row: Cell(format_count(row.result.throughput_per_s))),
    *(Column(name, _percentile(name)) for name in _PERCENTILES),
    Column("err", _errors),
)
