"""The screen of stored sessions: find, describe, delete, open them, and run them again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from textual import getters, on
from textual.app import ComposeResult
from textual.reactive import var
from textual.timer import Timer
from textual.widgets import Input, Static

from cortex_tui.library.again import Again, again_of, catalog_of
from cortex_tui.library.changes import give_name, note_all, sessions_text, tag_all, undo
from cortex_tui.library.listing import listed
from cortex_tui.library.removing import remove_all
from cortex_tui.session.stored_control import StoredControl
from cortex_tui.stats.targets import Verdict
from cortex_tui.store.background import BackgroundStore, Work
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import Removed
from cortex_tui.store.port import Store
from cortex_tui.store.records import SessionEntry
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.library_actions import LIBRARY_ACTIONS
from cortex_tui.tui.render.library_facts import session_facts
from cortex_tui.tui.render.library_status import library_status
from cortex_tui.tui.render.marks import library_legend
from cortex_tui.tui.render.text import Span
from cortex_tui.tui.screens.action_screen import ActionScreen
from cortex_tui.tui.screens.ask import AskDialog
from cortex_tui.tui.state.library_list import LibraryList
from cortex_tui.tui.state.status_message import SHOWN_S
from cortex_tui.tui.widgets.filter_line import FilterLine
from cortex_tui.tui.widgets.key_line import KeyLine
from cortex_tui.tui.widgets.library_table import LibraryHeader, LibraryTable
from cortex_tui.tui.widgets.lines import Lines, Move, TextLine
from cortex_tui.tui.widgets.row_table import RowTable

if TYPE_CHECKING:
    from cortex_tui.tui.screens.main import MainScreen

T = TypeVar("T")

LOOK_S = 1.0
"""How often the line at the top follows what runs meanwhile."""
_BOX = range(1, 4)
"""The cells of a row's check box."""
_ON_SESSIONS = frozenset(
    [
        "open",
        "check",
        "check_all",
        "again",
        "compare",
        "name",
        "baseline",
        "tag",
        "note",
        "export",
        "delete",
    ]
)
"""The actions that need a session."""


