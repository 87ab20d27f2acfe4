"""What a pane is: a part of the main screen about the run under the cursor, opened by its key."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.containers import Container

from cortex_tui.profiles.model import Problem
from cortex_tui.tui.render.marks import CURSOR
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.state.cost import ScreenCost
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Entry
from cortex_tui.tui.state.pace import Pace
from cortex_tui.tui.widgets.lines import Lines, TextLine


class PaneInput(NamedTuple):
    """What panes are drawn from."""

    entry: Entry | None
    """The row under the cursor; None where the table has no rows."""
    latest: LatestRuns
    problems: tuple[Problem, ...]
    """What is wrong with the suites."""
    cost: ScreenCost
    pace: Pace
    cores: int
    """How many there are for runner and screen."""


class Pane(Container):
    """A heading above lines that scroll.

    A pane is a direct child of the screen and is mounted when it is first opened: each further
    container adds 0.15 ms to every refresh of what is in it.
    """

    NAME: ClassVar[str]
    KEY: ClassVar[str]
    """Opens the pane, and closes it again. Empty for the one that is there when no other is."""
    LABEL: ClassVar[str]
    """For the key line and the palette."""
    TOOLTIP: ClassVar[str]
    RANK: ClassVar[int] = 0
    """The place of its key in the key line when there is not room for all; with 0 it has none."""

    DEFAULT_CSS = """
    Pane {
        & > .heading { background: $panel; dock: top; }
        Lines { width: 1fr; }
        &.-closed { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines = Lines()
        """What scrolls and takes the focus."""
        self._heading = TextLine(classes="heading")

    def compose(self) -> ComposeResult:
        yield self._heading
        yield self.lines

    def show(self, now: PaneInput) -> None:
        """Draws what has changed."""
        mark = Span(CURSOR if self.lines.has_focus else " ")
        self._heading.line = (mark, *self.heading(now))
        self.draw(now)

    @classmethod
    def has_content(cls, now: PaneInput) -> bool:
        """Whether it has something to show now; its key is dim otherwise, but opens it."""
        return True

    def heading(self, now: PaneInput) -> Line:
        """The line above, without the mark of the focus."""
        raise NotImplementedError  # each pane has its own

    def draw(self, now: PaneInput) -> None:
        """Draws what has changed below the heading."""
        raise NotImplementedError  # each pane has its own


class LinesPane(Pane):
    """A pane that has nothing but lines."""

    HEADING: ClassVar[str]
    FOLLOWS: ClassVar[bool] = False
    """Whether it keeps its end in sight once that was."""

    def heading(self, now: PaneInput) -> Line:
        return (Span(self.HEADING, "head"),)

    def draw(self, now: PaneInput) -> None:
        source = partial(self.lines_of, now)
        self.lines.show(source, topic=self.NAME, follow=self.FOLLOWS)

    @staticmethod
    def lines_of(now: PaneInput, width: int) -> list[Line]:
        """What it shows, in lines of at most `width` cells."""
        raise NotImplementedError  # each pane has its own
