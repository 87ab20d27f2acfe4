"""A finding, and how facts are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Level = Literal["ok", "note", "warning"]
Facts = Mapping[str, Any]

UNKNOWN = "cannot tell"


class Finding(msgspec.Struct, frozen=True):
    """What is, what that does to the numbers, and what to do about it."""

    level: Level
    """ok: nothing to do. note: to be known. warning: numbers suffer from it."""
    topic: str
    what: str
    effect: str = ""
    advice: str = ""


def unknown(topic: str, why: str = "") -> Finding:
    return Finding("note", topic, f"{UNKNOWN}{f' ({why})' if why else ''}")
