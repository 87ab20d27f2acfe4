"""The formats in which the result of a session is written. To add one, add it to `FORMATS`."""

from __future__ import annotations

from cortex_tui.formats import session_json
from cortex_tui.formats.port import Format

FORMATS: dict[str, Format] = {session_json.FORMAT.name: session_json.FORMAT}
"""By name."""
