"""A comparison as text: what it all comes to, what differs besides, and each profile."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cortex_tui.analysis.comparison import Comparison, ProfileComparison
from cortex_tui.analysis.sessions import Compared, SourceFacts
from cortex_tui.analysis.verdict import Judgement, Word
from cortex_tui.quantities import format_count, format_duration, format_names, format_noun
from cortex_tui.report.stream import table_text, toned, wrapped
from cortex_tui.tables import Cell, Column, Tone, table
from cortex_tui.text import one_line

TONES: dict[str, Tone] = {
    "faster": "good",
    "slower": "bad",
    "more": "bad",
    "fewer": "good",
    "cannot tell": "warn",
}
_NAMES_SHOWN = 3
_TIMES_FROM = 2.0
"""From this ratio on it is written as `3.2 times`: percentages are hard to read there."""


class _Row(NamedTuple):
    profile: str
    judgement: Judgement


def headline(compared: Compared) -> str:
    """What it all comes to, in one line."""
    comparison = compared.comparison
    sides = f"{compared.b.name} against {compared.a.name}"
    if not comparison.profiles:
        return f"{sides}: nothing can be compared"
    slower, faster = comparison.having("slower"), comparison.having("faster")
    by_own = [each for each in slower if not each.instead_of]
    parts = [
        f"slower in {_names(by_own)}" if by_own else "",
        *_by_others([each for each in slower if each.instead_of]),
        f"faster in {_names(faster)}" if faster else "",
    ]
    failing = [each for each in comparison.profiles if each.statistics["errors"].verdict == "more"]
    parts.append(f"more operations fail in {_names(failing, 'errors')}" if failing else "")
    unsure = [each for each in comparison.profiles if each.primary == "errors"]
    if unsure:
        parts.append(f"cannot tell whether more operations fail in {_names(unsure)}")
    parts += _not_deciding(comparison)
    words: tuple[tuple[Word, str], ...] = (("same", "the same"), ("cannot tell", "cannot tell"))
    for word, text in words:
        parts += _alike(comparison, word, text)
    if compared.not_compared:
        parts.append(f"not compared: {format_names(compared.not_compared, _NAMES_SHOWN)}")
    if compared.missing:
        parts.append(
            f"missing in {compared.b.name}: {format_names(compared.missing, _NAMES_SHOWN)}"
        )
    return f"{sides}: {'; '.join(part for part in parts if part)}{_on_the_whole(comparison)}"


def comparison_text(compared: Compared, *, width: int, colour: bool, details: bool = True) -> str:
    """All of it, several lines without a final line feed."""
    comparison = compared.comparison
    blocks = [wrapped(one_line(headline(compared)), width), list(_besides(compared, width))]
    firsts = [_Row(each.profile, each.statistics[each.primary]) for each in comparison.profiles]
    if firsts:
        blocks.append(table_text(table(_columns(compared), firsts, width), colour=colour))
        blocks.append(list(_reasons(comparison, width)))
    if details:
        blocks += [_detail(compared, each, width, colour=colour) for each in comparison.profiles]
    blocks.append([line for note in compared.notes for line in wrapped(one_line(note), width)])
    blocks.append(wrapped(how(compared), width) if firsts else [])
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _by_others(slower: Sequence[ProfileComparison]) -> Iterator[str]:
    """Profiles that another statistic shows to be slower than the one that cannot tell."""
    found: defaultdict[tuple[str, str], list[ProfileComparison]] = defaultdict(list)
    for each in slower:
        found[each.primary, each.statistics[each.primary].reason].append(each)
    for (statistic, lacking), profiles in found.items():
        yield f"slower at {statistic} in {_names(profiles)}, where {lacking}"


def _alike(comparison: Comparison, word: Word, text: str) -> Iterator[str]:
    """How many profiles have a verdict; with the statistics that decide, where others differ."""
    total = len(comparison.profiles)
    profiles = [each for each in comparison.having(word) if each.primary != "errors"]
    if not profiles:
        return
    if any(True for each in profiles for _ in _hidden(each)):
        text += f" at {', '.join(dict.fromkeys(each.primary for each in profiles))}"
    yield text if len(profiles) == total else f"{text} in {len(profiles)} of {total}"


def _hidden(profile: ProfileComparison) -> Iterator[Judgement]:
    """Differences in statistics that do not decide."""
    for name, judgement in profile.statistics.items():
        if name != "throughput" and judgement.verdict in ("slower", "faster"):
            yield judgement


def _not_deciding(comparison: Comparison) -> Iterator[str]:
    """Differences in statistics that do not decide, of profiles whose own verdict hides them."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for each in comparison.having("same", "cannot tell"):
        for judgement in _hidden(each):
            found[judgement.verdict, judgement.statistic].append(each.profile)
    for (verdict, statistic), names in found.items():
        in_them = ", ".join(names) if len(names) <= _NAMES_SHOWN else f"{len(names)} profiles"
        yield f"{verdict} at {statistic} in {in_them}"


