"""A profile's lengths and matrix in the few words that a list or a table has room for."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.profiles.matrix import Cell, value_text
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.quantities import format_count, format_duration, format_half_width


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
    if profile.until_decided is not None:
        return f"until decided, {length_text(profile.stop)}"
    if profile.precision is None:
        return length_text(profile.stop)
    wanted = profile.precision
    precision = format_half_width(wanted.half_width)
    return f"{wanted.statistic} {precision}, {length_text(profile.stop)}"


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
