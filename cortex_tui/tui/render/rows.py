"""A profile and its newest run as the cells of a row. Pure: no widget, no clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from cortex_tui.profiles.matrix import value_text
from cortex_tui.profiles.model import Profile, Suite
from cortex_tui.protocol.plan import INTERVAL_NS
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shared import SharedWarning, own_warnings
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.render.columns import MARK_WIDTH, Column
from cortex_tui.tui.render.definition import plan_text
from cortex_tui.tui.render.marks import (
    BOXES,
    COMING,
    DOWNWARDS,
    EARLIER,
    EDITED,
    MANY_ERRORS,
    MANY_NEIGHBOURS,
    STALLED,
    UPWARDS,
    VERDICTS,
    WARNED,
)
from cortex_tui.tui.render.short import short_count, short_duration
from cortex_tui.tui.render.text import (
    Line,
    Span,
    fit,
    fit_middle,
    fit_right,
    fit_within,
    width_of,
)
from cortex_tui.tui.render.trend import trend
from cortex_tui.tui.render.versus import versus_cell
from cortex_tui.tui.state.listing import Entry
from cortex_tui.tui.state.sorting import UNSORTED, Sort

if TYPE_CHECKING:
    from cortex_tui.analysis.baseline import BaselineVerdict

SECOND_NS = 1_000_000_000
STALL_P99S = 10
"""An operation in flight for this many p99s, and more than a second, is a stall."""

TREND_INTERVALS = 60
"""The most values that a trend has."""
_TICKED_TREND = 12
"""From this number of cells on, a trend has room for ticks where somebody changed the run."""

_WIDE_VERDICT = 13
"""From this number of cells on, a verdict is a word: `… pending +12`."""
_NINE = 9
"""Of more neighbours, three cells show only that they are more."""
_BASE_LEAST = 3
"""The cells that are left of a name before its coordinates, at least: `po…`."""


def _errors(count: int, width: int) -> str:
    """In three cells, from a thousand on, only that there are as many."""
    return MANY_ERRORS if width < 4 and count >= 1_000 else short_count(count)


def stalled_ns(run: RunResult, silent_ns: int = 0) -> int | None:
    """The age of an operation that is much older than usual; None if there is none.

    `silent_ns` is how long the runner has said nothing: the operation has aged by as much.
    """
    if run.state != "running" or not run.in_flight or run.life.paused:
        return None
    age = run.oldest_ns + (silent_ns if silent_ns > SECOND_NS else 0)
    usual = (run.percentiles_ns.get("p99") or 0) * STALL_P99S
    return age if age > max(SECOND_NS, usual) else None


def phase_text(run: RunResult, *, wide: bool, current: bool = True, silent_ns: int = 0) -> Span:
    """State, phase and progress: 11 cells wide (`measure 62%`), or 5 (`m 62%`)."""
    life = run.life
    short, long = run.words
    if life.outcome is not None:
        text = long if wide else short
        if not current:
            text = f"{EARLIER} {long}" if wide else EARLIER
        elif run.partial and life.outcome != "failed":
            return Span("partial" if wide else "part", "warn")
        return Span(text, "bad" if life.outcome == "failed" else "dim")
    if not current:
        return Span(EARLIER, "dim")
    stall = stalled_ns(run, silent_ns)
    if stall is not None:
        age = short_duration(stall)
        return Span(f"stall {age}" if wide else f"{STALLED}{age}", "warn")
    text = long if wide else short
    if life.paused or life.stopping:
        return Span(text, "dim" if life.stage == "planned" else "warn")
    if life.stage in ("warmup", "measure") and run.progress is not None:
        share = min(99, int(run.progress * 100))
        return Span(f"{long} {share}%" if wide else f"{long[0]} {share}%")
    return Span(text, "dim" if life.waits else "plain")


def _phase_cell(run: RunResult, width: int, current: bool, silent_ns: int, rounds: int) -> Span:
    """Where a profile is repeated and there is room, the round: `m 62% 2/3`."""
    wide = width >= 11
    text, tone = phase_text(run, wide=wide, current=current, silent_ns=silent_ns)
    if rounds > 1 and wide and current:
        short = phase_text(run, wide=False, silent_ns=silent_ns).text
        both = f"{short} {run.round}/{rounds}"
        text = both if len(both) <= width else text
    return Span(fit(text, width), tone)


def _mark_places(run: RunResult) -> Sequence[int]:
    """Where in its trend something was done to the run."""
    if not run.marks:
        return ()
    # A trend that is full has left the beginning behind.
    length = len(run.trend_ns)
    passed = -(-run.measured_ns // INTERVAL_NS)
    first = max(0, passed - length) if length >= TREND_INTERVALS else 0
    return [mark.offset_ns // INTERVAL_NS - first for mark in run.marks]


def _cell(column: Column, run: RunResult, current: bool, silent_ns: int, rounds: int) -> Span:
    key, width = column.key, column.width
    if key == "phase":
        return _phase_cell(run, width, current, silent_ns, rounds)
    if key == "trend":
        ticks = _mark_places(run) if width >= _TICKED_TREND else ()
        return Span(trend(run.trend_ns, width, ticks))
    # What is below takes a cell a character, and never more of them than its column has.
    if key == "operations":
        return Span(format_count(run.operations).rjust(width))
    if key == "throughput":
        rate = format_count(run.throughput_per_s)
        return Span((f"{rate}/s" if width >= 7 and rate != "–" else rate).rjust(width))
    if key == "errors":
        count = run.error_count
        return Span(_errors(count, width).rjust(width), "bad" if count else "plain")
    value = run.max_ns if key == "max" else run.percentiles_ns.get(key)
    text = format_duration(value) if width >= 6 else short_duration(value)
    return Span(text.rjust(width))


def _verdict_cell(run: RunResult, width: int) -> Line:
    """`✓ met +4` with four neighbours; in three cells `✓+4`, and `✓9+` where they are more than
    nine."""
    short, long, tone, _ = VERDICTS[run.verdict]
    count = len(run.neighbours)
    if width >= _WIDE_VERDICT:
        mark, neighbours = long, f" +{count}" if long else f"+{count}"
    else:
        mark, neighbours = short, f"+{count}" if count <= _NINE else MANY_NEIGHBOURS
    if not count:
        return (Span(fit(mark, width), tone),)
    return (Span(mark, tone), Span(fit(neighbours, width - width_of(mark)), "warn"))


def is_bare(suite: Suite, width: int) -> bool:
    """Whether the names of its matrix cells have values alone, without those of the parameters: all
    of a suite are written alike, so where one has no room for more, none has more."""
    cells = (profile for profile in suite.profiles if profile.matrix)
    return any(not _fits(profile, _named_cell(profile), width) for profile in cells)


def _named_cell(profile: Profile) -> str:
    """The coordinates of a matrix cell, such as `[n=100]`."""
    return one_line(profile.name)[len(one_line(profile.base)) :]


def _fits(profile: Profile, cell: str, width: int) -> bool:
    """Whether there is room for enough of the name before the coordinates."""
    base = width_of(one_line(profile.base))
    return width - width_of(cell) >= min(base, _BASE_LEAST)


def _name(profile: Profile, width: int, *, suite: bool = False, bare: bool = False) -> str:
    """At most `width` cells, after the name of its `suite` where that is wanted and has room. Cells
    of a matrix differ by their coordinates: those go last. `bare` is whether they are values alone,
    as they are in any case where there is no room for more."""
    full, name = one_line(profile.full_name), one_line(profile.name)
    if not (bare and profile.matrix):
        if suite and width_of(full) <= width:
            return full
        if width_of(name) <= width:
            return name
    if profile.matrix:
        base = one_line(profile.base)
        values = f"[{','.join(one_line(value_text(each)) for each in profile.matrix.values())}]"
        for cell in (values,) if bare else (_named_cell(profile), values):
            if _fits(profile, cell, width):
                room = width - width_of(cell)
                return fit_within(base, room) + cell
    return fit_middle(name, width)


def profile_row(
    entry: Entry,
    run: RunResult | None,
    columns: Sequence[Column],
    *,
    box: str,
    current: bool = True,
    silent_ns: int = 0,
    rounds: int = 1,
    shared: Collection[SharedWarning] = (),
    versus: BaselineVerdict | None = None,
    awaited: bool = False,
    suite: bool = False,
    bare: bool = False,
) -> Line:
    """The row of a profile without its cursor mark; numbers of an earlier session are dim.

    `+4` behind the verdict says that there were four neighbours, `!` before the name that there are
    warnings other than those `shared` by the session, `*` behind it that it is edited and not
    saved, and `of 256` that percentiles are those of batches. With `suite`, the name of its suite
    goes before its own; `bare` is what `is_bare` says of the suite. While its numbers are `awaited`
    nothing stands for them that is of another part of the run.
    """
    profile = entry.profile
    assert profile is not None
    warned = (
        run is not None
        and current
        and bool(
            own_warnings(run, shared)
            or run.unstarted
            or any(target.warns for target in run.targets)
        )
    )
    spans = [Span(BOXES[box]), Span(WARNED if warned else " ", "warn" if warned else "plain")]
    width = columns[0].width
    each = f" of {short_count(run.batch)}" if run is not None and run.batch > 1 else ""
    each = f" {EDITED}{each}" if entry.edited else each
    name = _name(profile, width - len(each), suite=suite, bare=bare) + each
    spans.append(Span(fit_middle(name, width)))
    if run is None:
        rest = sum(column.width + 1 for column in columns[1:]) - 1
        spans.append(Span(" " + fit(one_line(plan_text(profile)), rest), "dim"))
        return tuple(spans)
    for column in columns[1:]:
        cell: Line
        if awaited and column.key != "phase":
            # Where verdicts stand, the mark of numbers to come means another thing.
            mark = "" if column.left or column.key == "trend" else COMING
            cell = (Span(mark.rjust(column.width), "dim"),)
        elif column.key == "verdict":
            cell = _verdict_cell(run, column.width)
        elif column.key == "versus":
            cell = (versus_cell(versus, column.width),)
        else:
            cell = (_cell(column, run, current, silent_ns, rounds),)
        gap = " "
        for text, tone in cell:
            spans.append(Span(gap + text, tone if current else "dim"))
            gap = ""
    return tuple(spans)


def suite_row(entry: Entry, columns: Sequence[Column], *, box: str) -> Line:
    """The head of a suite: name, number of profiles, description."""
    suite = entry.suite
    width = MARK_WIDTH - 1 + sum(column.width + 1 for column in columns) - 1
    count = len(suite.profiles)
    facts = [f"{count} profile" if count == 1 else f"{count} profiles"]
    if suite.replaces:
        facts.append("replaces the shipped suite")
    if suite.description:
        facts.append(one_line(suite.description))
    head = f"{BOXES[box]} {one_line(suite.name)}"
    head = fit_within(head, width)
    return (Span(head, "head"), Span(fit("  " + " · ".join(facts), width - width_of(head)), "dim"))


def header_line(columns: Sequence[Column], sort: Sort = UNSORTED) -> Line:
    """The titles above the columns. That of the column that rows are sorted by has an arrow: in
    the empty cell next to the column where its title takes all others."""
    spans = [Span(" " * (MARK_WIDTH - 1))]
    gap = " "
    for column in columns:
        title, width, sorted_by = column.title, column.width, column.key == sort.column
        arrow = "" if not sorted_by else DOWNWARDS if sort.descending else UPWARDS
        tone: Tone = "head" if sorted_by else "plain"
        if not column.left:
            spans.append(Span(fit_right(arrow + title, width + len(gap)), tone))
            gap = " "
        else:
            full = width_of(title) >= width
            text = fit(title + arrow, width + 1) if arrow and full else fit(title + arrow, width)
            spans.append(Span(gap + text, tone))
            gap = "" if arrow and full else " "
    return tuple(spans)


def no_match_line(filter_: str, clear_key: str, width: int) -> Line:
    """What stands in place of rows where none matches the filter."""
    about = f"; {clear_key} clears it"
    what = fit_within(f"  no profile matches {one_line(filter_)}", max(0, width - width_of(about)))
    return (Span(fit(what + about, width), "dim"),)
