"""Checks of what a file holds: numbers are numbers, and texts are harmless."""

from __future__ import annotations

import math
from typing import Any

from cortex_tui.formats.port import FormatError
from cortex_tui.stats.codec import MAX_TOTAL
from cortex_tui.text import encodable, one_line

MAX_NAME_CHARS = 300
MAX_NS = 1 << 62


def ns_of(value: Any, unit_ns: float, what: str) -> float:
    """A time of the file in ns; FormatError for what is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormatError(f"{what}: expected a number, got {_short(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise FormatError(f"{what}: expected a finite number, got {value}")
    if not 0 <= value <= MAX_NS / unit_ns:
        raise FormatError(f"{what}: expected a time, got {_short(value)}")
    return float(value) * unit_ns


def count_of(value: Any, what: str) -> int:
    """A count of the file; FormatError for what is none, or more than can be counted."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not 0 <= value <= MAX_TOTAL:
        raise FormatError(f"{what}: expected a count, got {_short(value)}")
    return int(value)


def text_of(value: Any, limit: int = MAX_NAME_CHARS) -> str:
    """A text of the file on one line, harmless and not too long."""
    text = one_line(str(encodable(value if isinstance(value, str) else str(value)[: limit * 4])))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _short(value: Any) -> str:
    return text_of(repr(value)[:60], 60)
