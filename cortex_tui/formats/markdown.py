"""Markdown for a comment on a pull request, written only: the worst first, the rest folded.

Names and texts of others stand in `<code>` with what could be markup as entities: nothing in them
is markup, a link or a mention of somebody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cortex_tui.formats.cases import Case, cases_of, worst_first
from cortex_tui.formats.pooled import Pooled, pooled
from cortex_tui.formats.port import Format, Recording
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.report.comparison import headline
from cortex_tui.text import cut, encodable, one_line

MAX_CHARS = 65_536
"""Of a comment on GitHub."""
_ROOM = 4_000
"""Kept for what closes the document."""
_MOST_NOTES, _MOST_OF_NOTE = 5, 500
"""Of a comparison, such as that other processes were busy: how many, and characters of each."""
_MARKS = {"error": "❌", "failed": "❌", "warned": "⚠️", "undecided": "❔", "passed": "✅"}
"""By outcome, the worst first."""
_PUNCTUATION = re.compile(r"[!-$&'*:-<>-@\[-`{-~]|(?<=www)\.", re.IGNORECASE)


def as_text(text: str) -> str:
    """A text that stays text, in a line of its own font; right-to-left letters do not turn what is
    around them."""
    line = one_line(str(encodable(text)))
    escaped = _PUNCTUATION.sub(lambda match: f"&#{ord(match[0])};", line)
    return f"<code><bdi>{escaped}</bdi></code>"


def plain_text(text: str) -> str:
    """A text of ours, with names in it that are not."""
    return _PUNCTUATION.sub(lambda match: f"&#{ord(match[0])};", one_line(str(encodable(text))))


def _write(recording: Recording) -> bytes:
    cases = worst_first(cases_of(recording))
    bad = [case for case in cases if case.outcome != "passed"]
    good = [case for case in cases if case.outcome == "passed"]
    parts = [f"### {_title(cases)}\n"]
    parts += [f"{plain_text(headline(each))}\n" for each in recording.compared]
    parts += [
        f"{plain_text(cut(text, _MOST_OF_NOTE))}\n"
        for each in recording.compared
        for text in each.notes[:_MOST_NOTES]
    ]
    room = MAX_CHARS - _ROOM - sum(map(len, parts))
    if bad:
        rows, room = rows_within(map(_case_row, bad), room)
        parts.append(table_text(("profile", "expected", "verdict", "measured"), rows, len(bad)))
    for title, columns, found in (
        (
            _expected(good),
            ("profile", "expected", "verdict", "measured"),
            [_case_row(case) for case in good],
        ),
        (
            "all numbers",
            ("profile", "ops/s", "p50", "p95", "p99", "p99.9", "max", "errors"),
            [_number_row(each) for each in pooled(recording)],
        ),
    ):
        rows, room = rows_within(found, room)
        if found:
            table = table_text(columns, rows, len(found))
            parts.append(f"<details><summary>{title}</summary>\n\n{table}\n</details>\n")
    parts.append(_about(recording))
    return "\n".join(parts).encode()


def _title(cases: list[Case]) -> str:
    counted = [case for case in cases if not case.of_failed]
    counts = {word: sum(case.outcome == word for case in counted) for word in _MARKS}
    texts = {
        "error": "failed", "failed": "missed or slower", "warned": "with a warning",
        "undecided": "undecided",
    }  # fmt: skip
    found = [f"{counts[word]} {text}" for word, text in texts.items() if counts[word]]
    if passed := [case for case in counted if case.outcome == "passed"]:
        found.append(_expected(passed))
    worst = next((word for word in _MARKS if counts[word]), "passed")
    return f"{_MARKS[worst]} Latency: {', '.join(found) or 'nothing was measured'}"


def _expected(passed: Sequence[Case]) -> str:
    """How many are as expected, and of how many nothing was expected."""
    expected = sum(case.has_expectation for case in passed)
    measured = len(passed) - expected
    texts = (f"{expected} as expected", f"{measured} measured")
    return ", ".join(text for text, count in zip(texts, (expected, measured), strict=True) if count)


def _case_row(case: Case) -> str:
    verdict = f"{_MARKS[case.outcome]} {case.word}"
    cells = (as_text(case.suite), as_text(case.name), verdict, plain_text(case.text))
    return f"| {' | '.join(cells)} |"


def _number_row(each: Pooled) -> str:
    known = each.percentiles()
    values = [
        as_text(each.name) + each.about,
        format_count(each.throughput_per_s),
        *(format_duration(known.get(name)) for name in ("p50", "p95", "p99", "p99.9")),
        format_duration(each.headline.max_ns),
        f"{each.errors:,}",
    ]
    return f"| {' | '.join(values)} |"


def rows_within(rows: Iterable[str], room: int) -> tuple[list[str], int]:
    """Those for which there is room, and the room that is left."""
    found: list[str] = []
    for row in rows:
        if len(row) + 1 > room:
            return found, 0
        room -= len(row) + 1
        found.append(row)
    return found, room


def table_text(columns: tuple[str, ...], rows: list[str], whole: int) -> str:
    """A table of rows, of which there would be `whole`."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}", *rows]
    text = "\n".join(lines) + "\n"
    left = whole - len(rows)
    return f"{text}\n{left:,} more rows have no room here.\n" if left else text


def _about(recording: Recording) -> str:
    record = recording.result.record
    environment = record.environment
    known = [
        f"{key} {environment[key]}"
        for key in ("python", "cpu", "git_commit")
        if isinstance(environment.get(key), str)
    ]
    text = ", ".join([f"session {record.id}", *known])[:1_000]
    return f"<sub>{plain_text(text)}</sub>\n"


FORMAT = Format(
    "markdown",
    ".md",
    "a comment on a pull request: the worst first, the rest folded, under 65,536 characters",
    "curves; rows for which there is no room",
    write=_write,
)
