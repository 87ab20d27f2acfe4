"""What applies to every kind of store."""

from typing import Literal

import msgspec

BUSY_TIMEOUT_S = 5.0
SEARCH_TIMEOUT_S = 5.0

Synchronous = Literal["NORMAL", "FULL"]
"""Whether a power cut may cost the last commits, or a commit is on the disk when it is reported."""


class StoreSettings(msgspec.Struct, frozen=True):
    """`synchronous` None leaves the choice to the store; the others are seconds: how long to wait
    for others who use it, and for a search or another read that does not get by id."""

    synchronous: Synchronous | None = None
    busy_timeout_s: float = BUSY_TIMEOUT_S
    search_timeout_s: float = SEARCH_TIMEOUT_S
