"""A profile in words: in a line of its row, and in full."""

from __future__ import annotations

from cortex_tui.profiles.description import stop_text
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.quantities import format_count, format_duration, format_half_width
from cortex_tui.tui.render.line_builder import LineBuilder


def plan_text(profile: Profile) -> str:
    """The definition in a line: load, length and targets."""
    return " · ".join([profile.load.text, stop_text(profile), *profile.targets])


def _length(length: Length) -> str:
    bounds = [format_duration(length.duration_ns)] if length.duration_ns else []
    if length.iterations:
        bounds.append(f"{format_count(length.iterations)} operations")
    return " or ".join(bounds) or "none"


def _stop(profile: Profile) -> str:
    if profile.until_decided is not None:
        return (
            f"until its targets are decided, at least {_length(profile.until_decided)}, at most "
            f"{_length(profile.stop)}"
        )
    if (wanted := profile.precision) is None:
        return _length(profile.stop)
    return (
        f"until {wanted.statistic} is known {format_half_width(wanted.half_width)}, "
        f"{format_duration(wanted.at_least_ns)} to {format_duration(wanted.at_most_ns)}"
    )


def _warmup(profile: Profile) -> str:
    length = _length(profile.warmup)
    return f"until steady, at most {length}" if profile.auto_warmup else length


def add_definition(builder: LineBuilder, profile: Profile, *, targets: bool) -> None:
    """Adds the whole definition; `targets` are left out where the results have them."""
    builder.fact("workload", profile.workload)
    if profile.params:
        builder.fact("params", ", ".join(f"{key}={value}" for key, value in profile.params.items()))
    for at, line in enumerate(profile.load.lines):
        builder.fact("" if at else "load", line)
    builder.fact("length", f"{_stop(profile)}, warm-up {_warmup(profile)}")
    if profile.alone:
        builder.fact("alone", "measured without neighbours")
    if profile.on_lost == "stop":
        builder.fact("on_lost", "the run stops when one of its processes is lost")
    if profile.timeout_ns:
        builder.fact("timeout", format_duration(profile.timeout_ns))
    if profile.tags:
        builder.fact("tags", ", ".join(profile.tags))
    if targets:
        for target in profile.targets or ("none",):
            builder.fact("target", target)
        for target in profile.warn_targets:
            builder.fact("target", f"{target} (only a warning)")
    if profile.has_database:
        builder.fact("database", profile.database)
    if profile.source:
        builder.fact("from", profile.source)
