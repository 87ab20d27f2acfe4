"""A profile's load and lengths in the few words that a list or a table has room for."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.profiles.matrix import Cell, value_text
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


def load_text(load: Load) -> str:
    """Such as `4 workers, think 5.00ms`, `500/s poisson`, or `100/s → 1000/s`."""
    match load:
        case ClosedLoad():
            text = level_text(load, load.workers)
        case OpenLoad():
            text = level_text(load, load.rate_per_s)
        case StagedLoad():
            text = _stages_text(load)
    if not isinstance(load, OpenLoad) and load.think_time_ns:
        text += f", think {format_duration(load.think_time_ns)}"
    if not isinstance(load, ClosedLoad) and load.arrivals == "poisson":
        text += " poisson"
    return text


def level_text(load: Load, level: float) -> str:
    """A level of this load: `500/s`, or `4 workers`."""
    if is_open(load):
        return f"{format_count(level)}/s"
    return f"{format_count(level)} worker{'' if level == 1 else 's'}"


_STAGES_IN_FULL = 3


def _stages_text(load: StagedLoad) -> str:
    levels = [stage.level for stage in load.stages]
    if len(levels) > _STAGES_IN_FULL:
        most = level_text(load, max(levels))
        return f"{len(levels)} stages, up to {most}"
    if load.of == "rate":
        return " → ".join(level_text(load, level) for level in levels)
    return f"{' → '.join(format_count(level) for level in levels)} workers"


def length_text(length: Length) -> str:
    """Such as `5.00s`, or `1000 ops`."""
    parts = []
    if length.iterations:
        parts.append(f"{format_count(length.iterations)} ops")
    if length.duration_ns:
        parts.append(format_duration(length.duration_ns))
    return ", ".join(parts)


def stop_text(profile: Profile) -> str:
    """What ends the measure phase, such as `5.00s`, or `p99 ± 2 %, 60.0s` at most."""
    if profile.precision is None:
        return length_text(profile.stop)
    wanted = profile.precision
    return f"{wanted.statistic} ± {wanted.half_width * 100:.3g} %, {length_text(profile.stop)}"


_VALUES_IN_FULL = 6


def matrix_text(cells: Sequence[Cell]) -> str:
    """What the cells vary, such as `conversations 100, 1000; limit 10, 20`."""
    values: dict[str, dict[str, None]] = {}
    for cell in cells:
        for name, value in cell.items():
            values.setdefault(name, {})[value_text(value)] = None
    return "; ".join(f"{name} {_few(list(texts))}" for name, texts in values.items())


def _few(texts: Sequence[str]) -> str:
    if len(texts) > _VALUES_IN_FULL:
        texts = [*texts[: _VALUES_IN_FULL - 2], "…", texts[-1]]
    return ", ".join(texts)
