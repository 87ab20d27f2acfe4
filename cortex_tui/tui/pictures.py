"""Screens as pictures: drawn without a terminal, the same content always as the same text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from textual.pilot import Pilot

from cortex_tui.library.again import catalog_of
from cortex_tui.profiles.model import Catalog
from cortex_tui.session.control import Control
from cortex_tui.session.stored_control import StoredControl
from cortex_tui.store.errors import SnapshotError
from cortex_tui.tui.app import Workbench
from cortex_tui.tui.panes.registry import PANES
from cortex_tui.tui.screens.main import MainScreen
from cortex_tui.tui.state.cost import CostMeter


class UnknownNameError(Exception):
    """What is wanted is not there; `kind` is `tab`, `profile` or `theme`, `known` has the names."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no {kind} {name}")
        self.kind = kind
        self.name = name
        self.known = tuple(known)


class Wanted(NamedTuple):
    """What is to be in the picture."""

    columns: int
    rows: int
    tab: str
    """The name of a pane, or of a picture of the compare screen; "" for the first."""
    profile: str
    """The full name of the profile under the cursor; "" for the first."""
    theme: str
    together: bool = False
    """Whether all profiles of a session have their curves in one picture."""


class _NoMeter(CostMeter):
    """What this screen costs is not the same twice, and belongs in no picture."""

    def look(self) -> None:
        pass

    def begin_frame(self) -> None:
        pass


class _Drawn(Workbench):
    """A workbench in which nothing can be run."""

    def __init__(self) -> None:
        super().__init__(Catalog(), _no_control, meter=_NoMeter())

    def begin(self) -> None:
        pass


def _no_control(loop: asyncio.AbstractEventLoop) -> Control:
    raise RuntimeError("nothing is run in a picture")


Show = Callable[[_Drawn, Pilot[object]], Awaitable[None]]
"""Brings what is wanted on the screen, all of it."""


def _picture(show: Show, wanted: Wanted) -> str:
    """The SVG of what is shown. Whatever `show` raises comes out."""
    app = _Drawn()
    if wanted.theme not in app.available_themes:
        raise UnknownNameError("theme", wanted.theme, tuple(app.available_themes))
    drawn: list[str] = []
    failed: list[Exception] = []

    async def draw(pilot: Pilot[object]) -> None:
        app.theme = wanted.theme
        try:
            await show(app, pilot)
            await pilot.pause()
            drawn.append(app.export_screenshot())
        except Exception as error:
            failed.append(error)
        app.exit()

    size = wanted.columns, wanted.rows
    asyncio.run(app.run_async(headless=True, size=size, auto_pilot=draw))
    if failed:
        raise failed[0]
    return drawn[0]


async def _settled(app: Workbench, pilot: Pilot[object]) -> None:
    """Until all that was asked for has come."""
    await pilot.pause()
    while not all(worker.is_finished for worker in app.workers):
        await pilot.pause()
    await pilot.pause()


async def _completed(screen: MainScreen, pilot: Pilot[object]) -> None:
    await pilot.pause()
    while not screen.is_complete:
        await pilot.pause()


def _known(kind: str, name: str, known: Sequence[str]) -> None:
    if name and name not in known:
        raise UnknownNameError(kind, name, known)


def session_picture(control: StoredControl, title: str, wanted: Wanted) -> str:
    """The screen of a stored session, which `title` names. Closes the control. UnknownNameError for
    what is not there."""
    profiles = [profile.full_name for profile in control.profiles]
    # Those of the machine that measured, not of this one; what was imported may hold anything.
    known = control.view.environment.get("usable_cores")
    cores = known if isinstance(known, int) and known > 0 else 1

    async def show(app: _Drawn, pilot: Pilot[object]) -> None:
        checked = profiles if wanted.together else ()
        screen = MainScreen(
            catalog_of(control.profiles), checked, "", meter=_NoMeter(), cores=cores, stored=title
        )
        await app.push_screen(screen)
        screen.control = control
        if wanted.profile:
            screen.listing.move_to_key(wanted.profile)
        screen.poll()
        if wanted.tab:
            await screen.open_pane(wanted.tab)
        if wanted.together:
            await screen.action_curves()
        await _completed(screen, pilot)
        screen.show()
        await _completed(screen, pilot)

    try:
        _known("tab", wanted.tab, tuple(PANES))
        _known("profile", wanted.profile, profiles)
        return _picture(show, wanted)
    finally:
        control.close()


def library_picture(store: Path, session: str, wanted: Wanted) -> str:
    """The list of stored sessions; the cursor is on that with the id `session`, "" for the first.
    SnapshotError for a store that cannot be read."""
    from cortex_tui.tui.screens.library import LibraryScreen

    async def show(app: _Drawn, pilot: Pilot[object]) -> None:
        screen = LibraryScreen(str(store), app.home)
        await app.push_screen(screen)
        await _settled(app, pilot)
        if screen.error:
            raise SnapshotError(screen.error)
        rows = [each.id for each in screen.sessions.rows]
        if session in rows:
            screen.sessions.move_to(rows.index(session))
            screen.relist()
            await _settled(app, pilot)

    return _picture(show, wanted)


def compare_picture(store: Path, refs: Sequence[str], wanted: Wanted) -> str:
    """The screen that compares sessions. SnapshotError for what cannot be compared,
    UnknownNameError for what is not there."""
    from cortex_tui.tui.compare_actions import TABS
    from cortex_tui.tui.screens.compare import CompareScreen

    _known("tab", wanted.tab, [tab.name for tab in TABS])

    async def show(app: _Drawn, pilot: Pilot[object]) -> None:
        screen = CompareScreen(store, refs)
        await app.push_screen(screen)
        await _settled(app, pilot)
        if screen.found is None:
            # Below the reason stands the key that forces it.
            raise SnapshotError(screen.message.partition("\n")[0])
        _known("profile", wanted.profile, screen.profiles)
        if wanted.profile:
            screen.move_to(wanted.profile)
        if wanted.tab:
            screen.action_tab(wanted.tab)
        await _settled(app, pilot)
        # What a picture is made from may be asked for only once the one before has come.
        screen.show()
        await _settled(app, pilot)

    return _picture(show, wanted)


def form_picture(catalog: Catalog, folders: Sequence[Path], wanted: Wanted) -> str:
    """The form in which a profile is edited. DraftError for one that cannot be, UnknownNameError
    for what is not there."""
    from cortex_tui.profiles.drafts import draft_of
    from cortex_tui.tui.screens.edit import EditForm

    found = {
        profile.full_name: (profile, suite.shipped)
        for suite in catalog.suites
        for profile in suite.profiles
    }
    name = wanted.profile or next(iter(found), "")
    if name not in found:
        raise UnknownNameError("profile", name, tuple(found))
    profile, shipped = found[name]
    form = EditForm(draft_of(profile), {}, shipped=shipped, folders=folders)

    async def show(app: _Drawn, pilot: Pilot[object]) -> None:
        app.push_screen(form)

    return _picture(show, wanted)
