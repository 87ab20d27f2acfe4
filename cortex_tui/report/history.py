"""The history of a profile as text: a small plot, and a line for each change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from cortex_tui.analysis.comparability import commit_text
from cortex_tui.analysis.series import History, NewestPoints, Step
from cortex_tui.quantities import format_noun
from cortex_tui.report.stream import toned, wrapped
from cortex_tui.results.differences import value_text
from cortex_tui.stats.statistics import find_statistic
from cortex_tui.tables import Tone
from cortex_tui.text import one_line

ROWS = 9
MOST_COLUMNS = 120
_LABEL = 8
_LEAST_SPAN = math.log(1.1)
"""Of the axis, so that noise looks like noise."""
_CELLS_A_POINT = 4

Unit = Callable[[float], str]


def history_lines(history: History, width: int, *, colour: bool) -> list[str]:
    """All of it, for a stream of `width` columns."""
    points, unit = history.points, unit_of(history.statistic)
    count = format_noun(len(points), "session")
    since = f"{_day(points[0].started_at)} to {_day(points[-1].started_at)}"
    lines = [one_line(f"{heading(history)} of {count}, {since}"), ""]
    lines += plot(history, min(width, MOST_COLUMNS))
    lines.append("")
    for step in history.steps:
        lines += _step(step, unit, width, colour=colour)
    if not history.steps:
        lines.append("no change found")
    if history.newest is not None:
        lines += wrapped(toned(newest_text(history.newest), "warn", colour=colour), width)
    for text in left_out_texts(history):
        lines += wrapped(text, width)
    return lines


def heading(history: History) -> str:
    """Which statistic it is, and of what: `shop.order: p95, less shop.canary`."""
    less = f", less {history.canary}" if history.canary else ""
    return f"{history.profile}: {history.statistic}{less}"


def left_out_texts(history: History) -> list[str]:
    """How many sessions are not shown, a text for each reason."""
    return [
        f"left out: {format_noun(count, 'session')} with {reason}"
        for reason, count in history.left_out.items()
    ]


def step_text(step: Step) -> str:
    """Such as `▲ slower by 7.9%`."""
    mark = "▲" if step.ratio > 1 else "▼"
    return f"{mark} {step.word} by {abs(step.ratio - 1):.1%}"


def newest_text(newest: NewestPoints) -> str:
    """Such as `new high, 1 session: +7.0% off the level`, and what to do."""
    sessions = format_noun(newest.count, "session")
    return (
        f"new {newest.word}, {sessions}: {newest.ratio - 1:+.1%} off the level; "
        "run it again to see whether it stays"
    )


def commits_text(step: Step) -> str:
    """The range in which the change came, as git writes it."""
    if not (step.last.revision and step.first.revision):
        return "commits are not known"
    first, last = (commit_text(point.revision, point.dirty) for point in (step.last, step.first))
    if step.last.revision == step.first.revision:
        return one_line(f"no commit between, both are of {last}")
    return one_line(f"commits {first}..{last}")


def _step(step: Step, unit: Unit, width: int, *, colour: bool) -> Iterator[str]:
    known = bool(step.note)
    tone: Tone = "dim" if known else "bad" if step.word == "slower" else "good"
    word = toned(step_text(step), tone, colour=colour)
    levels = f"{unit(step.before)} → {unit(step.after)}"
    since = one_line(step.first.started_at)
    yield from wrapped(f"{word} since {since}: {levels}; {commits_text(step)}", width)
    yield one_line(f"  from session {step.last.session} to {step.first.session}")
    for change in step.differs:
        values = " → ".join(value_text(change.key, value) for value in (change.a, change.b))
        yield f"  {one_line(change.key)}: {values}"
    if known:
        yield f"  acknowledged: {one_line(step.note)}"


def axis_of(history: History) -> tuple[float, float]:
    """The logarithms of the least and the greatest value that a picture has room for."""
    logs = [math.log(point.value) for point in history.points]
    spare = max(0.0, _LEAST_SPAN - (max(logs) - min(logs))) / 2
    return min(logs) - spare, max(logs) + spare


def plot(history: History, width: int) -> list[str]:
    """Values over sessions, in order, on a logarithmic axis.

    `●` is a session, `◆` one of the newest that are off, `─` the level, `┊` where it changed.
    """
    points = history.points
    columns = max(1, min(width - _LABEL - 3, len(points) * _CELLS_A_POINT))
    low, high = axis_of(history)
    cells = [[" "] * columns for _ in range(ROWS)]

    def row(value: float) -> int:
        return round((high - value) / (high - low) * (ROWS - 1))

    def column(at: int) -> int:
        return round(at / max(1, len(points) - 1) * (columns - 1))

    bounds = [0, *(step.at for step in history.steps), len(points)]
    for number, level in enumerate(history.levels):
        for x in range(column(bounds[number]), column(bounds[number + 1] - 1) + 1):
            cells[row(math.log(level))][x] = "─"
    for step in history.steps:
        x = (column(step.at - 1) + column(step.at)) // 2
        for line in cells:
            line[x] = "┊" if line[x] == " " else line[x]
    off = len(points) - (history.newest.count if history.newest else 0)
    for at, point in enumerate(points):
        cells[row(math.log(point.value))][column(at)] = "●" if at < off else "◆"
    unit = unit_of(history.statistic)
    labels = {0: high, ROWS // 2: (low + high) / 2, ROWS - 1: low}
    lines = [
        f"{unit(math.exp(labels[at])) if at in labels else '':>{_LABEL}} │ {''.join(line)}".rstrip()
        for at, line in enumerate(cells)
    ]
    return [*lines, _axis([point.started_at for point in points], columns)]


def _axis(moments: Sequence[str], columns: int) -> str:
    first, last = _day(moments[0]), _day(moments[-1])
    room = columns - len(first) - len(last)
    days = f"{first}{' ' * room}{last}" if room > 0 and len(moments) > 1 else first
    return f"{'':>{_LABEL}}   {days}"


def unit_of(statistic: str) -> Unit:
    """How values of a statistic are written."""
    found = find_statistic(statistic)
    return str if found is None else found.unit.format


def _day(moment: str) -> str:
    return one_line(moment[:10])
