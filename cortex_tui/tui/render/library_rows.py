"""A stored session as the cells of a row, and which columns there are room for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from cortex_tui.library.texts import SHORT_COMMIT, profiles_text
from cortex_tui.store.records import SessionEntry, SessionState, SessionVerdict
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.render.columns import MARK_WIDTH
from cortex_tui.tui.render.marks import (
    BOXES,
    DOWNWARDS,
    FAILED,
    POINTER,
    UNKNOWN,
    UPWARDS,
    VERDICTS,
)
from cortex_tui.tui.render.short import short_count
from cortex_tui.tui.render.text import Line, Span, fit, fit_right
from cortex_tui.tui.state.sorting import Sort


class LibraryColumn(NamedTuple):
    """A column; one empty cell stands before each but the first."""

    key: str
    title: str
    width: int


class _Kind(NamedTuple):
    key: str
    title: str
    least: int
    most: int
    goes: int
    """Which column goes first where there is no room: the one with the highest number; 0 stays."""


_KINDS = (
    _Kind("when", "when, UTC", 11, 16, 0),
    _Kind("names", "names", 12, 26, 0),
    _Kind("profiles", "profiles", 14, 28, 0),
    _Kind("state", "state", 10, 13, 0),
    _Kind("operations", "ops", 4, 4, 2),
    _Kind("tags", "tags", 8, 18, 1),
    _Kind("note", "note", 20, 60, 3),
    _Kind("revision", "revision", 8, SHORT_COMMIT, 4),
    _Kind("id", "session", 22, 22, 5),
)
_FIRST_TO_GROW = ("state", "names", "profiles", "tags", "when", "note", "revision", "id")
_TONES: dict[SessionState, Tone] = {"running": "good", "died": "bad", "interrupted": "warn"}


def library_columns(width: int) -> tuple[LibraryColumn, ...]:
    """The columns that fill a line of `width` cells, left to right."""
    widths = {kind.key: kind.least for kind in _KINDS}
    most = {kind.key: kind.most for kind in _KINDS}

    def room() -> int:
        return width - MARK_WIDTH - sum(widths.values()) - (len(widths) - 1)

    for kind in sorted(_KINDS, key=lambda kind: -kind.goes):
        if room() >= 0 or not kind.goes:
            break
        del widths[kind.key]
    for key in _FIRST_TO_GROW:
        if key in widths:
            widths[key] += max(0, min(room(), most[key] - widths[key]))
    last = "note" if "note" in widths else "profiles"
    widths[last] = max(1, widths[last] + room())
    return tuple(
        LibraryColumn(kind.key, kind.title, widths[kind.key])
        for kind in _KINDS
        if kind.key in widths
    )


def when_text(started_at: str, width: int, year: str) -> str:
    """The start of a session, as `2026-11-28 13:41`; in fewer cells without its year, or where that
    is not `year`, without its time."""
    day, _, time = started_at.partition("T")
    if width >= len("2026-11-28 13:41"):
        return f"{day} {time[:5]}"
    return f"{day[5:]} {time[:5]}" if day.startswith(year) else day


def names_text(names: Sequence[str], baselines: Collection[str]) -> str:
    """All names; `→main` is a baseline."""
    return ", ".join(f"{POINTER * (name in baselines)}{one_line(name)}" for name in names)


def state_line(state: SessionState, verdict: SessionVerdict, width: int) -> Line:
    """What became of a session, after the mark of its targets: `✗ finished`; or how many of its
    runs failed: `✗ 1 failed`. One that runs has no mark: what its targets come to is not final."""
    if verdict.failed and state != "running":
        text = f"{FAILED} {short_count(verdict.failed)} failed"
        return (Span(fit(text, width), "bad"),)
    mark = VERDICTS["none" if state == "running" else verdict.verdict]
    tone: Tone = _TONES.get(state, "plain")
    return (Span(f"{mark.mark} ", mark.tone), Span(fit(state, width - 2), tone))


def header_line(columns: Sequence[LibraryColumn], sort: Sort) -> Line:
    """The titles; that of the column that rows are sorted by has an arrow."""
    spans = [Span(" " * (MARK_WIDTH - 1))]
    for key, title, width in columns:
        sorted_by = key == sort.column
        arrow = "" if not sorted_by else DOWNWARDS if sort.descending else UPWARDS
        text = fit(title, width - len(arrow)).rstrip() + arrow
        fitted = fit_right(text, width) if key == "operations" else fit(text, width)
        spans.append(Span(f" {fitted}", "head" if sorted_by else "plain"))
    return tuple(spans)


def session_line(
    entry: SessionEntry,
    columns: Sequence[LibraryColumn],
    *,
    checked: bool,
    baselines: Collection[str],
    verdict: SessionVerdict,
    year: str,
) -> Line:
    """The row of a session without its cursor mark."""
    spans = [Span(BOXES["all" if checked else "none"])]
    for key, _, width in columns:
        spans.append(Span(" "))
        if key == "state":
            spans += state_line(entry.state, verdict, width)
        elif key == "operations":
            spans.append(Span(fit_right(short_count(entry.operations), width)))
        else:
            text = _text(entry, key, width, baselines, year)
            spans.append(Span(fit(text, width), "dim" if text == UNKNOWN else "plain"))
    return tuple(spans)


def _text(entry: SessionEntry, key: str, width: int, baselines: Collection[str], year: str) -> str:
    match key:
        case "when":
            return one_line(when_text(entry.started_at, width, year))
        case "names":
            return names_text(entry.names, baselines) or UNKNOWN
        case "profiles":
            return one_line(profiles_text(entry.profiles)) or UNKNOWN
        case "tags":
            return one_line(" ".join(entry.tags))
        case "note":
            return one_line(entry.note)
        case "revision":
            return one_line(entry.revision[:width])
        case _:
            return one_line(entry.id)
