"""The screen of stored sessions: describe, delete, open them, and run them again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from textual import on

from cortex_tui.freed import give_back
from cortex_tui.library.again import Again, again_of, catalog_of
from cortex_tui.library.changes import (
    Pointed,
    give_name,
    note_all,
    point_baseline,
    sessions_text,
    tag_all,
    undo,
)
from cortex_tui.library.removing import remove_all
from cortex_tui.session.baselines import baseline_in
from cortex_tui.session.stored_control import StoredControl
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import Removed
from cortex_tui.store.port import Store
from cortex_tui.store.records import SessionEntry
from cortex_tui.text import one_line
from cortex_tui.tui.background import begin, begin_alone, done
from cortex_tui.tui.screens.ask import AskDialog
from cortex_tui.tui.screens.stored_list import StoredListScreen
from cortex_tui.tui.state.library_list import LeftOut
from cortex_tui.tui.state.versus import Versus
from cortex_tui.tui.widgets.row_table import RowTable

if TYPE_CHECKING:
    from cortex_tui.analysis.baseline import Baseline
    from cortex_tui.tui.screens.main import MainScreen


class LibraryScreen(StoredListScreen):
    """What can be done with the sessions of the list."""

    def __init__(self, store: str, home: MainScreen) -> None:
        """`store` is a URL or a path; `home` is the screen on which sessions are run."""
        super().__init__(store)
        self._home = home

    @property
    def is_measuring(self) -> bool:
        return self._home.latest.active

    @property
    def why_not_stored(self) -> str:
        return self._home.why_not_stored or super().why_not_stored

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
                apply=lambda text: self.store.write(partial(tag_all, _ids(chosen), text)),
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
                apply=lambda text: self.store.write(partial(note_all, _ids(chosen), text)),
                edits=True,
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
                apply=lambda text: self.store.write(partial(give_name, entry.id, text)),
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
                apply=lambda text: self.store.write(partial(point_baseline, entry.id, text)),
            ),
            self._when_pointed,
        )

    def _when_done(self, text: str | None) -> None:
        if text is not None:
            self.report(text)

    def _when_pointed(self, pointed: Pointed | None) -> None:
        if pointed is not None:
            back = "; u points it back" if pointed.before else ""
            self.report(f"{pointed.name} points at it{back}")
            begin(self, self._compare_with, pointed.name)

    async def _compare_with(self, name: str) -> None:
        async def load(store: Store) -> Baseline:
            return await baseline_in(store, name)

        try:
            self._home.choose_baseline(Versus(await done(self.store.read(load))))
        except SnapshotError as error:
            self.complain(error)

    # --- removing -------------------------------------------------------------------------------

    def action_delete(self) -> None:
        chosen = self.sessions.chosen
        if not chosen:
            return
        asked = self.store.write(partial(remove_all, refs=_ids(chosen)))
        # The next key is about the next session, without waiting for the store. One that runs is
        # not removed: it stays, and the cursor on it.
        before = self.drop([each.id for each in chosen if each.state != "running"])
        begin(self, self._finish_removal, asked, _ids(chosen), before)

    async def _finish_removal(
        self,
        asked: Future[list[Removed | SnapshotError]],
        ids: Sequence[str],
        before: LeftOut,
    ) -> None:
        try:
            found = await done(asked)
        except SnapshotError as error:
            self.complain(error)
            self.put_back(before, ids)
        else:
            failed = {
                session: each
                for session, each in zip(ids, found, strict=True)
                if isinstance(each, SnapshotError)
            }
            for each in failed.values():
                self.complain(each)
            self.put_back(before, [*failed])
            if removed := len(found) - len(failed):
                self.report(f"{sessions_text(removed)} deleted; u restores")
        self.reload()

    def action_undo(self) -> None:
        self.write(undo, str)

    # --- out of the list ------------------------------------------------------------------------

    def _title(self, entry: SessionEntry) -> str:
        """What the whole session is called: a name that stays, or else a baseline, or its id."""
        there = self.sessions.all
        of_it = [name for name in entry.names if name not in there.of_runs]
        return min(of_it, key=lambda name: name in there.baselines, default=entry.id)

    @on(RowTable.Opened)
    def _row_opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if (entry := self.sessions.current) is not None:
            begin_alone(self, "open", self._open, entry)

    async def _open(self, entry: SessionEntry) -> None:
        from cortex_tui.tui.screens.main import MainScreen

        async def load(store: Store) -> StoredControl:
            return StoredControl(await store.load(entry.id), self.store)

        self.report("opening …")
        try:
            control = await done(self.store.read(load))
        except SnapshotError as error:
            self.complain(error)
            return
        finally:
            self.report("")
        if not self.is_current:  # something else was opened meanwhile
            control.close()
            return
        # What it was read from, of 20 runs of an hour 30 MB.
        await asyncio.to_thread(give_back)
        screen = MainScreen(
            catalog_of(control.profiles),
            (),
            self.store.url,
            stored=self._title(entry),
            home=self._home,
        )
        await self.app.push_screen(screen, lambda _: control.close())
        screen.control = control

    def action_again(self) -> None:
        if (entry := self.sessions.current) is not None:
            begin_alone(self, "open", self._again, entry)

    async def _again(self, entry: SessionEntry) -> None:
        async def load(store: Store) -> Again:
            return again_of(self._title(entry), await store.load(entry.id))

        try:
            again = await done(self.store.read(load))
        except SnapshotError as error:
            self.complain(error)
        else:
            if self.is_current:
                self.dismiss()
                self._home.run_again(again)

    async def action_compare(self) -> None:
        """The checked sessions with the oldest of them, or with a baseline that is among them; one
        alone with a baseline."""
        baselines = self.sessions.all.baselines
        chosen = sorted(self.sessions.chosen, key=lambda each: each.started_at)
        chosen.sort(key=lambda each: baselines.isdisjoint(each.names))
        refs = [self._title(each) for each in chosen]
        if not refs:
            return
        if len(refs) == 1 and (usual := self._baseline_for(chosen[0])):
            refs.insert(0, usual)
        # Off the loop: it brings numpy.
        module = await asyncio.to_thread(import_module, "cortex_tui.tui.screens.compare")
        await self.app.push_screen(module.CompareScreen(self.store.url, refs))

    def _baseline_for(self, entry: SessionEntry) -> str:
        """What the workbench compares with, or else the newest baseline with a profile of the
        session; "" for none."""
        chosen, there = self._home.versus.baseline, self.sessions.all
        if chosen is not None:
            return "" if chosen.session == entry.id else chosen.name
        found = (
            name
            for each in there.sessions
            if each.id != entry.id and not set(each.profiles).isdisjoint(entry.profiles)
            for name in each.names
            if name in there.baselines
        )
        return next(found, "")

    async def action_export(self) -> None:
        if (entry := self.sessions.current) is None:
            return
        # Off the loop: it brings all formats.
        module = await asyncio.to_thread(import_module, "cortex_tui.tui.screens.export")
        dialog = module.ExportDialog(entry.id, self._title(entry), self.store)
        self.app.push_screen(dialog, self._when_done)


def _ids(entries: Sequence[SessionEntry]) -> list[str]:
    return [each.id for each in entries]