class LibraryScreen(ActionScreen):
    """Never waits for the store: what is asked of it is done on a thread, in order."""

    LEGEND = library_legend()
    DEFAULT_CSS = """
    LibraryScreen {
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
    _instead = getters.query_one("#instead", Static)
    _keys = getters.query_one(KeyLine)

    def __init__(self, store: str, home: MainScreen) -> None:
        """`store` is a URL or a path; `home` is the screen on which sessions are run."""
        super().__init__(LIBRARY_ACTIONS)
        self.sessions = LibraryList()
        self._store = BackgroundStore(store)
        self._home = home
        self._verdicts: dict[str, Verdict] = {}
        self._error = ""
        """Why the store could not be read."""
        self._was_read = False
        self._message_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield TextLine(id="status")
        yield LibraryHeader()
        yield LibraryTable(self.sessions, self._verdicts)
        yield Static("", id="instead", markup=False)
        yield TextLine(id="heading")
        yield Lines(id="facts")
        yield KeyLine(self.table_of_actions)

    def on_mount(self) -> None:
        self.set_focus(self._rows)
        self.set_interval(LOOK_S, self.show)

    def on_unmount(self) -> None:
        self._store.close()

    def on_screen_resume(self) -> None:
        self.reload()

    # --- drawing --------------------------------------------------------------------------------

    def show(self) -> None:
        """Draws whatever differs from what the screen shows."""
        sessions, current = self.sessions, self.sessions.current
        self.set_class(current is None, "-without-rows")
        self._instead.update(self._why_empty())
        self._rows.sync()
        self._header.sort = sessions.sort
        title = "" if current is None else ", ".join(current.names) or current.id
        self._heading.line = (Span(f" {one_line(title)}", "head"),)
        verdict = self._verdicts.get(current.id, "none") if current else "none"
        self._facts.show(
            partial(session_facts, current, sessions.all.baselines, verdict),
            topic=current.id if current else "",
        )
        text, tone = self.message
        self._status.line = library_status(
            sessions,
            self.app.size.width,
            message=text or sessions.all.notice,
            tone=tone if text else "warn",
            running=self._home.latest.active,
        )
        self._keys.idle = frozenset(name for name in self.ranked if not self.applies(name))

    def relist(self) -> None:
        """Draws other rows than before."""
        self._rows.relist()
        self.show()
        self.call_after_refresh(self._ask_for_verdicts)

    def on_resize(self) -> None:
        self.call_after_refresh(self.relist)

    def _why_empty(self) -> str:
        if self._error:
            return f"{self._error}\n\nNothing was changed. R reads it again; escape goes back."
        if not self._was_read:
            return "reading the store …"
        if self.sessions.all.sessions:
            return "No session is like that; escape lists all of them."
        return (
            f"{one_line(self._store.url)}: no session is stored yet.\n\n"
            "Every session that is run is stored while it runs; escape goes back to the profiles."
        )

    def applies(self, name: str) -> bool:
        if name in _ON_SESSIONS:
            return self.sessions.current is not None
        return not self._error or name not in ("filter", "sort_next", "sort_other_way", "undo")

    def report(self, text: str, tone: Tone = "head") -> None:
        """Shows a text in the line at the top, for a moment."""
        self.message = (text, tone)

    def watch_message(self, message: tuple[str, Tone]) -> None:
        if self._message_timer is not None:
            self._message_timer.stop()
        if message[0]:
            self._message_timer = self.set_timer(SHOWN_S, partial(self.report, "", "plain"))
        self.show()

    # --- the store ------------------------------------------------------------------------------

    def reload(self) -> None:
        """Reads the store again."""
        self.run_worker(self._reload(), group="list", exclusive=True)

    async def _reload(self) -> None:
        try:
            found = await _done(self._store.read(listed))
            self._error = ""
        except SnapshotError as error:
            self._error, found = one_line(str(error)), LibraryList().all
        self._was_read = True
        for each in found.sessions:
            if each.state == "running":
                self._verdicts.pop(each.id, None)
        self.sessions.take(found)
        self.relist()

    def _ask_for_verdicts(self) -> None:
        rows = (self.sessions.rows[row] for row in self._rows.in_sight)
        if wanted := [each.id for each in rows if each.id not in self._verdicts]:
            self.run_worker(self._take_verdicts(wanted), group="verdicts")

    async def _take_verdicts(self, sessions: Sequence[str]) -> None:
        # Of those, none is asked for twice.
        self._verdicts.update(dict.fromkeys(sessions, "none"))
        try:
            found = await _done(self._store.read(partial(_verdicts_of, sessions)))
        except SnapshotError:
            return  # the list itself reports what is wrong with the store
        self._verdicts.update(found)
        self.show()

    def _write(self, work: Work[T], text_of: Callable[[T], str]) -> None:
        """Has something written; what came of it is reported, and the list read again."""
        self.run_worker(self._finish(self._store.write(work), text_of))

    async def _finish(self, asked: Future[T], text_of: Callable[[T], str]) -> None:
        try:
            self.report(text_of(await _done(asked)))
        except SnapshotError as error:
            self._complain(error)
        self.reload()

    def _complain(self, error: Exception) -> None:
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
        if event.x in _BOX:
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
            line = FilterLine("parts of a text, profile:P tag:T commit:C since:7d until:DAY")
            line.value = self.sessions.filter
            await self.mount(line, before=self._keys)
        # At once, unlike `line.focus()`: the letters may be right behind the key.
        self.set_focus(line)

    @on(Input.Changed)
    def _filter_changed(self, event: Input.Changed) -> None:
        try:
            self.sessions.set_filter(event.value)
        except ValueError as error:
            self.report(str(error), "warn")
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
        await self.query(FilterLine).remove()
        self.set_focus(self._rows)

    async def action_back(self) -> None:
        if self.sessions.filter:
            await self._clear_filter()
        else:
            self.dismiss()

    def action_leave(self) -> None:
        self.dismiss()

    # --- names, tags, notes ---------------------------------------------------------------------

    def action_tag(self) -> None:
        chosen = self.sessions.chosen
        if not chosen:
            return
        there = sorted({tag for each in chosen for tag in each.tags})
        self.app.push_screen(
            AskDialog(
                f"Tags of {sessions_text(len(chosen))}",
                "",
                placeholder="nightly -old",
                about="Words are added, a word behind a dash is taken away.\n"
                f"There are: {one_line(' '.join(there)) or 'none'}",
                apply=lambda text: self._store.write(partial(tag_all, _ids(chosen), text)),
            ),
            self._when_done,
        )

    def action_note(self) -> None:
        chosen = self.sessions.chosen
        if not chosen:
            return
        notes = {each.note for each in chosen}
        self.app.push_screen(
            AskDialog(
                f"Note on {sessions_text(len(chosen))}",
                notes.pop() if len(notes) == 1 else "",
                placeholder="what is worth knowing of it",
                about="In place of the note that there is; an empty one takes that away.",
                apply=lambda text: self._store.write(partial(note_all, _ids(chosen), text)),
            ),
            self._when_done,
        )

    def action_name(self) -> None:
        entry = self.sessions.current
        if entry is None:
            return
        self.app.push_screen(
            AskDialog(
                "Name a session",
                "",
                placeholder="a name to find it by",
                about="A session with a name is never deleted to make room for newer ones.",
                apply=lambda text: self._store.write(partial(give_name, entry.id, text)),
            ),
            self._when_done,
        )

    def action_baseline(self) -> None:
        entry = self.sessions.current
        if entry is None:
            return
        baselines = sorted(self.sessions.all.baselines) or ["main"]
        self.app.push_screen(
            AskDialog(
                "Point a baseline at a session",
                baselines[0],
                placeholder="main",
                about="A new name, or a baseline that there is: "
                f"{one_line(' '.join(self.sessions.all.baselines)) or 'none yet'}.\n"
                "Runs in the workbench are compared with it from now on.",
                apply=lambda text: self._store.write(partial(_point, entry.id, text)),
            ),
            self._when_pointed,
        )

    def _when_done(self, text: str | None) -> None:
        if text is not None:
            self.report(text)

    def _when_pointed(self, name: str | None) -> None:
        if name is not None:
            self.run_worker(self._compare_with(name))

    async def _compare_with(self, name: str) -> None:
        from cortex_tui.session.baselines import load_baseline
        from cortex_tui.tui.state.versus import Versus

        self.report(f"{name} points at it; u points it back")
        try:
            loaded = await asyncio.to_thread(load_baseline, Path(self._store.url), name)
        except SnapshotError as error:
            self._complain(error)
        else:
            self._home.choose_baseline(Versus(loaded))

    # --- removing -------------------------------------------------------------------------------

    def action_delete(self) -> None:
        chosen = self.sessions.chosen
        if not chosen:
            return
        ids = _ids(chosen)
        self._write(partial(remove_all, refs=ids), self._removed_text)
        self.sessions.drop(ids)
        self.relist()

    def _removed_text(self, found: Sequence[Removed | SnapshotError]) -> str:
        removed = [each for each in found if isinstance(each, Removed)]
        for each in found:
            if isinstance(each, SnapshotError):
                self._complain(each)
        return f"{sessions_text(len(removed))} deleted; u restores" if removed else ""

    def action_undo(self) -> None:
        self._write(undo, str)

    # --- out of the list ------------------------------------------------------------------------

    def _title(self, entry: SessionEntry) -> str:
        """What the whole session is called: its first name, or its id."""
        of_it = (name for name in entry.names if name not in self.sessions.all.of_runs)
        return next(of_it, entry.id)

    def action_open(self) -> None:
        if (entry := self.sessions.current) is not None:
            self.run_worker(self._open(entry), group="open", exclusive=True)

    async def _open(self, entry: SessionEntry) -> None:
        from cortex_tui.tui.screens.main import MainScreen

        async def load(store: Store) -> StoredControl:
            return StoredControl(await store.load(entry.id), self._store)

        self.report("opening …")
        try:
            control = await _done(self._store.read(load))
        except SnapshotError as error:
            self._complain(error)
            return
        finally:
            self.report("")
        screen = MainScreen(
            catalog_of(control.profiles), (), self._store.url, stored=self._title(entry)
        )
        await self.app.push_screen(screen, lambda _: control.close())
        screen.control = control

    def action_again(self) -> None:
        if (entry := self.sessions.current) is not None:
            self.run_worker(self._again(entry), group="open", exclusive=True)

    async def _again(self, entry: SessionEntry) -> None:
        async def load(store: Store) -> Again:
            return again_of(self._title(entry), await store.load(entry.id))

        try:
            again = await _done(self._store.read(load))
        except SnapshotError as error:
            self._complain(error)
        else:
            self.dismiss()
            self._home.run_again(again)

    async def action_compare(self) -> None:
        """The checked sessions with the oldest of them, or with a baseline that is among them; one
        alone with the baseline of the workbench, or with the first that there is."""
        baselines = self.sessions.all.baselines
        chosen = sorted(self.sessions.chosen, key=lambda each: each.started_at)
        chosen.sort(key=lambda each: baselines.isdisjoint(each.names))
        refs = [self._title(each) for each in chosen]
        if not refs:
            return
        if len(refs) == 1:
            usual = self._home.versus.name or min(baselines, default="")
            if usual and usual not in chosen[0].names:
                refs.insert(0, usual)
        # Off the loop: it brings numpy.
        module = await asyncio.to_thread(import_module, "cortex_tui.tui.screens.compare")
        await self.app.push_screen(module.CompareScreen(self._store.url, refs))

    async def action_export(self) -> None:
        if (entry := self.sessions.current) is None:
            return
        # Off the loop: it brings all formats.
        module = await asyncio.to_thread(import_module, "cortex_tui.tui.screens.export")
        dialog = module.ExportDialog(entry.id, self._title(entry), self._store)
        self.app.push_screen(dialog, self._when_done)


async def _done(asked: Future[T]) -> T:
    """What came of it. Shielded: what was asked of the store is done, even if nobody waits."""
    return await asyncio.shield(asyncio.wrap_future(asked))


def _ids(entries: Sequence[SessionEntry]) -> list[str]:
    return [each.id for each in entries]


async def _verdicts_of(sessions: Sequence[str], store: Store) -> dict[str, Verdict]:
    return await store.verdicts(sessions)


async def _point(session: str, name: str, store: Store) -> str:
    await store.set_baseline(name, session)
    return name
