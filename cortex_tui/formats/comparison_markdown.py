"""Comparisons as Markdown: what they come to, each profile with the worst first, the rest folded.

Names of others stay text, as in the format `markdown`.
"""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.analysis.comparison import ProfileComparison
from cortex_tui.analysis.sessions import Compared
from cortex_tui.analysis.verdict import Judgement, Word
from cortex_tui.formats.markdown import MAX_CHARS, as_text, plain_text, rows_within, table_text
from cortex_tui.quantities import format_noun
from cortex_tui.report.comparison import (
    besides,
    change_text,
    headline,
    how,
    interval_text,
    value_text,
)
from cortex_tui.text import cut

_ROOM = 8_000
"""Kept for what stands around the tables."""
_MOST = 500
"""Characters of what is one line."""
_MARKS: dict[Word, str] = {
    "slower": "▲", "faster": "▼", "same": "=", "more": "▲", "fewer": "▼", "cannot tell": "?",
}  # fmt: skip


def comparisons_markdown(found: Sequence[Compared]) -> str:
    """All of them in one text, below the 65,536 characters of a comment on GitHub; it ends with a
    line feed."""
    room = (MAX_CHARS - _ROOM) // max(len(found), 1)
    return "\n".join(_comparison(each, room) for each in found)


def _comparison(compared: Compared, room: int) -> str:
    comparison = compared.comparison
    a, b = as_text(compared.a.name), as_text(compared.b.name)
    firsts = [_row(each, each.statistics[each.primary]) for each in comparison.worst_first]
    others = [
        _row(each, judgement)
        for each in comparison.worst_first
        for name, judgement in each.statistics.items()
        if name != each.primary
    ]
    parts = [f"### {plain_text(cut(headline(compared), _MOST))}\n"]
    columns = ("profile", "by", a, b, "difference", "95 % interval", "verdict")
    for title, whole in (("", firsts), ("all statistics", others)):
        rows, room = rows_within(whole, room)
        if whole:
            table = table_text(columns, rows, len(whole))
            folded = f"<details><summary>{title}</summary>\n\n{table}\n</details>\n"
            parts.append(folded if title else table)
    texts = [
        f"- {plain_text(cut(text, _MOST))}\n" for text in (*besides(compared), *compared.notes)
    ]
    if texts:
        rows, _ = rows_within(texts, _ROOM // 4)
        parts.append(f"What differs besides the times:\n\n{''.join(rows)}")
    parts.append(f"<sub>{plain_text(how(compared))}</sub>\n")
    return "\n".join(parts)


def _row(each: ProfileComparison, judgement: Judgement) -> str:
    verdict = f"{_MARKS[judgement.verdict]} {judgement.verdict}"
    if judgement.verdict == "cannot tell" and judgement.more_rounds is not None:
        verdict += f", about {format_noun(judgement.more_rounds, 'more round')}"
    cells = (
        as_text(each.profile),
        judgement.statistic,
        value_text(judgement.statistic, judgement.a),
        value_text(judgement.statistic, judgement.b),
        change_text(judgement),
        interval_text(judgement),
        verdict,
    )
    return f"| {' | '.join(cells)} |"
