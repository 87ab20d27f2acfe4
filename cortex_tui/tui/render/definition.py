"""A profile in words: in a line of its row, and in full."""

from __future__ import annotations

from cortex_tui.profiles.model import (
    ClosedLoad,
    Length,
    Load,
    OpenLoad,
    Profile,
    StagedLoad,
    is_open,
)
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.tui.render.sheet import Sheet


def workers_text(count: float) -> str:
    return "1 worker" if count == 1 else f"{format_count(count)} workers"


def level_text(load: Load, level: float) -> str:
    """A level of this load: a rate, or a number of workers."""
    return f"{format_count(level)}/s" if is_open(load) else workers_text(level)


def load_text(load: Load) -> str:
    """How operations are started: `1 worker`, `500/s`, `3 stages, 1000/s at most`."""
    match load:
        case ClosedLoad():
            return workers_text(load.workers)
        case OpenLoad():
            return level_text(load, load.rate_per_s)
        case StagedLoad():
            most = max((stage.level for stage in load.stages), default=0.0)
            stages = "1 stage" if len(load.stages) == 1 else f"{len(load.stages)} stages"
            return f"{stages}, {level_text(load, most)} at most"


def plan_text(profile: Profile) -> str:
    """The definition in a line: load, length and targets."""
    stop = profile.stop
    length = [format_duration(stop.duration_ns)] if stop.duration_ns else []
    if profile.precision is not None:
        length.append(f"{profile.precision.statistic} ± {profile.precision.half_width:.1%}")
    if stop.iterations:
        length.append(f"{format_count(stop.iterations)} operations")
    return " · ".join([load_text(profile.load), *length, *profile.targets])


def _length(length: Length) -> str:
    bounds = [format_duration(length.duration_ns)] if length.duration_ns else []
    if length.iterations:
        bounds.append(f"{format_count(length.iterations)} operations")
    return " or ".join(bounds) or "none"


def _stop(profile: Profile) -> str:
    if (wanted := profile.precision) is None:
        return _length(profile.stop)
    return (
        f"until {wanted.statistic} is known ± {wanted.half_width:.1%}, "
        f"{format_duration(wanted.at_least_ns)} to {format_duration(wanted.at_most_ns)}"
    )


def _warmup(profile: Profile) -> str:
    length = _length(profile.warmup)
    return f"until steady, at most {length}" if profile.auto_warmup else length


def _load(load: Load) -> list[str]:
    """How operations are started, in full."""
    match load:
        case ClosedLoad():
            lines = [f"{workers_text(load.workers)}, closed: cannot see queueing"]
        case OpenLoad():
            lines = [f"open: {format_count(load.rate_per_s)}/s, {load.arrivals} arrivals"]
        case StagedLoad():
            kind = (
                f"open, {load.arrivals} arrivals"
                if is_open(load)
                else "closed: cannot see queueing"
            )
            lines = [f"in stages, {kind}"]
            for stage in load.stages:
                way, level = "to" if stage.ramp else "at", level_text(load, stage.level)
                lines.append(f"{way} {level} for {format_duration(stage.duration_ns)}")
    if not isinstance(load, ClosedLoad) and is_open(load):
        lines.append(f"at most {format_count(load.max_in_flight)} in flight")
    if not isinstance(load, OpenLoad) and load.think_time_ns:
        lines.append(f"think time {format_duration(load.think_time_ns)}")
    return lines


def define(page: Sheet, profile: Profile, *, targets: bool) -> None:
    """Adds the whole definition; `targets` are left out where results tell of them."""
    page.fact("workload", profile.workload)
    if profile.params:
        page.fact("params", ", ".join(f"{key}={value}" for key, value in profile.params.items()))
    for at, line in enumerate(_load(profile.load)):
        page.fact("" if at else "load", line)
    page.fact("length", f"{_stop(profile)}, warm-up {_warmup(profile)}")
    if profile.timeout_ns:
        page.fact("timeout", format_duration(profile.timeout_ns))
    if profile.tags:
        page.fact("tags", ", ".join(profile.tags))
    if targets:
        for target in profile.targets or ("none",):
            page.fact("target", target)
    page.fact("database", profile.database)
    if profile.source:
        page.fact("from", profile.source)