def _names(profiles: Sequence[ProfileComparison], statistic: str = "") -> str:
    """With the difference in what decides, or in `statistic`."""
    if len(profiles) > _NAMES_SHOWN:
        return f"{len(profiles)} profiles"
    return ", ".join(
        f"{each.profile} ({change_text(each.statistics[statistic or each.primary])})"
        for each in profiles
    )


def _on_the_whole(comparison: Comparison) -> str:
    ratio, low, high = comparison.ratio, comparison.low, comparison.high
    if len(comparison.profiles) < 2 or ratio is None or low is None or high is None:
        return ""
    return f"; on the whole {_change(ratio, high)} ({_range(low, high)})"


def besides(compared: Compared) -> list[str]:
    """What else differs, a text for each thing."""
    texts = [str(each) for each in compared.differences]
    for profile, differences in compared.profile_differences.items():
        texts += [f"{profile}: {each}" for each in differences]
    for left_out in compared.left_out:
        broken = "; ".join(str(each) for each in left_out.differences if each.breaks)
        texts.append(f"{left_out.profile} is left out: {broken or 'the sessions differ'}")
    for side, names in ((compared.a, compared.only_a), (compared.b, compared.only_b)):
        if names:
            texts.append(f"only in {side.name}: {', '.join(names)}")
    return texts


def _besides(compared: Compared, width: int) -> Iterator[str]:
    texts = besides(compared)
    if texts:
        yield "what differs besides the times:"
    for text in texts:
        yield from wrapped(f"  {one_line(text)}", width, "    ")


