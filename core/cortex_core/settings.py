"""What applies to every kind of store."""

from typing import Literal

import msgspec

BUSY_TIMEOUT_S = 5.0
SEARCH_TIMEOUT_S = 5.0

TIMEOUT_MOST_S = 1_000_000
"""The longest timeout, 11 days. SQLite and PostgreSQL count milliseconds with 32 bits."""

Synchronous = Literal["NORMAL", "FULL"]
"""Whether a power cut may cost the last commits, or a commit is on the disk when it is reported."""


class StoreSettings(msgspec.Struct, frozen=True):
    """`synchronous` None leaves the choice to the store; the others are seconds: how long to wait
    for others who use it, and for a search or another read that does not get by id. Raises
    ValueError for what no store can have."""

    synchronous: Synchronous | None = None
    busy_timeout_s: float = BUSY_TIMEOUT_S
    search_timeout_s: float = SEARCH_TIMEOUT_S

    def __post_init__(self) -> None:
        if self.synchronous is not None:
            check_synchronous(self.synchronous)
        check_timeout("busy_timeout_s", self.busy_timeout_s)
        check_timeout("search_timeout_s", self.search_timeout_s)


def check_synchronous(given: object) -> None:
    """Raises ValueError where it is no `Synchronous`."""
    if given not in ("NORMAL", "FULL"):
        raise ValueError(f'synchronous: expected "NORMAL" or "FULL", got {given!r}')


def check_timeout(name: str, given_s: object) -> None:
    """Raises ValueError where it is no number of seconds that every store can wait."""
    if isinstance(given_s, bool) or not (
        isinstance(given_s, int | float) and 0 <= given_s <= TIMEOUT_MOST_S
    ):
        raise ValueError(
            f"{name}: expected seconds from 0 to {TIMEOUT_MOST_S:,}, got {_shown(given_s)}"
        )


def _shown(given: object) -> str:
    # Python refuses to write out thousands of digits.
    too_long = isinstance(given, int) and given.bit_length() > 64
    return "a number of more than 64 bits" if too_long else repr(given)
