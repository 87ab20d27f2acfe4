"""The list of stored sessions: reads it, draws it, finds and sorts in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from textual import getters, on
from textual.app import ComposeResult
from textual.reactive import var
from textual.timer import Timer
from textual.widgets import Input

from cortex_tui.store.background import BackgroundStore, Work
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import cannot_store
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.background import begin, begin_alone, done
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.library_actions import LIBRARY_ACTIONS
from cortex_tui.tui.render.library_facts import session_facts
from cortex_tui.tui.render.library_status import TITLE, instead_of_rows, library_status
from cortex_tui.tui.render.marks import library_legend
from cortex_tui.tui.render.text import Span, width_of
from cortex_tui.tui.screens.action_screen import ActionScreen
from cortex_tui.tui.state.library_list import LeftOut, LibraryList
from cortex_tui.tui.state.list_reader import ListReader
from cortex_tui.tui.state.status_message import SHOWN_S
from cortex_tui.tui.state.verdict_reader import VerdictReader
from cortex_tui.tui.widgets.filter_line import FilterLine
from cortex_tui.tui.widgets.key_line import KeyLine
from cortex_tui.tui.widgets.library_table import LibraryHeader, LibraryTable
from cortex_tui.tui.widgets.lines import Lines, Move, TextLine
from cortex_tui.tui.widgets.row_table import RowTable
from cortex_tui.tui.widgets.steady_text import SteadyText

T = TypeVar("T")

LOOK_S = 1.0
"""How often the line at the top follows what runs meanwhile, and the list what others write."""
_OF_THE_LIST = ("filter", "sort_next", "sort_other_way", "undo")
_ANYTIME = ("reload", "back", "leave", "help", "quit")


class StoredListScreen(ActionScreen):
    """Never waits for the store: what is asked of it is done on a thread, in order."""

    SCREEN = "library"
    LEGEND = library_legend()
    DEFAULT_CSS = """
    StoredListScreen {
        #status, #heading { background: $panel; }
        #status { dock: top; }
        LibraryTable { height: 7fr; }
        #facts { height: 3fr; padding-left: 1; }
        #instead { display: none; padding: 1 2; height: 1fr; }
        &.-without-rows {
            LibraryTable, #heading, #facts { display: none; }
            #instead { display: block; }
        }
    }
    """

    message: var[tuple[str, Tone]] = var(("", "plain"), init=False, always_update=True)
    """What was just done."""

    _status = getters.query_one("#status", TextLine)
    _heading = getters.query_one("#heading", TextLine)
    _facts = getters.query_one("#facts", Lines)
    _header = getters.query_one(LibraryHeader)
    _rows = getters.query_one(LibraryTable)
    _instead = getters.query_one("#instead", SteadyText)
    _keys = getters.query_one(KeyLine)

    def __init__(self, store: str) -> None:
        """`store` is a URL or a path."""
        super().__init__(LIBRARY_ACTIONS)
        self.sessions = LibraryList()
        self.store = BackgroundStore(store)
        self._verdicts = VerdictReader(self.store)
        self.error = ""
        """Why the store could not be read."""
        self._was_read = False
        self._cannot_store = ""
        """Why nothing could be stored, where nothing is."""
        self._reader = ListReader(self.store)
        self._message_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield TextLine(id="status")
        yield LibraryHeader()
        yield LibraryTable(self.sessions, self._verdicts.known)
        yield SteadyText("", id="instead", markup=False)
        yield TextLine(id="heading")
        yield Lines(id="facts")
        yield KeyLine(self.table_of_actions)

    def on_mount(self) -> None:
        self.set_focus(self._rows)
        self.set_interval(LOOK_S, self._look)

    def on_unmount(self) -> None:
        self.store.close()

    def on_screen_resume(self) -> None:
        self.reload()

    @property
    def is_measuring(self) -> bool:
        """Whether a session is being measured meanwhile."""
        return False

    @property
    def why_not_stored(self) -> str:
        """Why the sessions that are run do not come into the list; "" where they do."""
        return self._cannot_store

    # --- drawing --------------------------------------------------------------------------------

    def show(self) -> None:
        """Draws whatever differs from what the screen shows."""
        if self._was_left:
            return
        sessions, current = self.sessions, self.sessions.current
        self.set_class(current is None, "-without-rows")
        self._instead.update(
            instead_of_rows(
                sessions,
                self.store.url,
                error=self.error,
                was_read=self._was_read,
                not_stored=self.why_not_stored,
            )
        )
        self._rows.draw_changes()
        self._header.sort = sessions.sort
        title = "" if current is None else ", ".join(current.names) or current.id
        self._heading.line = (Span(f" {one_line(title)}", "head"),)
        self._facts.show(
            partial(session_facts, current, sessions.all.baselines, self._verdicts.of(current)),
            topic=current.id if current else "",
        )
        text, tone = self.message
        if not text:
            text, tone = self._standing
        self._status.line = library_status(
            sessions,
            self.app.size.width,
            message=text,
            tone=tone,
            running=self.is_measuring,
        )
        self._keys.idle = frozenset(name for name in self.ranked if not self.applies(name))

    def relist(self, *, follow: bool = True) -> None:
        """Draws other rows than before; with `follow`, the cursor is brought in sight."""
        if self._was_left:
            return
        self._rows.relist(follow=follow)
        self.show()
        self.call_after_refresh(self._ask_for_verdicts)

    @property
    def _was_left(self) -> bool:
        """Whether the screen is closing, without its parts, while the store still answers it."""
        # What is being removed is still in the stack, but is not displayed.
        return self not in self.app.screen_stack or not self.display

    def on_resize(self) -> None:
        self.call_after_refresh(self.relist)

    @property
    def _standing(self) -> tuple[str, Tone]:
        """What is reported where nothing has just been done."""
        if self.error:
            return "the store cannot be read", "bad"
        if not self._was_read:
            return "reading …", "dim"
        return self.sessions.all.notice, "warn"

    def applies(self, name: str) -> bool:
        if name in _ANYTIME:
            return True
        return not self.error if name in _OF_THE_LIST else self.sessions.current is not None

    def report(self, text: str, tone: Tone = "head") -> None:
        """Shows a text in the line at the top, for a moment; as a notice where it does not fit."""
        fits = width_of(TITLE) + width_of(one_line(text)) <= self.app.size.width
        self.message = (text if fits else "", tone)
        if not fits:
            self.notify(one_line(text), markup=False)

    def watch_message(self, message: tuple[str, Tone]) -> None:
        if self._message_timer is not None:
            self._message_timer.stop()
        if message[0]:
            self._message_timer = self.set_timer(SHOWN_S, partial(self.report, "", "plain"))
        self.show()

    # --- the store ------------------------------------------------------------------------------

    def reload(self) -> None:
        """Reads the store again."""
        begin_alone(self, "list", self._reload)

    def _look(self) -> None:
        """Follows what runs here, and what other processes write to the store."""
        self.show()
        if self.is_current and self._was_read and not self._reader.rests:
            begin_alone(self, "list", self._reload_if_changed)

    async def _reload_if_changed(self) -> None:
        if await self._reader.has_changed():
            await self._reload()

    async def _reload(self) -> None:
        if self._was_left:
            return
        # Who has scrolled away from the cursor stays there.
        follow = not self._was_read or self._rows.cursor in self._rows.in_sight
        try:
            found = await self._reader.read()
        except SnapshotError as error:
            self.error = one_line(str(error))
            self.sessions.hide()
        else:
            if found is None:
                return
            self.error = ""
            self._verdicts.forget_running((*self.sessions.all.sessions, *found.sessions))
            self.sessions.take(found)
            why = "" if found.sessions else await asyncio.to_thread(cannot_store, self.store.url)
            self._cannot_store = why
        self._was_read = True
        self.relist(follow=follow)

    def drop(self, sessions: Sequence[str]) -> LeftOut:
        """Lists the sessions no more, whose removal has been asked for."""
        self._reader.note_removal()
        before = self.sessions.drop(sessions)
        self.relist()
        return before

    def put_back(self, before: LeftOut, refused: Sequence[str]) -> None:
        """Lists those again that the store does not remove."""
        if not self.error:
            self.sessions.put_back(before, refused)
            self.relist()

    # The table may be laid out only after it was filled: until then no row is in sight.
    @on(LibraryTable.OthersInSight)
    def _ask_for_verdicts(self) -> None:
        if self._was_left:
            return
        rows = (self.sessions.rows[row] for row in self._rows.in_sight)
        if wanted := self._verdicts.missing(rows):
            begin(self, self._take_verdicts, wanted)

    async def _take_verdicts(self, sessions: Sequence[str]) -> None:
        try:
            await self._verdicts.read(sessions)
        except SnapshotError:
            return  # the list itself reports what is wrong with the store
        self.show()

    def write(self, work: Work[T], text_of: Callable[[T], str]) -> None:
        """Has something written; what came of it is reported, and the list read again."""
        begin(self, self._finish, self.store.write(work), text_of)

    async def _finish(self, asked: Future[T], text_of: Callable[[T], str]) -> None:
        try:
            self.report(text_of(await done(asked)))
        except SnapshotError as error:
            self.complain(error)
        self.reload()

    def complain(self, error: Exception) -> None:
        """Reports what did not work."""
        self.notify(reason_of(error), severity="error", markup=False)

    # --- what is listed -------------------------------------------------------------------------

    def action_move(self, how: Move) -> None:
        self._rows.move(how)

    def action_facts_down(self) -> None:
        self._facts.move("down")

    def action_facts_up(self) -> None:
        self._facts.move("up")

    @on(RowTable.CursorMoved)
    def _cursor_moved(self) -> None:
        self.show()
        self._ask_for_verdicts()

    @on(RowTable.Pressed)
    def _row_pressed(self, event: RowTable.Pressed) -> None:
        self.sessions.move_to(event.row)
        if event.box:
            self.action_check()
        self._cursor_moved()

    @on(LibraryHeader.Pressed)
    def _title_pressed(self, event: LibraryHeader.Pressed) -> None:
        self.sessions.sort_by(event.column)
        self.relist()

    def action_check(self) -> None:
        if self.sessions.current is not None:
            self.sessions.toggle(self.sessions.current)
            self.show()

    def action_check_all(self) -> None:
        self.sessions.toggle_all()
        self.show()

    def action_sort(self, name: str) -> None:
        match name:
            case "sort_other_way":
                self.sessions.turn()
            case _:
                self.sessions.sort_next(back=name == "sort_previous")
        self.relist()

    def action_reload(self) -> None:
        self.reload()

    async def action_filter(self) -> None:
        line = next(iter(self.query(FilterLine)), None)
        if line is None:
            what = "parts of a text, profile:P tag:T commit:C since:7d until:DAY"
            line = FilterLine(self.sessions.filter, what)
            await self.mount(line, before=self._keys)
        # At once, unlike `line.focus()`: the letters may be right behind the key.
        self.set_focus(line)

    @on(Input.Changed)
    def _filter_changed(self, event: Input.Changed) -> None:
        try:
            self.sessions.set_filter(event.value)
        except ValueError as error:
            self.message = (str(error), "warn")  # with each letter: no notice
        else:
            self.report("")
        self.relist()

    @on(Input.Submitted)
    async def _filter_kept(self) -> None:
        await self._close_filter()

    @on(FilterLine.Cleared)
    async def _clear_filter(self) -> None:
        await self._close_filter()
        self.sessions.set_filter("")
        self.report("")
        self.relist()

    async def _close_filter(self) -> None:
        # First, for the next key may come while the line is being removed.
        self.set_focus(self._rows)
        await self.query(FilterLine).remove()

    async def action_back(self) -> None:
        if self.sessions.filter:
            await self._clear_filter()
        else:
            self.dismiss()

    def action_leave(self) -> None:
        self.dismiss()