def _reasons(comparison: Comparison, width: int) -> Iterator[str]:
    """Why the verdicts are what they are, profiles with the same reason on one line."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for each in comparison.profiles:
        reason = each.statistics[each.primary].reason
        if reason:
            by_reason[f"{each.verdict}: {reason}"].append(each.profile)
    for reason, profiles in by_reason.items():
        names = ", ".join(profiles)
        if len(profiles) > _NAMES_SHOWN:
            names = f"{len(profiles)} of {len(comparison.profiles)} profiles"
        yield from wrapped(one_line(f"{names}: {reason}"), width)


def _detail(
    compared: Compared, profile: ProfileComparison, width: int, *, colour: bool
) -> list[str]:
    a, b = profile.rounds
    rounds = format_noun(a, "round") if a == b else f"{a} and {b} rounds"
    title = toned(f"{one_line(profile.profile)}, {rounds}", "dim", colour=colour)
    lines = table_text(statistics_table(compared, profile, width - 2), colour=colour)
    return [title, *(f"  {line}" for line in lines)]


def statistics_table(
    compared: Compared, profile: ProfileComparison, width: int
) -> list[tuple[Cell, ...]]:
    """The cells of each statistic of a profile, titles first: both values, the difference with its
    interval, the verdict, and the reason where it is not that of the profile."""
    rows = [_Row(name, each) for name, each in profile.statistics.items()]
    columns = [column for column in _columns(compared) if column.title != "profile"]
    known = profile.statistics[profile.primary].reason

    def reason(row: _Row) -> Cell:
        return Cell("" if row.judgement.reason == known else row.judgement.reason, "dim")

    columns.append(Column("", reason, goes=9, left=True))
    return table(columns, rows, width)


def how(compared: Compared) -> str:
    """How both sides were measured, and what the intervals are."""
    if compared.comparison.paired:
        return (
            "measured in turns in one session: values are geometric means over the rounds, and "
            f"intervals are of 95 % confidence{_looks(compared.comparison)}"
        )
    return (
        "measured in two sessions; intervals are of 95 % confidence and contain the noise between "
        "sessions, where it is known"
    )


def _looks(comparison: Comparison) -> str:
    """At which look the session ended, where it could end before its last round."""
    looks = comparison.looks
    if looks is None:
        return ""
    *before, last = map(str, looks.after or (0,))
    after = f"{', '.join(before)} and {last}" if before else last
    return (
        f" over all looks together: it was looked at after {after} of at most {looks.planned[-1]} "
        f"rounds and ended at look {len(looks.after)} of {len(looks.planned)}; each verdict is of "
        "the first look that had one"
    )


def _columns(compared: Compared) -> list[Column[_Row]]:
    a, b = _titles(compared.a, compared.b)
    return [
        Column("profile", lambda row: Cell(row.profile), left=True),
        Column("", lambda row: Cell(row.judgement.statistic), left=True),
        Column(a, lambda row: Cell(value_text(row.judgement.statistic, row.judgement.a)), goes=3),
        Column(b, lambda row: Cell(value_text(row.judgement.statistic, row.judgement.b)), goes=2),
        Column("difference", lambda row: Cell(change_text(row.judgement))),
        Column("95 % interval", lambda row: Cell(interval_text(row.judgement)), goes=1),
        Column("verdict", _verdict, left=True),
    ]


def _titles(a: SourceFacts, b: SourceFacts) -> tuple[str, str]:
    """Names as column titles, where they are short enough."""
    names = one_line(a.name), one_line(b.name)
    return names if max(map(len, names)) <= 16 else ("A", "B")


def _verdict(row: _Row) -> Cell:
    return Cell(row.judgement.verdict, TONES.get(row.judgement.verdict, "plain"))


def value_text(statistic: str, value: float | None) -> str:
    """With its unit."""
    if value is None:
        return "–"
    if statistic == "errors":
        return f"{value:.2%}" if value else "0 %"
    return f"{format_count(value)}/s" if statistic == "throughput" else format_duration(value)


def change_text(judgement: Judgement) -> str:
    """B less A, such as `+4.2 %`, in the unit of its interval; of errors in points of a
    percentage."""
    if judgement.statistic == "errors":
        if judgement.a is None or judgement.b is None:
            return "–"
        return f"{_signed(100 * (judgement.b - judgement.a))} points"
    return "–" if judgement.ratio is None else _change(judgement.ratio, judgement.high)


def interval_text(judgement: Judgement) -> str:
    """The confidence interval of the change."""
    if judgement.low is None or judgement.high is None:
        return "–"
    if judgement.statistic == "errors":
        return f"{_signed(100 * judgement.low)} to {_signed(100 * judgement.high)}"
    return _range(judgement.low, judgement.high)


def _range(low: float, high: float) -> str:
    """Both ends in the unit of the upper one."""
    if high >= _TIMES_FROM:
        return f"{_times(low)} to {_times(high)} times"
    return f"{_percent(low)} to {_percent(high)} %"


def _change(ratio: float, high: float | None) -> str:
    """In the unit in which `_range` has the interval up to `high`, if there is one."""
    if max(ratio, high or 0.0) >= _TIMES_FROM:
        return f"{_times(ratio)} times"
    return f"{_percent(ratio)} %"


def _times(ratio: float) -> str:
    if not math.isfinite(ratio) or ratio >= 1_000:
        return "over 1,000"
    return f"{ratio:.3g}"


def _percent(ratio: float) -> str:
    return _signed(100 * (ratio - 1))


def _signed(value: float) -> str:
    """Three digits are more than any comparison knows; zero has no sign."""
    text = f"{abs(value):.1f}"
    return text if not float(text) else f"{'+' if value > 0 else '−'}{text}"
