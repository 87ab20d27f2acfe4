"""The final tables: what each run came to, and how well its percentiles are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cortex_tui.quantities import format_count, format_duration, format_range, is_wide
from cortex_tui.report.stream import table_text, wrapped
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shard_result import ShardResult
from cortex_tui.results.shard_table import shard_columns, shard_summary, uneven_shard
from cortex_tui.results.stage_table import STAGE_COLUMNS, stage_rows
from cortex_tui.tables import Cell, Column, Tone, table
from cortex_tui.text import one_line

_WORDS_FROM = 120
"""From this number of columns on, a verdict names the neighbours in words."""
_SHARDS = 16
"""The most shards of a run that have a line."""
SHOWN = ("p50", "p90", "p99", "p99.9")
"""The percentiles that have a column."""


def results_table(runs: Sequence[RunResult], width: int, *, colour: bool) -> list[str]:
    """A line for each run, the rounds of a profile one below the other."""
    columns = list(_RESULTS)
    if width < _WORDS_FROM:
        columns[-1] = Column("targets", _short_verdict, left=True)
    columns[1:1] = _which(runs)
    return table_text(table(columns, by_profile(runs), width), colour=colour)


def live_table(runs: Sequence[RunResult], width: int) -> list[tuple[Cell, ...]]:
    """The cells of each line, titles first, for runs of which some are still measured."""
    columns = [
        column._replace(cell=_live_state) if column.title == "state" else column
        for column in _RESULTS[:-1]
    ]
    columns = [column._replace(least=_LIVE_LEAST.get(column.title, 0)) for column in columns]
    columns.append(Column("targets", _short_verdict, left=True, least=len("undecided")))
    columns[1:1] = _which(runs)
    return table(columns, runs, width)


def confidence_table(runs: Sequence[RunResult], width: int, *, colour: bool) -> list[str]:
    """The confidence intervals (95 %) of the percentiles, or what these lack; empty where a table
    would say nothing."""
    confident = [run for run in by_profile(runs) if run.operations and _has_confidence(run)]
    if not confident:
        return []
    columns = list(_CONFIDENCE)
    columns[1:1] = _which(runs)
    return table_text(table(columns, confident, width), colour=colour)


def stage_tables(runs: Sequence[RunResult], width: int, *, colour: bool) -> list[str]:
    """A table for each run with stages, below its name."""
    lines = []
    for run in by_profile(runs):
        if run.stages:
            lines.append(one_line(f"the stages of {_named(run)}"))
            lines += table_text(table(STAGE_COLUMNS, stage_rows(run), width), colour=colour)
    return lines


def shard_tables(runs: Sequence[RunResult], width: int, *, colour: bool) -> list[str]:
    """A table for each run that several processes share, below its name. Where there are several
    rounds, only for those in which one was lost or is slower than the others."""
    several = any(run.round > 1 for run in runs)
    lines = []
    for run in by_profile(runs):
        uneven = uneven_shard(run)
        if run.shards and not (several and uneven is None and not run.partial):
            heading = f"the shards of {_named(run)}: {shard_summary(run)}"
            lines += wrapped(one_line(heading), width)
            rows = _few(run.shards, uneven)
            columns = shard_columns(rows, uneven)
            lines += table_text(table(columns, rows, width), colour=colour)
            if left := len(run.shards) - len(rows):
                lines.append(f"and {left:,} more")
    return lines


def _few(shards: Sequence[ShardResult], uneven: int | None) -> Sequence[ShardResult]:
    """All of a few; of many those that a reader must see, then the slowest."""
    if len(shards) <= _SHARDS:
        return shards

    def place(shard: ShardResult) -> tuple[bool, int]:
        must = shard.state in ("lost", "failed", "silent") or shard.number == uneven
        return not must, -(shard.percentiles_ns.get("p99") or 0)

    return sorted(sorted(shards, key=place)[:_SHARDS], key=lambda shard: shard.number)


def _named(run: RunResult) -> str:
    """Its name, and what tells it apart from other runs of the profile."""
    which = [run.variant, f"round {run.round}" if run.round > 1 else ""]
    return " ".join(filter(None, [name_of(run), *which]))


def by_profile(runs: Sequence[RunResult]) -> list[RunResult]:
    """The runs with those of each profile together, and of these the rounds of each variant;
    profiles and variants in the order of the first."""
    profiles = list(dict.fromkeys(run.profile.full_name for run in runs))
    variants = list(dict.fromkeys(run.variant for run in runs))

    def place(run: RunResult) -> tuple[int, int, int]:
        return profiles.index(run.profile.full_name), variants.index(run.variant), run.round

    return sorted(runs, key=place)


def _which(runs: Sequence[RunResult]) -> list[Column[RunResult]]:
    """What tells the runs of one profile apart, where that is needed."""
    columns: list[Column[RunResult]] = []
    if any(run.variant for run in runs):
        columns.append(Column("variant", lambda run: Cell(run.variant), left=True))
    if any(run.round > 1 for run in runs):
        columns.append(Column("round", lambda run: Cell(str(run.round))))
    return columns


def name_of(run: RunResult) -> str:
    """The profile's name; percentiles of batches must never pass for those of operations."""
    batches = f" (batches of {run.batch:,})" if run.batch > 1 else ""
    return f"{run.profile.full_name}{batches}"


