"""The final table: a row for each run, and only as many columns as the terminal has room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cortex_tui.profiles.words import printable
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.report.stream import Tone, toned
from cortex_tui.session.view import RunView

_GAP = "  "


class _Cell(NamedTuple):
    text: str
    tone: Tone | None = None


class _Column(NamedTuple):
    title: str
    cell: Callable[[RunView], _Cell]
    goes: int = 0
    """Which column goes first where there is no room: the one with the highest number; 0 stays."""


SHOWN = ("p50", "p90", "p99", "p99.9")
"""The percentiles that have a column."""


def _percentile(name: str) -> Callable[[RunView], _Cell]:
    return lambda run: _Cell(format_duration(run.percentiles_ns.get(name)))


def _state(run: RunView) -> _Cell:
    tones: dict[str, Tone] = {"failed": "bad", "stopped": "warn"}
    return _Cell(run.state, tones.get(run.state))


def _errors(run: RunView) -> _Cell:
    return _Cell(format_count(run.error_count), "bad" if run.error_count else None)


def _verdict(run: RunView) -> _Cell:
    if run.verdict == "none":
        return _Cell("–", "dim")
    tones: dict[str, Tone] = {"met": "good", "missed": "bad", "pending": "warn"}
    return _Cell(run.verdict, tones[run.verdict])


_COLUMNS = (
    _Column("profile", lambda run: _Cell(run.profile.full_name)),
    _Column("state", _state, goes=2),
    _Column("operations", lambda run: _Cell(format_count(run.operations)), goes=5),
    _Column("op/s", lambda run: _Cell(format_count(run.throughput_per_s)), goes=3),
    _Column("p50", _percentile("p50")),
    _Column("p90", _percentile("p90"), goes=7),
    _Column("p99", _percentile("p99")),
    _Column("p99.9", _percentile("p99.9"), goes=6),
    _Column("max", lambda run: _Cell(format_duration(run.max_ns)), goes=4),
    _Column("errors", _errors, goes=1),
    _Column("targets", _verdict),
)
_LEFT = {"profile", "state", "targets"}


def table(runs: Sequence[RunView], width: int, *, colour: bool) -> list[str]:
    """The lines of the table, title line first; wider than `width` only where a name is."""
    columns = list(_COLUMNS)
    while True:
        cells = [[column.cell(run) for column in columns] for run in runs]
        widths = [
            max(len(column.title), *(len(row[at].text) for row in cells))
            for at, column in enumerate(columns)
        ]
        dispensable = [column for column in columns if column.goes]
        if sum(widths) + len(_GAP) * (len(widths) - 1) <= width or not dispensable:
            break
        columns.remove(max(dispensable, key=lambda column: column.goes))
    title = [_Cell(column.title, "dim") for column in columns]
    return [_line(columns, row, widths, colour=colour) for row in (title, *cells)]


def _line(
    columns: Sequence[_Column], row: Sequence[_Cell], widths: Sequence[int], *, colour: bool
) -> str:
    texts = []
    for column, cell, width in zip(columns, row, widths, strict=True):
        text = printable(cell.text)
        fill = " " * (width - len(text))
        shown = toned(text, cell.tone, colour=colour)
        texts.append(shown + fill if column.title in _LEFT else fill + shown)
    return _GAP.join(texts).rstrip()
