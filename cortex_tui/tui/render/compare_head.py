"""The lines above a comparison: the sides, how they were measured, what else differs."""

from __future__ import annotations

import math
from statistics import median

from cortex_tui.analysis.comparison import ProfileComparison
from cortex_tui.analysis.sessions import Compared
from cortex_tui.analysis.verdict import ALPHA
from cortex_tui.quantities import format_noun
from cortex_tui.report.comparison import statistics_table
from cortex_tui.tables import GAP, Tone
from cortex_tui.text import one_line
from cortex_tui.tui.render.forest import counts
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.text import Line, Span, fit, fit_within, width_of, wrap


def sides_line(compared: Compared, width: int, at: int = 0, of: int = 1) -> Line:
    """The two sides, and how many profiles have which verdict; which of several comparisons."""
    names = f" {one_line(compared.a.name)} ⟷ {one_line(compared.b.name)}"
    if of > 1:
        names += f"  ({at + 1} of {of})"
    found = counts(compared.comparison)
    used = sum(width_of(span.text) for span in found)
    return (Span(fit(names, max(0, width - used - 1)), "head"), *found)


def how_line(compared: Compared, width: int, of: int = 1) -> Line:
    """Whether the rounds are paired, how many there are, the noise, and how often all this is
    wrong."""
    comparison = compared.comparison
    profiles = comparison.profiles
    parts = ["in turns" if comparison.paired else "two sessions"]
    rounds = sorted({each.rounds for each in profiles})
    if rounds:
        side = "" if comparison.paired else " a side"
        texts = [f"{a}" if a == b else f"{a} and {b}" for a, b in rounds]
        parts.append(f"{' or '.join(texts)} round{'' if texts == ['1'] else 's'}{side}")
    whole = "" if of == 1 else f" in all {of}"
    if comparison.looks is not None and len(comparison.looks.after) > 1:
        whole += f" over {len(comparison.looks.after)} looks"
    parts.append(f"false alarms{whole} ≤ {100 * ALPHA:.0f} %")
    parts.append(_noise_text(compared))
    return (Span(fit_within(" " + " · ".join(filter(None, parts)), width), "dim"),)


def _noise_text(compared: Compared) -> str:
    """How far one round lies off, or of how many profiles the noise between sessions is known."""
    profiles = compared.comparison.profiles
    firsts = [each.statistics[each.primary] for each in profiles]
    if compared.comparison.paired:
        known = [each.spread for each in firsts if each.spread is not None]
        finite = [spread for spread in known if math.isfinite(spread)]
        return f"noise of a round {100 * median(finite):.1f} %" if finite else ""
    sure = sum(each.low is not None for each in firsts)
    if not sure:
        return "noise not known" if firsts else ""
    return "noise known" if sure == len(firsts) else f"noise known of {sure} of {len(firsts)}"


def differs_line(compared: Compared, width: int) -> Line:
    """What else differs, the worst first, as far as there is room."""
    found = [str(each) for each in compared.differences]
    count = len(compared.profile_differences)
    if count:
        found.append(f"definitions of {format_noun(count, 'profile')}")
    if compared.left_out:
        found.append(f"{len(compared.left_out)} left out")
    if compared.without_rounds:
        found.append(f"{len(compared.without_rounds)} with nothing to compare")
    only = len(compared.only_a) + len(compared.only_b)
    if only:
        found.append(f"{only} on one side only")
    if not found:
        return (Span(" nothing else differs", "dim"),)
    tone: Tone = "warn" if compared.broken or compared.not_compared or compared.missing else "plain"
    return (Span(fit_within(f" differs: {one_line('; '.join(found))}", width), tone),)


def values(compared: Compared, found: ProfileComparison, width: int) -> list[Line]:
    """Every statistic of a profile on both sides, and why its verdict is what it is."""
    builder = LineBuilder(width)
    for cells in statistics_table(compared, found, width):
        builder.row(
            tuple(Span(GAP * bool(at) + text, tone) for at, (text, tone) in enumerate(cells))
        )
    reason = found.statistics[found.primary].reason
    if reason:
        builder.lines.append(())
        builder.add(f"{found.verdict} at {found.primary}: {reason}")
    return builder.lines


def besides(compared: Compared, profile: str, width: int) -> list[Line]:
    """All that differs besides the times: between the sides, of this profile, of others."""
    builder = LineBuilder(width)
    own = compared.profile_differences.get(profile, ())
    if compared.differences:
        builder.add("between the sides", "head")
    for each in compared.differences:
        text = f"{each}: not the same thing" if each.breaks else str(each)
        builder.add(f"  {text}", "warn" if each.breaks else "plain", indent="    ")
    if own:
        builder.add(f"in the definition of {profile}", "head")
    for each in own:
        builder.add(f"  {each}", "warn" if each.breaks else "plain", indent="    ")
    others = [name for name in compared.profile_differences if name != profile]
    if others:
        builder.add(f"also in the definitions of {', '.join(others)}", indent="  ")
    for left_out in compared.left_out:
        why = "; ".join(str(each) for each in left_out.differences if each.breaks)
        text = f"{left_out.profile} is left out: {why or 'the sessions differ'}"
        builder.add(text, "warn", indent="  ")
    for side, names in ((compared.a, compared.only_a), (compared.b, compared.only_b)):
        if names:
            builder.add(f"only in {side.name}: {', '.join(names)}", indent="  ")
    for note in compared.notes:
        builder.add(note, indent="  ")
    if not builder.lines:
        builder.add("nothing else differs", "dim")
    return builder.lines


def message_lines(text: str, width: int) -> list[Line]:
    """Text of several lines, in place of what it is about."""
    lines: list[Line] = []
    for part in text.split("\n"):
        lines += [(Span(f" {line}"),) for line in wrap(one_line(part), max(width - 2, 1))]
    return lines