def _has_confidence(run: RunResult) -> bool:
    return any(name in run.confidence_ns or run.samples_missing.get(name) for name in SHOWN)


def _percentile(name: str) -> Callable[[RunResult], Cell]:
    return lambda run: Cell(format_duration(run.percentiles_ns.get(name)))


def _confidence(name: str) -> Callable[[RunResult], Cell]:
    def cell(run: RunResult) -> Cell:
        if name in run.confidence_ns:
            interval = run.confidence_ns[name]
            return Cell(format_range(*interval), "warn" if is_wide(*interval) else "plain")
        missing = run.samples_missing.get(name)
        if missing:
            # Of a batched run, each sample is a batch.
            return Cell(f"needs {format_count(missing * run.batch)} more", "dim")
        return Cell("too short" if _lacks_intervals(run, name) else "–", "dim")

    return cell


def is_too_short(run: RunResult) -> bool:
    """Whether the table says that of any of its percentiles."""
    shown = run.operations and _has_confidence(run)
    return bool(shown) and any(_lacks_intervals(run, name) for name in SHOWN)


def _lacks_intervals(run: RunResult, name: str) -> bool:
    """Whether a percentile is known, but not how it varies."""
    known = run.percentiles_ns.get(name) is not None
    return known and name not in run.confidence_ns and not run.samples_missing.get(name)


def _state(run: RunResult) -> Cell:
    if run.partial and run.state != "failed":
        return Cell(f"{run.reported_state}, partial", "warn")
    tones: dict[str, Tone] = {"failed": "bad", "stopped": "warn", "interrupted": "warn"}
    return Cell(run.reported_state, tones.get(run.reported_state, "plain"))


def _live_state(run: RunResult) -> Cell:
    """`measure 40%`; `done` for a run that has measured to its end."""
    word = run.words.long
    tones: dict[str, Tone] = {"FAILED": "bad", "stopped": "warn", "waiting": "dim"}
    known = word in ("warmup", "measure") and run.progress is not None
    return Cell(f"{word} {run.progress:.0%}" if known else word, tones.get(word, "plain"))


def _errors(run: RunResult) -> Cell:
    return Cell(format_count(run.error_count), "bad" if run.error_count else "plain")


def _verdict(run: RunResult) -> Cell:
    return Cell(run.verdict_text or "–", _TONES[run.verdict])


def _short_verdict(run: RunResult) -> Cell:
    """`met +4`: with four neighbours, whose times are far from those of a run alone."""
    neighbours = f"+{len(run.neighbours)}" if run.neighbours else ""
    text = " ".join(filter(None, [run.verdict.removeprefix("none"), neighbours]))
    return Cell(text or "–", _TONES[run.verdict])


_TONES: dict[str, Tone] = {
    "none": "dim",
    "met": "good",
    "missed": "bad",
    "pending": "warn",
    "undecided": "warn",
}


_PROFILE: Column[RunResult] = Column("profile", lambda run: Cell(name_of(run)), left=True)

_RESULTS: Sequence[Column[RunResult]] = (
    _PROFILE,
    Column("load", lambda run: Cell(run.profile.load.text), goes=9, left=True),
    Column("state", _state, goes=3, left=True),
    Column("operations", lambda run: Cell(format_count(run.operations)), goes=6),
    Column("op/s", lambda run: Cell(format_count(run.throughput_per_s)), goes=4),
    Column("p50", _percentile("p50")),
    Column("p90", _percentile("p90"), goes=8),
    Column("p99", _percentile("p99")),
    Column("p99.9", _percentile("p99.9"), goes=7),
    Column("max", lambda run: Cell(format_duration(run.max_ns)), goes=5),
    Column("errors", _errors, goes=1),
    Column("targets", _verdict, left=True),
)

_LIVE_LEAST = {
    "state": len("measure 100%"),
    **dict.fromkeys(("op/s", "p50", "p90", "p99", "p99.9", "max"), 6),
}
"""Of columns whose texts change in length while a session runs."""

_CONFIDENCE: Sequence[Column[RunResult]] = (
    _PROFILE,
    Column("p50", _confidence("p50"), goes=3),
    Column("p90", _confidence("p90"), goes=2),
    Column("p99", _confidence("p99")),
    Column("p99.9", _confidence("p99.9"), goes=1),
)
