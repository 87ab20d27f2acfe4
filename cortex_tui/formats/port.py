"""What a format is: a way to write a session's result as bytes, and perhaps to read it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cortex_tui.results.document import SessionDocument
from cortex_tui.results.session_result import SessionResult


class Format(NamedTuple):
    name: str
    suffix: str
    """Of a file in this format, such as `.json`."""
    write: Callable[[SessionResult], bytes]
    """The session with its histograms, whole, as a file or a pipe takes it."""
    read: Callable[[bytes], SessionDocument] | None = None
    """Raises DocumentError for what is not in this format; None where it is only written."""
