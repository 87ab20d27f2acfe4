"""What a session's workloads printed, up to a bound of lines, and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from cortex_tui.limits import MAX_LOG_LINES, MAX_SHOWN_LINE_CHARS
from cortex_tui.protocol.messages import LogLine
from cortex_tui.results.view import LogEntry
from cortex_tui.text import cut, lines


class SessionLog:
    """The newest MAX_LOG_LINES lines, and how many there were."""

    def __init__(
        self, name_of: Callable[[int], str], since_start_ns: Callable[[int], int | None]
    ) -> None:
        """`name_of` gives the name of the run with a number, "" for none; `since_start_ns` how long
        after the session's start a moment was, None while that is not known."""
        self.lines: deque[LogLine] = deque(maxlen=MAX_LOG_LINES)
        self.total = 0
        """Of lines, with those that are gone."""
        self._entries: deque[LogEntry] = deque(maxlen=MAX_LOG_LINES)
        """What views have of the lines; made once for each."""
        self._name_of = name_of
        self._since_start_ns = since_start_ns

    @property
    def entries(self) -> tuple[LogEntry, ...]:
        return tuple(self._entries)

    @property
    def dropped(self) -> int:
        """How many earlier lines are gone."""
        return self.total - len(self.lines)

    def add(self, message: LogLine) -> None:
        text = lines(cut(message.text, MAX_SHOWN_LINE_CHARS))
        line = msgspec.structs.replace(message, text=text)
        self.lines.append(line)
        self._entries.append(self._entry(line))
        self.total += 1

    def know_start(self) -> None:
        """Gives what was printed before the session's start was known its time."""
        self._entries.clear()
        self._entries.extend(self._entry(line) for line in self.lines)

    def offset_ns(self, line: LogLine) -> int | None:
        """When the line was printed, since the session's start; None if that is not known."""
        return self._since_start_ns(line.at_ns)

    def _entry(self, line: LogLine) -> LogEntry:
        return LogEntry(line.text, line.stream, self._name_of(line.run), self.offset_ns(line))
