"""The parts that several runners have in a run, as columns of a table: for report and screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cortex_tui.quantities import format_count, format_duration
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shard_result import ShardResult
from cortex_tui.tables import Cell, Column, Tone

_TONES: dict[str, Tone] = {
    "lost": "bad",
    "failed": "bad",
    "silent": "warn",
    "stopped": "warn",
    "planned": "dim",
}


def shard_columns(shards: Sequence[ShardResult], uneven: int | None) -> list[Column[ShardResult]]:
    """Those that have anything to show; `uneven` is the number of a shard that is slower than the
    others by more than chance."""
    columns: list[Column[ShardResult]] = [Column("shard", lambda shard: Cell(str(shard.number)))]
    if any(shard.machine for shard in shards):
        columns.append(Column("machine", lambda shard: Cell(shard.machine or "here"), left=True))
    columns += [
        Column("operations", lambda shard: Cell(format_count(shard.operations)), goes=3),
        Column("op/s", lambda shard: Cell(format_count(shard.throughput_per_s)), goes=2),
        Column("p50", _percentile("p50", None)),
        Column("p99", _percentile("p99", uneven)),
        Column("max", lambda shard: Cell(format_duration(shard.max_ns)), goes=5),
        Column("errors", _errors, goes=1),
    ]
    if any(shard.clock_bound_ns is not None for shard in shards):
        columns.append(Column("clock", _clock, goes=4))
    columns.append(Column("state", _state, left=True))
    return columns


def shard_summary(run: RunResult) -> str:
    """The p99 of all operations, and how that of the slowest shard stands to the others'."""
    pooled = f"p99 {format_duration(run.percentiles_ns.get('p99'))} of all operations"
    uneven = run.unevenness
    if uneven is None:
        return pooled
    slowest = next((shard for shard in run.shards if shard.number == uneven.slowest), None)
    if slowest is None:
        return f"{pooled}; {uneven.text}"
    own = format_duration(slowest.percentiles_ns.get("p99"))
    return f"{pooled}, {own} of shard {slowest.number}; {uneven.text}"


def uneven_shard(run: RunResult) -> int | None:
    """The number of the shard that is slower than the others by more than chance."""
    found = run.unevenness
    return found.slowest if found is not None and found.verdict == "uneven" else None


def _percentile(name: str, uneven: int | None) -> Callable[[ShardResult], Cell]:
    def cell(shard: ShardResult) -> Cell:
        text = format_duration(shard.percentiles_ns.get(name))
        return Cell(text, "warn" if shard.number == uneven else "plain")

    return cell


def _errors(shard: ShardResult) -> Cell:
    return Cell(format_count(shard.errors), "bad" if shard.errors else "plain")


def _clock(shard: ShardResult) -> Cell:
    """How far the clock of its machine may be off: `±0.4ms`; nothing for one that is ours."""
    bound_ns = shard.clock_bound_ns
    return Cell("" if bound_ns is None else f"±{format_duration(bound_ns)}", "dim")


def _state(shard: ShardResult) -> Cell:
    text: str = shard.state
    if shard.state == "lost" and shard.ended_ns is not None:
        text = f"lost at {format_duration(shard.ended_ns)}"
    return Cell(text, _TONES.get(shard.state, "plain"))
