"""The progress of a session as a small table under the prompt, drawn over and over in its place.

It needs no other screen: whatever stands above stays, and only the last lines of the terminal are
written again. Their number is known from what was drawn and from how wide the terminal is now.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TextIO

from cortex_tui.placement.registry import place_of
from cortex_tui.report.progress import Progress, log_text, progress_line
from cortex_tui.report.results import by_profile, live_table
from cortex_tui.report.stream import height_of, is_terminal, toned, wants_colour, width_of
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.view import SessionView
from cortex_tui.tables import GAP, Cell
from cortex_tui.text import cell_width, one_line

MOST_ROWS = 20
"""More would not be a small table; the others are counted in a line."""
MOST_LOG_LINES = 50
"""Of what workloads print, between two draws; more could not be read, and would cost time."""
LOST_S = 3.0
"""After that long without a draw, what stands above the cursor may be something else: the program
was suspended, or a debugger has asked for commands. Then the table is drawn anew below it."""
SHARED_LOOP_EVERY = 4
"""Of how many views one is drawn, where drawing happens on the loop that is measured."""


def can_redraw(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether lines of the stream can be overwritten."""
    return is_terminal(stream) and environment.get("TERM", "") not in ("", "dumb")


class DrawnLine(NamedTuple):
    text: str
    """With the codes of its colours."""
    cells: int
    """How wide it is."""


class LiveTable(Progress):
    """Shows views as a table that is drawn again in its place, and the log above it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._colour = wants_colour(stream)
        self._reflows = _reflows(os.environ)
        self._drawn: Sequence[DrawnLine] = ()
        """What stands on the terminal now, the cursor at the end of its last line."""
        self._drawn_width = 0
        self._drawn_at = 0.0
        self._views = 0
        self._log_lines = 0
        """How many lines of the log there were in all views so far."""
        self._is_drawing = False
        self._waiting: list[str] = []
        """Reports that came, from a signal handler, while the table was being drawn."""

    def show(self, view: SessionView) -> None:
        self._warn_of_store(view)
        self._views += 1
        if not place_of(view.placement).shares_loop or self._views % SHARED_LOOP_EVERY == 1:
            most = max(min(MOST_ROWS, height_of(self._stream) - 4), 1)
            self._draw(self._new_log(view), self._table(view, most))

    def report(self, text: str) -> None:
        if self._is_drawing:
            self._waiting.append(text)
        else:
            self._draw(text.split("\n"), self._drawn)

    def clear(self) -> None:
        self._draw((), ())

    def end(self, view: SessionView, *, has_table: bool) -> None:
        self._draw(self._new_log(view), () if has_table else self._table(view, len(view.runs)))
        if self._drawn:
            self._drawn = ()
            self._write("\n")

    def _new_log(self, view: SessionView) -> list[str]:
        """The lines that no earlier view had."""
        count = view.log_dropped + len(view.log)
        new = view.log[max(len(view.log) - count + self._log_lines, 0) :]
        missing = count - self._log_lines - min(len(new), MOST_LOG_LINES)
        self._log_lines = count
        lines = [log_text(entry) for entry in new[-MOST_LOG_LINES:]]
        return [f"  | … {missing:,} more lines", *lines] if missing > 0 else lines

    def _table(self, view: SessionView, most: int) -> list[DrawnLine]:
        width = max(width_of(self._stream) - 1, 1)
        runs = newest_runs(view.runs)
        shown = worth_showing(runs, most)
        lines = [_drawn(cells, width, colour=self._colour) for cells in live_table(shown, width)]
        if len(shown) < len(runs):
            more = Cell(f"+ {len(runs) - len(shown):,} more", "dim")
            lines.append(_drawn([more], width, colour=self._colour))
        return [*lines, _drawn([Cell(progress_line(view))], width, colour=False)]

    def _draw(self, above: Iterable[str], table: Sequence[DrawnLine]) -> None:
        """Writes the table over the one that was drawn last, with new lines above it."""
        self._is_drawing = True
        if self._drawn and time.monotonic() - self._drawn_at > LOST_S:
            self._write("\n")
            self._drawn = ()
        try:
            while True:
                new = "".join(f"{one_line(line)}\n" for line in above)
                text = "\x1b[K\n".join(line.text for line in table)
                if new or text or self._drawn:
                    width = width_of(self._stream)
                    # Rows that a terminal broke stay joined for it until they are erased.
                    erase = "\x1b[J" if new or width != self._drawn_width else ""
                    self._write(f"{self._to_first_line(width)}{erase}{new}{text}\x1b[J")
                    self._drawn_width = width
                self._drawn = table
                above, self._waiting = self._waiting, []
                if not above:
                    break
        finally:
            self._drawn_at = time.monotonic()
            self._is_drawing = False

    def _to_first_line(self, width: int) -> str:
        """Moves the cursor to where the drawn table begins.

        Most terminals break lines anew when they get narrower; then these take more rows. What was
        scrolled out of the screen by that cannot be reached, and stays. So may the top of a table
        that was drawn before the terminal had reported its new size, as tmux does after 0.25 s.
        """
        rows = sum(max(-(-line.cells // width), 1) for line in self._drawn)
        up = min(rows if self._reflows else len(self._drawn), height_of(self._stream)) - 1
        return f"\r\x1b[{up}A" if up > 0 else "\r"


def newest_runs(runs: Sequence[RunResult]) -> list[RunResult]:
    """For each profile, and each variant of it, the run that has begun last; else the first."""
    newest: dict[tuple[str, str], RunResult] = {}
    for run in runs:
        key = run.profile.full_name, run.variant
        if key not in newest or run.state != "planned":
            newest[key] = run
    return by_profile(list(newest.values()))


def worth_showing(runs: Sequence[RunResult], most: int) -> list[RunResult]:
    """At most that many, in their order: those that run, then those that failed, then those that
    have ended, the last ones first, then those that come next."""

    def rank(at: int) -> tuple[int, int]:
        state = runs[at].state
        if state == "planned":
            return 3, at
        return (0 if state == "running" else 1 if state == "failed" else 2), -at

    return [runs[at] for at in sorted(sorted(range(len(runs)), key=rank)[:most])]


def _drawn(cells: Sequence[Cell], width: int, *, colour: bool) -> DrawnLine:
    """A line of at most that many cells."""
    parts: list[str] = []
    left = width
    for at, cell in enumerate(cells, 1):
        text = cell.text.rstrip() if at == len(cells) else f"{cell.text}{GAP}"
        text = _first_cells(text, left)
        left -= cell_width(text)
        parts.append(toned(text, cell.tone, colour=colour))
    return DrawnLine("".join(parts), width - left)


def _first_cells(text: str, width: int) -> str:
    """As much of the text as fits."""
    while cell_width(text) > width:
        text = text[:-1]
    return text


def _reflows(environment: Mapping[str, str]) -> bool:
    """Whether the terminal breaks lines anew when its width changes.

    All that are widely used do, but for the Linux console, GNU screen and xterm. A terminal cannot
    be asked for it; the variables that these three set are known.
    """
    if "TMUX" in environment:
        return True
    known = environment.get("TERM", "") == "linux" or "STY" in environment
    return not (known or "XTERM_VERSION" in environment)
