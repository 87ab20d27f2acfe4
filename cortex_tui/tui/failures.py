"""Why an action failed, for a person to read."""

from __future__ import annotations


def reason_of(error: BaseException) -> str:
    """Such as `/data/x.svg: No space left on device`; never empty."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return str(error) or type(error).__name__
