"""The session document as plain dicts, lists and numbers, as a reader of the JSON has it."""

from __future__ import annotations

import json
from typing import Any

from cortex_tui.formats.session_json import write_session
from cortex_tui.results.session_result import SessionResult


def session_document(result: SessionResult) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(write_session(result))
    return document
