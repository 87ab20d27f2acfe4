"""A stored session as a picture: its screen, drawn without a terminal."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from textual.pilot import Pilot

from cortex_tui.library.again import catalog_of
from cortex_tui.profiles.model import Catalog
from cortex_tui.session.stored_control import StoredControl
from cortex_tui.tui.app import Workbench
from cortex_tui.tui.panes.registry import PANES
from cortex_tui.tui.screens.main import MainScreen
from cortex_tui.tui.state.cost import CostMeter


class UnknownNameError(Exception):
    """What is wanted is not there; `kind` is `tab`, `profile` or `theme`, `known` has the names."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no {kind} {name}")
        self.kind = kind
        self.name = name
        self.known = known


class Wanted(NamedTuple):
    """What is to be in the picture."""

    columns: int
    rows: int
    tab: str
    """The name of a pane; "" for the first tab."""
    profile: str
    """The full name of the profile under the cursor; "" for the first."""
    theme: str


class _NoMeter(CostMeter):
    """What this screen costs is not the same twice, and belongs in no picture."""

    def look(self) -> None:
        pass

    def begin_frame(self) -> None:
        pass


def picture_of(control: StoredControl, title: str, wanted: Wanted) -> str:
    """The SVG of the screen of a stored session; the same session leads to the same text.

    `title` names the session. Closes the control. UnknownNameError for what is not there.
    """
    profiles = tuple(profile.full_name for profile in control.profiles)
    if wanted.tab and wanted.tab not in PANES:
        raise UnknownNameError("tab", wanted.tab, tuple(PANES))
    if wanted.profile and wanted.profile not in profiles:
        raise UnknownNameError("profile", wanted.profile, profiles)
    app = Workbench(Catalog(), lambda loop: control, meter=_NoMeter())
    if wanted.theme not in app.available_themes:
        raise UnknownNameError("theme", wanted.theme, tuple(app.available_themes))
    # Those of the machine that measured, not of this one; what was imported may hold anything.
    known = control.view.environment.get("usable_cores")
    cores = known if isinstance(known, int) and known > 0 else 1
    drawn: list[str] = []

    async def draw(pilot: Pilot[object]) -> None:
        app.theme = wanted.theme
        screen = MainScreen(
            catalog_of(control.profiles), (), "", meter=_NoMeter(), cores=cores, stored=title
        )
        await app.push_screen(screen)
        screen.control = control
        if wanted.profile:
            screen.listing.move_to_key(wanted.profile)
        screen.poll()
        if wanted.tab:
            await screen.open_pane(wanted.tab)
        await pilot.pause()
        while not screen.is_complete:
            await pilot.pause()
        screen.show()
        await pilot.pause()
        drawn.append(app.export_screenshot())
        app.exit()

    try:
        size = wanted.columns, wanted.rows
        asyncio.run(app.run_async(headless=True, size=size, auto_pilot=draw))
    finally:
        app.close_control()
        control.close()
    return drawn[0]
