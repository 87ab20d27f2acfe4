"""Moments of the past as a person writes them: a day, a time of it, or an age."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from cortex_tui.text import quoted

EXPECTED = "a day such as 2026-03-31, a time such as 2026-03-31T18:00 (UTC), or an age such as 7d"

_AGE = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment_of(text: str, now: datetime | None = None) -> str:
    """UTC in ISO 8601, as the store has it. Raises ValueError that says what was expected."""
    age = _AGE.fullmatch(text)
    try:
        if age is not None:
            back = timedelta(**{_UNITS[age[2]]: int(age[1])})
            moment = (now or datetime.now(UTC)) - back
        else:
            moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise ValueError(f"expected {EXPECTED}, got {quoted(text)}") from None
