"""Comparisons as Markdown: names stay text, and there is an end to it."""

from __future__ import annotations

import re

from cortex_tui.analysis.comparison import Comparison, ProfileComparison
from cortex_tui.analysis.sessions import Compared, SourceFacts
from cortex_tui.analysis.verdict import Judgement
from cortex_tui.formats.comparison_markdown import comparisons_markdown
from cortex_tui.formats.markdown import MAX_CHARS


def judgement(statistic: str, ratio: float | None, **fields: object) -> Judgement:
    found = {"a": 1e6, "b": 1e6 * ratio if ratio else None, "ratio": ratio, **fields}
    return Judgement(statistic=statistic, **found)  # type: ignore[arg-type]


def compared(*names: str, a: str = "main", b: str = "work") -> Compared:
    profiles = tuple(
        ProfileComparison(
            profile=name,
            rounds=(6, 6),
            primary="p95",
            statistics={
                "p50": judgement("p50", 1.0, verdict="same"),
                "p95": judgement("p95", 1.1 + at, verdict="slower", low=1.05 + at, high=1.15 + at)
                if at
                else judgement("p95", 1.02, more_rounds=1),
                "errors": Judgement(statistic="errors", a=0.0, b=0.0, ratio=None, verdict="same"),
            },
        )
        for at, name in enumerate(names)
    )
    return Compared(
        a=SourceFacts(name=a, session="x"),
        b=SourceFacts(name=b, session="y"),
        differences=(),
        comparison=Comparison(paired=True, profiles=profiles),
    )


def test_the_worst_profiles_come_first_and_the_rest_is_folded() -> None:
    text = comparisons_markdown([compared("s.unknown", "s.slower", "s.slowest")])
    above, below = text.split("<details>")
    names = re.findall(r"<bdi>(s\.[a-z]+)</bdi>", above)
    assert names == ["s.slowest", "s.slower", "s.unknown"]
    assert "? cannot tell, about 1 more round |" in above
    assert "| p50 |" not in above
    assert below.count("| p50 |") == 3


def test_names_cannot_be_markup() -> None:
    name = "s.<img src=x>|@someone [x](http://y)"
    text = comparisons_markdown([compared("s.x", name, a="*a*", b="`b`")])
    for hostile in ("<img", "@someone", "](http", "*a*", "`b`", name):
        assert hostile not in text


def test_any_number_of_profiles_fits_in_a_comment() -> None:
    names = [f"suite.profile-{number}-{'x' * 100}" for number in range(500)]
    text = comparisons_markdown([compared(*names), compared(*names)])
    assert len(text) <= MAX_CHARS
    assert "more rows have no room here" in text
