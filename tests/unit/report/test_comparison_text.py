"""What a comparison says in words."""

from __future__ import annotations

import msgspec

from cortex_tui.analysis.comparison import Comparison, ProfileComparison
from cortex_tui.analysis.sessions import Compared, SourceFacts
from cortex_tui.analysis.verdict import Judgement, Word
from cortex_tui.cli.comparing import exit_code
from cortex_tui.exit_codes import GOOD, UNDECIDED
from cortex_tui.report.comparison import (
    change_text,
    comparison_text,
    headline,
    interval_text,
    value_text,
)


def judgement(statistic: str, verdict: Word, ratio: float = 1.0) -> Judgement:
    return Judgement(
        statistic=statistic,
        a=1_000_000.0,
        b=1_000_000.0 * ratio,
        ratio=ratio,
        low=ratio * 0.98,
        high=ratio * 1.02,
        verdict=verdict,
    )


def profile(name: str, verdict: Word, ratio: float = 1.0, p50: Word = "same") -> ProfileComparison:
    errors = Judgement(statistic="errors", a=0.0, b=0.0, ratio=None, verdict="same")
    return ProfileComparison(
        profile=name,
        rounds=(8, 8),
        primary="p95",
        statistics={
            "p50": judgement("p50", p50, 1.05),
            "p95": judgement("p95", verdict, ratio),
            "errors": errors,
        },
    )


def compared(*profiles: ProfileComparison, name: str = "work") -> Compared:
    return Compared(
        a=SourceFacts(name="main", session="x"),
        b=SourceFacts(name=name, session="x"),
        differences=(),
        comparison=Comparison(paired=True, profiles=profiles, ratio=1.012, low=1.008, high=1.016),
    )


def test_one_line_says_what_it_all_comes_to() -> None:
    some = compared(profile("a", "slower", 1.1), profile("b", "same"), profile("c", "cannot tell"))
    assert headline(some) == (
        "work against main: slower in a (+10.0 %); the same in 1 of 3; cannot tell in 1 of 3; "
        "on the whole +1.2 % (+0.8 to +1.6 %)"
    )
    many = compared(*(profile(name, "faster", 0.5) for name in "abcd"))
    assert headline(many).startswith("work against main: faster in 4 profiles; on the whole ")
    assert headline(compared(profile("a", "same"))) == "work against main: the same"


def test_what_does_not_decide_is_named_where_the_verdict_hides_it() -> None:
    hidden = compared(profile("a", "cannot tell", p50="slower"), profile("b", "slower", 1.1))
    assert "; slower at p50 in a;" in headline(hidden)


def failing(verdict: Word, primary: str) -> ProfileComparison:
    errors = Judgement(statistic="errors", a=0.0, b=0.5, ratio=None, verdict=verdict)
    found = profile("a", "same", 0.9)
    return msgspec.structs.replace(
        found, primary=primary, statistics={**found.statistics, "errors": errors}
    )


def test_of_failures_their_own_difference_is_shown() -> None:
    more = compared(failing("more", "p95"))
    expected = "work against main: more operations fail in a (+50.0 points); the same"
    assert headline(more) == expected
    unsure = compared(failing("cannot tell", "errors"), profile("b", "same"))
    assert headline(unsure).startswith(
        "work against main: cannot tell whether more operations fail in a (+50.0 points); "
        "the same in 1 of 2"
    )


def test_what_could_not_be_compared_is_named_and_is_not_good() -> None:
    found = compared(profile("a", "same"))
    assert exit_code([found]) == GOOD
    part = msgspec.structs.replace(found, without_rounds=("b", "c"))
    assert headline(part) == "work against main: the same; not compared: b, c"
    assert exit_code([part]) == UNDECIDED
    assert exit_code([part], {"regressions"}) == GOOD


def test_names_stay_text_in_a_terminal() -> None:
    hostile = compared(profile("a\x1b[31m", "slower", 1.1), name="evil\n\u202e")
    text = comparison_text(hostile, width=100, colour=False)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "evil␊" in text


def test_a_narrow_terminal_keeps_the_verdict() -> None:
    text = comparison_text(
        compared(profile("shop.checkout", "slower", 1.1)), width=50, colour=False
    )
    row = next(line for line in text.splitlines() if line.startswith("shop.checkout"))
    assert "+10.0 %" in row
    assert row.endswith("slower")
    assert max(map(len, text.splitlines())) <= 50


def test_values_and_changes_in_words() -> None:
    assert value_text("p95", 1_500_000.0) == "1.50ms"
    assert value_text("throughput", 1_234.0) == "1234/s"
    assert value_text("errors", 0.125) == "12.50%"
    assert value_text("p95", None) == "–"
    assert change_text(judgement("p50", "same", 0.999)) == "−0.1 %"
    assert change_text(judgement("p50", "same", 0.9999)) == "0.0 %"
    assert change_text(judgement("p50", "slower", 3.214)) == "3.21 times"
    assert change_text(judgement("p50", "slower", 5e8)) == "over 1,000 times"
    for low, high, text in (
        (1.89, 2.68, "1.89 to 2.68 times"),
        (0.4, 1.2, "−60.0 to +20.0 %"),
        (0.4, 5e8, "0.4 to over 1,000 times"),
    ):
        one = msgspec.structs.replace(judgement("p50", "slower", 2.0), low=low, high=high)
        assert interval_text(one) == text
    assert interval_text(judgement("p50", "slower", 1.1)) == "+7.8 to +12.2 %"
    # A change and its interval are in one unit.
    wide = msgspec.structs.replace(judgement("p50", "slower", 1.775), low=1.48, high=2.13)
    assert (change_text(wide), interval_text(wide)) == ("1.77 times", "1.48 to 2.13 times")
    more = Judgement(statistic="errors", a=0.0, b=0.02, ratio=None, low=0.01, high=0.03)
    assert (change_text(more), interval_text(more)) == ("+2.0 points", "+1.0 to +3.0")
