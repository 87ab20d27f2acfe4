"""What a pane is: a part of the main screen about the run under the cursor, opened by its key."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from cortex_tui.profiles.model import Problem
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.tui.render.marks import CURSOR
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.state.cost import ScreenCost
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Entry
from cortex_tui.tui.state.pace import Pace
from cortex_tui.tui.state.travel import window_text
from cortex_tui.tui.state.versus import Versus
from cortex_tui.tui.widgets.lines import Lines, Move, TextLine


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
    run: RunResult | None = None
    """That of the row under the cursor, within the window if there is one; None until that is
    known, as `awaited` says."""
    whole: RunResult | None = None
    """The same run, from its beginning to its end."""
    series: RunSeries | None = None
    """The intervals of that run; None until they have come, and where no pane asks for them."""
    window: TimeWindow | None = None
    """The part of the run that is looked at; None for all of it."""
    versus: Versus = Versus()
    """What runs are compared with, and the verdicts; `baseline` is its run of this profile."""
    awaited: bool = False
    """Whether the run's intervals have not come yet, of which its numbers in the window are."""
    checked: tuple[RunResult, ...] = ()
    """The newest runs of the checked rows, within the window, as far as they are known."""

    def nothing(self, text: str) -> str:
        """`text`, which says why there is no run, or that it is to come."""
        return "No numbers of this part of the run have come." if self.awaited else text

    @property
    def baseline(self) -> RunResult | None:
        """The run of the same profile in the session that runs are compared with."""
        return self.versus.run_of(self.entry.key) if self.entry and self.entry.profile else None


class Pane(Container):
    """A heading above a body that takes the focus.

    A pane is a direct child of the screen and is mounted when it is first opened: each further
    container adds 0.15 ms to every refresh of what is in it.
    """

    NAME: ClassVar[str]
    TAB: ClassVar[int] = 0
    """The number that opens it, and its place in the line of tabs; 0 stays out of it."""
    KEY: ClassVar[str] = ""
    """A letter that opens the pane, and closes it again."""
    LABEL: ClassVar[str]
    """For tabs, key line and palette."""
    TOOLTIP: ClassVar[str]
    RANK: ClassVar[int] = 0
    """The place of its key in the key line when there is not room for all; with 0 it has none."""
    NEEDS: ClassVar[tuple[str, ...]] = ()
    """Modules that it draws with and the first frame does without: they bring numpy or SQLite. They
    are imported behind that frame, so that the key that opens it need not wait."""
    WANTS_SERIES: ClassVar[bool] = False
    """Whether it is drawn from the intervals of the run, which are fetched then."""

    DEFAULT_CSS = """
    Pane {
        & > .heading { background: $panel; dock: top; }
        Lines { width: 1fr; }
    }
    """

    class WindowChosen(Message):
        """A part of the run was selected with the mouse; None for all of it."""

        def __init__(self, window: TimeWindow | None) -> None:
            super().__init__()
            self.window = window

    body: Widget
    """What takes the focus; made before the pane is mounted."""

    def __init__(self) -> None:
        super().__init__()
        self._heading = TextLine(classes="heading")

    def compose(self) -> ComposeResult:
        yield self._heading
        yield self.body

    @property
    def is_complete(self) -> bool:
        """Whether nothing of what it was given last is still to be drawn."""
        return True

    @property
    def has_the_focus(self) -> bool:
        """Whether its body has the focus, also before it knows: the next key may come
        at once."""
        return self.screen.focused is self.body

    def show(self, now: PaneInput) -> None:
        """Draws what has changed."""
        mark = Span(CURSOR if self.has_the_focus else " ")
        looked_at: Line = ()
        if now.window is not None and now.whole is not None:
            looked_at = (Span("  "), Span(f"only {window_text(now.window)}", "warn"))
        # A heading may read out what a cursor is on, which is known when all is drawn.
        self.draw(now)
        self._heading.line = (mark, *self.heading(now), *looked_at)

    def move(self, how: Move) -> None:
        """What the keys for moving do while the body has the focus."""
        raise NotImplementedError  # each kind of body has its own

    def act(self, name: str) -> bool:
        """Does what a key of the panes stands for, where this one does anything: `scale` changes
        the scale of its picture, `curves` shows the curves of all checked rows or of one."""
        return False

    @property
    def moment_ns(self) -> int | None:
        """The moment of the run that its cursor is on, if it has one."""
        return None

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


class WithLines(Pane):
    """A pane whose body is lines that scroll."""

    def __init__(self) -> None:
        super().__init__()
        self.body = self.lines = Lines()

    def move(self, how: Move) -> None:
        self.lines.move(how)


class LinesPane(WithLines):
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
