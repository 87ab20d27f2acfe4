"""The rules that fields share. Each appends to `found`, so one look reports every fault."""

import math
from datetime import UTC, datetime, timedelta
from enum import Enum

from cortex_core.domain.violations import Violation

COUNT_MOST = 2**63 - 1
"""The largest whole number that is stored: 64 bits, signed."""

_NO_OFFSET = timedelta(0)


def utc_now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


def text(
    found: list[Violation],
    field: str,
    value: object,
    *,
    least: int = 0,
    most: int | None = None,
    stored: bool = True,
) -> None:
    """`value` is text of `least` to `most` characters, in UTF-8. Text that is `stored` has no NUL,
    which PostgreSQL does not keep, and at which programs in C take a text to end."""
    if not isinstance(value, str):
        found.append(Violation(field, f"expected text, got {type(value).__name__}"))
        return
    if len(value) < least:
        found.append(Violation(field, f"expected at least {least} characters, got {len(value)}"))
    if most is not None and len(value) > most:
        found.append(Violation(field, f"expected at most {most} characters, got {len(value)}"))
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            found.append(Violation(field, "expected text that UTF-8 can hold, got half a pair"))
    if stored and "\0" in value:
        found.append(Violation(field, "expected text without NUL characters (U+0000)"))


def texts(found: list[Violation], field: str, value: object) -> None:
    """`value` is a tuple of texts, none of them empty."""
    if not isinstance(value, tuple):
        found.append(Violation(field, f"expected a tuple of texts, got {type(value).__name__}"))
        return
    for number, each in enumerate(value):
        text(found, f"{field}[{number}]", each, least=1)


def member(found: list[Violation], field: str, value: object, kind: type[Enum]) -> None:
    """`value` is one of the members of `kind`; a text that only reads like one is not."""
    if isinstance(value, kind):
        return
    meant = next((each.name for each in kind if isinstance(value, str) and each.value == value), "")
    names = meant or ", ".join(each.name for each in kind)
    expected = f"{kind.__name__}.{names}" if meant else f"a {kind.__name__} ({names})"
    got = f"the text {value[:80]!r}" if isinstance(value, str) else type(value).__name__
    found.append(Violation(field, f"expected {expected}, got {got}"))


def flag(found: list[Violation], field: str, value: object) -> None:
    """`value` is True or False; what only counts as one of them is not."""
    if not isinstance(value, bool):
        found.append(Violation(field, f"expected True or False, got {type(value).__name__}"))


def number(found: list[Violation], field: str, value: object) -> None:
    """`value` is a number that stores can compare with: not NaN, and no more than 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        found.append(Violation(field, f"expected a number, got {type(value).__name__}"))
    elif isinstance(value, float):
        if math.isnan(value):
            found.append(Violation(field, "expected a number, got NaN"))
    elif not -COUNT_MOST - 1 <= value <= COUNT_MOST:
        found.append(Violation(field, "expected a number of at most 64 bits"))


def share(found: list[Violation], field: str, value: object) -> None:
    """`value` is a number from 0 to 1; NaN is not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        found.append(Violation(field, f"expected a number from 0 to 1, got {type(value).__name__}"))
    elif not 0.0 <= value <= 1.0:
        found.append(Violation(field, f"expected a number from 0 to 1, got {_shown(value)}"))


def whole(
    found: list[Violation], field: str, value: object, *, least: int, most: int = COUNT_MOST
) -> None:
    """`value` is a whole number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int):
        found.append(Violation(field, f"expected a whole number, got {type(value).__name__}"))
    elif not least <= value <= most:
        is_open = most == COUNT_MOST and value < least
        wanted = f"of at least {least}" if is_open else f"from {least} to {most}"
        found.append(Violation(field, f"expected a whole number {wanted}, got {_shown(value)}"))


def aware(found: list[Violation], field: str, value: object) -> None:
    """`value` is a time with a time zone."""
    if not isinstance(value, datetime):
        found.append(Violation(field, f"expected a time, got {type(value).__name__}"))
    elif value.utcoffset() is None:
        found.append(Violation(field, "expected a time with a time zone, got one without"))


def moment(found: list[Violation], field: str, value: object, now: datetime) -> None:
    """`value` is an aware time in UTC, and `now` has reached it."""
    if not isinstance(value, datetime):
        found.append(Violation(field, f"expected a time, got {type(value).__name__}"))
    elif value.utcoffset() != _NO_OFFSET:
        got = "one without a time zone" if value.tzinfo is None else f"one at {value:%z}"
        found.append(Violation(field, f"expected a time in UTC, got {got}"))
    elif value > now:
        found.append(Violation(field, f"expected a time that has passed, got {value.isoformat()}"))


def _shown(number: float) -> str:
    """A number as text. Python refuses to write out thousands of digits."""
    too_long = isinstance(number, int) and number.bit_length() > 64
    return "one of more than 64 bits" if too_long else str(number)
