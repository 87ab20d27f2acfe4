"""The line that a runner writes while its event loop is blocked, when it can send no message."""

from __future__ import annotations

import re

from cortex_tui.quantities import format_seconds

_LINE = re.compile(r"the event loop has been blocked for [^:]+: (.+)")
_NOT_KNOWN = "where is not known"


def block_line(blocked_ns: int, cause: str) -> str:
    """For how long the loop has been blocked, and by what, such as `at prices.py:21 in lookup`;
    `cause` is empty where that is not known."""
    blocked = format_seconds(blocked_ns, 1)
    return f"the event loop has been blocked for {blocked}: {cause or _NOT_KNOWN}"


def cause_in(line: str) -> str:
    """What blocks the loop by such a line; empty where it is not known, or in another line."""
    found = _LINE.fullmatch(line)
    return "" if found is None or found[1] == _NOT_KNOWN else found[1]
