"""What a format is: a way to write a session as bytes, to read one, or both."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cortex_tui.analysis.sessions import Compared
from cortex_tui.results.session_result import SessionResult
from cortex_tui.store.records import IntervalRecord, StoredSession
from cortex_tui.text import as_reason


class FormatError(Exception):
    """What is to be read is not in the format, or cannot be; the text is one line that says why,
    whatever the file holds that it repeats."""

    def __init__(self, text: str) -> None:
        super().__init__(as_reason(text))


class Recording(NamedTuple):
    """All that a format can write of a session."""

    result: SessionResult
    intervals: tuple[IntervalRecord, ...] = ()
    """As they are stored; a session that is still in memory alone has none here."""
    compared: tuple[Compared, ...] = ()
    """Its variants with the first of them, or itself with a baseline."""


class Origin(NamedTuple):
    """What is known of a file that is read besides its bytes."""

    name: str
    """Of the file, without its folder."""
    unit_ns: int = 1
    """What the values are counted in, for formats that do not hold it."""

    @property
    def stem(self) -> str:
        return self.name.split(".")[0] or self.name


class Format(NamedTuple):
    name: str
    suffix: str
    """Of a file in this format, such as `.json`."""
    about: str
    """What it is for, in a few words."""
    lost: str
    """What of a session it does not hold, or what the file lacks; "" for nothing."""
    write: Callable[[Recording], bytes] | None = None
    """The session as a file or a pipe takes it; None where the format is only read."""
    read: Callable[[bytes, Origin], StoredSession] | None = None
    """The session in a file, as it is to be stored; FormatError for anything else. None where the
    format is only written."""
    recognises: Callable[[str, bytes], bool] | None = None
    """Whether a file is in this format, by its name and its first bytes; for those that are read.
    """
