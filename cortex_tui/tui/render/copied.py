"""What is copied of the table: a row as a line of text, all rows as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from cortex_tui.quantities import format_count, format_duration
from cortex_tui.results.run_result import RunResult
from cortex_tui.text import one_line

_PERCENTILES = ("p50", "p75", "p90", "p95", "p99", "p99.9")
_TITLES = ("profile", "phase", "operations", "ops/s", *_PERCENTILES, "max", "errors", "target")


def row_text(run: RunResult) -> str:
    """`mediator.query: done, 12.3k operations, 1394/s, p50 62.1µs, … 4 errors, missed`."""
    _, phase, operations, rate, *percentiles, largest, errors, verdict = _cells(run)
    facts = [phase, f"{operations} operations", f"{rate}/s"]
    facts += [f"{name} {value}" for name, value in zip(_PERCENTILES, percentiles, strict=True)]
    facts += [f"max {largest}", f"{errors} error{'s' * (errors != '1')}"]
    return f"{one_line(run.profile.full_name)}: {', '.join(filter(None, [*facts, verdict]))}"


def table_markdown(runs: Iterable[RunResult]) -> str:
    """A row for each run."""
    lines = [_TITLES, ("---", "---", *("---:",) * (len(_TITLES) - 3), "---")]
    for run in runs:
        name, *rest = _cells(run)
        lines.append((_code(name), *rest))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(run: RunResult) -> tuple[str, ...]:
    return (
        one_line(run.profile.full_name),
        run.words.long,
        format_count(run.operations),
        format_count(run.throughput_per_s),
        *(format_duration(run.percentiles_ns.get(name)) for name in _PERCENTILES),
        format_duration(run.max_ns),
        format_count(run.error_count),
        run.verdict_text,
    )


def _code(text: str) -> str:
    """A text in a line of code in a cell: nothing in it is markup."""
    fence = "``" if "`" in text else "`"
    space = " " if fence == "``" else ""
    return f"{fence}{space}{text.replace('|', chr(92) + '|')}{space}{fence}"
