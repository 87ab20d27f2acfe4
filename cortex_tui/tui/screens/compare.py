"""The screen that compares stored sessions, or the variants of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from textual import events, getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal

from cortex_tui.analysis.comparison import Comparison, ProfileComparison
from cortex_tui.analysis.sessions import Compared
from cortex_tui.text import one_line
from cortex_tui.tui.compare_actions import TABS
from cortex_tui.tui.render.compare_head import differs_line, how_line, message_lines, sides_line
from cortex_tui.tui.render.compare_pictures import picture_lines
from cortex_tui.tui.render.forest import forest_legend, forest_of, row, titles, whole_row
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.screens.comparison_reader import ComparisonReader
from cortex_tui.tui.widgets.cursor_lines import CursorLines
from cortex_tui.tui.widgets.key_line import KeyLine
from cortex_tui.tui.widgets.lines import Lines, Move, TextLine
from cortex_tui.tui.widgets.picture import Draw
from cortex_tui.tui.widgets.picture_tabs import PictureTabs

_HEIGHTS = [(0, "-short"), (30, "-tall")]
"""From which height there is room for table and picture."""
_BREADTHS = [(0, "-plain"), (160, "-wide")]
"""From which breadth there is room for two pictures side by side."""


class CompareScreen(ComparisonReader):
    """A table of profiles, the worst first, and a picture of the one under the cursor.

    It reads and compares by itself, on a thread, and shows why where that cannot be.
    """

    SCREEN = "compare"
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
        super().__init__(store, refs)
        self._at = 0
        """Which of the comparisons is shown."""
        self._tab = TABS[0].name
        self._tabled: tuple[Comparison, int] | None = None
        """Of which comparison the table is, and for which width."""

    def compose(self) -> ComposeResult:
        yield TextLine(id="sides")
        yield TextLine(id="how")
        yield TextLine(id="differs")
        yield TextLine(id="titles")
        yield CursorLines(id="forest")
        yield TextLine(id="whole")
        tabs = [each for each in self.table_of_actions if each.group == "tab"]
        yield PictureTabs(tabs, id="pictures")
        with Horizontal(id="drawn"):
            yield Lines(id="picture")
            yield Lines(id="second")
        yield KeyLine(self.table_of_actions)

    def on_mount(self) -> None:
        self._forest.focus()
        self.load()

    # --- drawing --------------------------------------------------------------------------------

    @property
    def _compared(self) -> Compared | None:
        return None if self.found is None else self.found.compared[self._at]

    @property
    def _current(self) -> ProfileComparison | None:
        """The profile under the cursor."""
        if self._compared is None:
            return None
        rows = self._compared.comparison.worst_first
        return rows[self._forest.cursor] if self._forest.cursor < len(rows) else None

    @property
    def profiles(self) -> list[str]:
        """Those that are compared, as the table has them."""
        rows = self._compared.comparison.worst_first if self._compared else ()
        return [each.profile for each in rows]

    def move_to(self, profile: str) -> None:
        """Puts the cursor on a profile of the table."""
        self._forest.place_cursor(self.profiles.index(profile))

    def show(self) -> None:
        """Draws whatever differs from what the screen shows."""
        compared, width = self._compared, self.app.size.width
        self.set_class(compared is None, "-message")
        if compared is None or self.found is None:
            self._sides.line = (Span(f" {' ⟷ '.join(map(one_line, self.refs))}", "head"),)
            self._how.line = self._differs.line = ()
            text = self.message
            self._picture.show(lambda width: message_lines(text, width), topic=text)
        else:
            of = len(self.found.compared)
            self._sides.line = sides_line(compared, width, self._at, of)
            self._how.line = how_line(compared, width, of)
            self._differs.line = differs_line(compared, width)
            self._show_table(compared.comparison, width - 1)
            self._show_pictures(compared)
        self._keys.idle = frozenset(name for name in self.ranked if not self.applies(name))

    def _show_table(self, comparison: Comparison, width: int) -> None:
        """The table, made once for a width: the cursor moves much more often than that changes.

        In another comparison it stays on its profile, where that has it.
        """
        profile = ""
        if self._tabled is not None:
            before, of_width = self._tabled
            if before is comparison and of_width == width:
                return
            rows = before.worst_first
            profile = rows[self._forest.cursor].profile if rows else ""
        self._tabled = comparison, width
        forest = forest_of(comparison, width)
        self._titles.line, self._whole.line = titles(forest), whole_row(forest)
        self._forest.styles.max_height = max(1, len(forest.rows))
        names = [each.profile for each in forest.rows]
        self._forest.show_rows(
            [row(forest, each) for each in forest.rows],
            topic=id(comparison),
            cursor=names.index(profile) if profile in names else 0,
        )

    def _show_pictures(self, compared: Compared) -> None:
        current = self._current
        if current is None:
            return
        looked, statistic = (self._at, current.profile), (current.profile, current.percentile)
        self.look_at(looked)
        if self._tab == "history":
            self.read_history(statistic)
        if self._tab == "heat":
            self.read_over_time(looked)
        self._pictures.subject = one_line(current.profile)
        self._pictures.open = self._tab
        other = "rounds" if self._tab == "difference" else "difference"
        close_up = self.close_ups.get(looked, "drawing the rounds anew …")
        history = self.histories.get(statistic, "reading the history …")
        over_time = self.over_time.get(looked, "reading the intervals …")
        for lines, tab in ((self._picture, self._tab), (self._second, other)):
            draw = partial(picture_lines, tab, compared, current, close_up, history, over_time)
            lines.show(partial(_filling, draw, lines), topic=(looked, tab))

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
                return self.found is not None and len(self.found.compared) > 1
            case "force":
                if self.found is None:
                    return self.forceable
                return self.forced or any(each.left_out for each in self.found.compared)
            case "picture":
                return self._current is not None
            case "export" | "copy":
                return self.found is not None
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
        """Shows another comparison."""
        if self.found is not None:
            self._at = (self._at + by) % len(self.found.compared)
            self.show()

    def action_export(self) -> None:
        """Asks for a file, and writes the comparison as Markdown."""
        if self.found is None:
            return
        from cortex_tui.tui.screens.write_markdown import MarkdownDialog

        def report(file: str | None) -> None:
            if file is not None:
                self.notify(f"Written to {one_line(file)}.", markup=False)

        self.app.push_screen(MarkdownDialog(self.found.compared), report)

    def action_copy(self) -> None:
        """Copies the comparison as Markdown, through the terminal."""
        if self.found is None:
            return
        from cortex_tui.formats.comparison_markdown import comparisons_markdown

        self.app.copy_to_clipboard(comparisons_markdown(self.found.compared))
        self.notify("Copied as Markdown.", markup=False)

    def action_force(self) -> None:
        """Compares with force, or without it again."""
        if self.applies("force"):
            self.load(forced=not self.forced)


def _filling(draw: Draw, lines: Lines, width: int) -> list[Line]:
    """The lines of a picture that fills a widget."""
    return draw(width, lines.size.height)
