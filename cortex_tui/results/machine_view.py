"""A machine of a cluster while a session runs on it."""

from __future__ import annotations

from typing import Literal

import msgspec


class MachineView(msgspec.Struct, frozen=True, kw_only=True):
    """How it is at one moment. Times are from the start of the session, in ns."""

    name: str
    runners: int
    """How many were started on it."""
    state: Literal["connected", "silent", "lost"] = "connected"
    reason: str = ""
    """Why it was lost."""
    since_ns: int | None = None
    """From when on it has been in that state; None for always."""
    clock_bound_ns: int | None = None
    """By how much its moments may be wrong on the session's clock; None while that is unknown."""
