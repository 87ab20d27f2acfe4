"""The screen that compares stored sessions, or the variants of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from cortex_tui.analysis.comparison import Comparison, ProfileComparison
from cortex_tui.library.comparing import Comparisons, UnlikeError, comparisons_in
from cortex_tui.library.histories import history_in
from cortex_tui.text import one_line
from cortex_tui.tui.compare_actions import COMPARE_ACTIONS, TABS
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.render.compare_head import (
    besides,
    differs_line,
    how_line,
    message_lines,
    sides_line,
    values,
)
from cortex_tui.tui.render.forest import forest_legend, forest_of, row, titles, whole_row
from cortex_tui.tui.render.history_lines import history_lines
from cortex_tui.tui.render.round_plot import round_plot
from cortex_tui.tui.render.shift_plot import shift_plot
from cortex_tui.tui.render.side_plot import curves_plot, sides_plot
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.screens.action_screen import ActionScreen
from cortex_tui.tui.widgets.cursor_lines import CursorLines
from cortex_tui.tui.widgets.key_line import KeyLine
from cortex_tui.tui.widgets.lines import Lines, Move, TextLine
from cortex_tui.tui.widgets.picture import Draw
from cortex_tui.tui.widgets.picture_tabs import PictureTabs

if TYPE_CHECKING:
    from cortex_tui.analysis.close_up import CloseUp
    from cortex_tui.analysis.series import History

_HEIGHTS = [(0, "-short"), (30, "-tall")]
"""From which height there is room for table and picture."""
_BREADTHS = [(0, "-plain"), (160, "-wide")]
"""From which breadth there is room for two pictures side by side."""

_Wanted = tuple[int, str]
"""Of which comparison, and which profile."""


class CompareScreen(ActionScreen):
    """A table of profiles, the worst first, and a picture of the one under the cursor.

    It reads and compares by itself, on a thread, and shows why where that cannot be.
    """

    LEGEND = forest_legend()
    VERTICAL_BREAKPOINTS = _HEIGHTS
    HORIZONTAL_BREAKPOINTS = _BREADTHS
    DEFAULT_CSS = """
    CompareScreen {
        layout: vertical;
        #sides { background: $panel; }
        #titles { background: $panel; text-style: bold; }
        #forest { height: 1fr; }
        #drawn { height: 1fr; }
        #second { display: none; margin-left: 2; }
        &.-wide #second { display: block; }
        &.-short #pictures, &.-short #drawn { display: none; }
        &.-large #pictures, &.-large #drawn { display: block; }
        &.-large #titles, &.-large #forest, &.-large #whole { display: none; }
        &.-message #drawn { display: block; }
        &.-message #titles, &.-message #forest, &.-message #whole, &.-message #pictures,
        &.-message #second { display: none; }
    }
    """

    class Loaded(Message):
        """The sessions have been read and compared, or could not be."""

        def __init__(self, found: Comparisons | None, error: str, unlike: bool) -> None:
            super().__init__()
            self.found = found
            self.error = error
            self.unlike = unlike

    class Looked(Message):
        """A profile was looked at closely, or could not be."""

        def __init__(self, wanted: _Wanted, found: CloseUp | str) -> None:
            super().__init__()
            self.wanted = wanted
            self.found = found

    class HistoryRead(Message):
        """The history of a profile was read, or there is none."""

        def __init__(self, profile: str, found: History | str) -> None:
            super().__init__()
            self.profile = profile
            self.found = found

    _sides = getters.query_one("#sides", TextLine)
    _how = getters.query_one("#how", TextLine)
    _differs = getters.query_one("#differs", TextLine)
    _titles = getters.query_one("#titles", TextLine)
    _forest = getters.query_one("#forest", CursorLines)
    _whole = getters.query_one("#whole", TextLine)
    _pictures = getters.query_one(PictureTabs)
    _picture = getters.query_one("#picture", Lines)
    _second = getters.query_one("#second", Lines)
    _keys = getters.query_one(KeyLine)

    def __init__(self, store: str | Path, refs: Sequence[str]) -> None:
        """`refs` are names or ids of stored sessions, the one that the others are compared with
        first; or that of one session of variants."""
        super().__init__(COMPARE_ACTIONS)
        self._store = store
        self._refs = tuple(refs)
        self._found: Comparisons | None = None
        self._unlike = self._forced = self._loading = False
        self._message: str = ""
        self._at = 0
        self._tabled: tuple[int, int] | None = None
        """Of which comparison the table is, and for which width."""
        self._tab = TABS[0].name
        self._looked: dict[_Wanted, CloseUp | str] = {}
        self._looking: _Wanted | None = None
        self._histories: dict[str, History | str] = {}
        self._reading = False

    def compose(self) -> ComposeResult:
        yield TextLine(id="sides")
        yield TextLine(id="how")
        yield TextLine(id="differs")
        yield TextLine(id="titles")
        yield CursorLines(id="forest")
        yield TextLine(id="whole")
        yield PictureTabs(TABS, id="pictures")
        with Horizontal(id="drawn"):
            yield Lines(id="picture")
            yield Lines(id="second")
        yield KeyLine(self.table_of_actions)

    def on_mount(self) -> None:
        self._forest.focus()
        self._load()

    # --- reading and comparing ------------------------------------------------------------------

    def _load(self) -> None:
        self._loading = True
        names = " and ".join(one_line(ref) for ref in self._refs)
        self._message = f"reading and comparing {names} …"
        self.run_worker(partial(self._read, self._forced), thread=True, name="comparison")
        self.show()

    def _read(self, forced: bool) -> None:
        """On a thread: large sessions take a second."""
        try:
            found = comparisons_in(self._store, self._refs, forced=forced)
        except Exception as wrong:
            self.post_message(self.Loaded(None, reason_of(wrong), isinstance(wrong, UnlikeError)))
        else:
            self.post_message(self.Loaded(found, "", False))

    @on(Loaded)
    def _take_loaded(self, event: Loaded) -> None:
        self._loading = False
        self._found, self._message, self._unlike = event.found, event.error, event.unlike
        self._looked.clear()
        if event.unlike:
            self._message += "\n\nf shows their numbers all the same, without a verdict."
        self.show()

    def _look(self) -> None:
        """Looks closely at the profile under the cursor, one after the other."""
        found, wanted = self._found, self._wanted
        if found is None or wanted is None or self._looking is not None or wanted in self._looked:
            return
        self._looking = wanted
        self.run_worker(partial(self._look_at, found, wanted), thread=True, name="close-up")

    def _look_at(self, found: Comparisons, wanted: _Wanted) -> None:
        """On a thread."""
        try:
            self.post_message(self.Looked(wanted, found.close_up(*wanted)))
        except Exception as wrong:
            self.post_message(self.Looked(wanted, reason_of(wrong)))

    @on(Looked)
    def _take_looked(self, event: Looked) -> None:
        self._looking = None
        self._looked[event.wanted] = event.found
        self.show()

    def _read_history(self) -> None:
        """Reads that of the profile under the cursor, where it is to be seen."""
        current = self._current
        if self._tab != "history" or current is None or self._reading:
            return
        if current.profile not in self._histories:
            self._reading = True
            work = partial(self._read_history_of, current.profile, current.primary)
            self.run_worker(work, thread=True, name="history")

    def _read_history_of(self, profile: str, statistic: str) -> None:
        """On a thread."""
        try:
            self.post_message(
                self.HistoryRead(profile, history_in(self._store, profile, statistic))
            )
        except Exception as wrong:
            self.post_message(self.HistoryRead(profile, reason_of(wrong)))

    @on(HistoryRead)
    def _take_history(self, event: HistoryRead) -> None:
        self._reading = False
        self._histories[event.profile] = event.found
        self.show()

    @property
    def busy(self) -> bool:
        """Whether anything is being read or looked at."""
        return self._loading or self._reading or self._looking is not None

    # --- drawing --------------------------------------------------------------------------------

    @property
    def _current(self) -> ProfileComparison | None:
        """The profile under the cursor."""
        if self._found is None:
            return None
        rows = self._found.compared[self._at].comparison.worst_first
        return rows[self._forest.cursor] if self._forest.cursor < len(rows) else None

    @property
    def _wanted(self) -> _Wanted | None:
        current = self._current
        return None if current is None else (self._at, current.profile)

    def show(self) -> None:
        """Draws whatever differs from what the screen shows."""
        found, width = self._found, self.app.size.width
        self.set_class(found is None, "-message")
        if found is None:
            self._sides.line = (Span(f" {' ⟷ '.join(map(one_line, self._refs))}", "head"),)
            self._how.line = self._differs.line = ()
            text = self._message
            self._picture.show(lambda width: message_lines(text, width), topic=text)
        else:
            compared, of = found.compared[self._at], len(found.compared)
            self._sides.line = sides_line(compared, width, self._at, of)
            self._how.line = how_line(compared, of)
            self._differs.line = differs_line(compared)
            self._show_table(compared.comparison, width - 1)
            self._look()
            self._read_history()
            self._show_picture()
        self._keys.idle = frozenset(name for name in self.ranked if not self.applies(name))

    def _show_table(self, comparison: Comparison, width: int) -> None:
        """The table, made once for a width: the cursor moves much more often than that changes."""
        if self._tabled is not None and self._tabled == (id(comparison), width):
            return
        self._tabled = id(comparison), width
        forest = forest_of(comparison, width)
        self._titles.line, self._whole.line = titles(forest), whole_row(forest)
        rows = [row(forest, each) for each in forest.rows]
        self._forest.styles.max_height = max(1, len(rows))
        self._forest.show(lambda width: rows, topic=id(comparison))

    def _show_picture(self) -> None:
        current = self._current
        self._pictures.subject = one_line(current.profile) if current else ""
        self._pictures.open = self._tab
        other = "rounds" if self._tab == "difference" else "difference"
        for lines, name in ((self._picture, self._tab), (self._second, other)):
            lines.show(partial(_drawn, self._draw(name), lines), topic=(self._wanted, name))

    def _draw(self, tab: str) -> Draw:
        """What makes the lines of a tab."""
        wanted, found = self._wanted, self._found
        if wanted is None or found is None:
            return lambda width, height: []
        compared = found.compared[self._at]
        if tab in ("besides", "values"):
            text = besides if tab == "besides" else values
            return lambda width, height: text(compared, wanted[1], width)
        if tab == "history":
            history = self._histories.get(wanted[1], "reading the history …")
            if isinstance(history, str):
                return lambda width, height: message_lines(history, width)
            return lambda width, height: history_lines(history, width)
        looked = self._looked.get(wanted, "drawing the rounds anew …")
        if isinstance(looked, str):
            return lambda width, height: message_lines(looked, width)
        names = compared.a.name, compared.b.name
        match tab:
            case "curves":
                return partial(curves_plot, looked.a, looked.b, names)
            case "rounds":
                return partial(round_plot, looked.rounds, names)
            case "sides":
                return lambda width, height: sides_plot(looked.sides, names, width)
        return partial(shift_plot, looked.shift)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.show)

    @on(CursorLines.CursorMoved)
    def _cursor_moved(self) -> None:
        self.show()

    @on(CursorLines.Pressed)
    def _pressed(self) -> None:
        self.action_picture()

    @on(PictureTabs.Pressed)
    def _tab_pressed(self, event: PictureTabs.Pressed) -> None:
        self.action_tab(event.action)

    # --- actions --------------------------------------------------------------------------------

    def applies(self, name: str) -> bool:
        match name:
            case "next_comparison" | "previous_comparison":
                return self._found is not None and len(self._found.compared) > 1
            case "force":
                if self._found is None:
                    return self._unlike and not self._loading
                return self._forced or any(each.left_out for each in self._found.compared)
            case "picture":
                return self._current is not None
            case "export" | "copy":
                return self._found is not None
            case _ if self.actions[name].group == "tab":
                return self._current is not None
        return True

    def action_tab(self, name: str) -> None:
        """Opens a picture; where there is only room for the table, in full size."""
        if self._current is None:
            return
        self._tab = name
        if self.has_class("-short"):
            self.add_class("-large")
        self.show()

    def action_picture(self) -> None:
        """Shows the picture in full size, or the table again."""
        if self._current is not None:
            self.toggle_class("-large")
            self.call_after_refresh(self.show)

    def action_back(self) -> None:
        if self.has_class("-large"):
            self.remove_class("-large")
            self.call_after_refresh(self.show)
        else:
            self.dismiss()

    def action_move(self, how: Move) -> None:
        if self.has_class("-large"):
            self._picture.move(how)
        else:
            self._forest.move(how)

    def action_next_comparison(self) -> None:
        self._turn(1)

    def action_previous_comparison(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        """Shows another comparison, with the cursor on the same profile where it has that."""
        if self._found is None or len(self._found.compared) < 2:
            return
        current = self._current
        self._at = (self._at + by) % len(self._found.compared)
        self.show()
        rows = self._found.compared[self._at].comparison.worst_first
        names = [each.profile for each in rows]
        if current is not None and current.profile in names:
            self._forest.place_cursor(names.index(current.profile))

    def action_export(self) -> None:
        """Asks for a file, and writes the comparison as Markdown."""
        if self._found is None:
            return
        from cortex_tui.tui.screens.write_markdown import MarkdownDialog

        def report(file: str | None) -> None:
            if file is not None:
                self.notify(f"Written to {one_line(file)}.", markup=False)

        self.app.push_screen(MarkdownDialog(self._found.compared), report)

    def action_copy(self) -> None:
        """Copies the comparison as Markdown, through the terminal."""
        if self._found is None:
            return
        from cortex_tui.formats.comparison_markdown import comparisons_markdown

        self.app.copy_to_clipboard(comparisons_markdown(self._found.compared))
        self.notify("Copied as Markdown.", markup=False)

    def action_force(self) -> None:
        """Compares with force, or without it again."""
        if self.applies("force") and not self._loading:
            self._forced = not self._forced
            self._found = None
            self._load()


def _drawn(draw: Draw, lines: Lines, width: int) -> list[Line]:
    """The lines of a picture that fills a widget."""
    return draw(width, lines.size.height)
