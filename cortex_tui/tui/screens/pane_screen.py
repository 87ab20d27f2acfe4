"""A screen with a table and a pane, of which either may have the focus and the whole screen."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, Self

from textual import on
from textual.geometry import Region
from textual.reactive import var
from textual.widget import Widget

from cortex_tui.tui.panes.port import Pane, PaneInput
from cortex_tui.tui.panes.registry import PANES, SHARDS, first_tab, tab_after
from cortex_tui.tui.screens.looking import LookingScreen
from cortex_tui.tui.state.memory import Part
from cortex_tui.tui.widgets.lines import Move
from cortex_tui.tui.widgets.live_table import LiveTable
from cortex_tui.tui.widgets.profile_list import ProfileList
from cortex_tui.tui.widgets.tab_line import TabLine


class PaneScreen(LookingScreen):
    """Opens one pane in place of the other, and gives keys to what has the focus."""

    maximised: var[Part] = var("", init=False)
    """Which of the two has the whole screen."""

    _mounts_pane = False
    """Whether a pane is there for the first time and was not drawn yet."""

    # Not by a query: Textual keeps what each has found, up to 1,024 for a screen, and does not find
    # it there again once a widget has changed. This screen stays for as long as the workbench.

    @property
    def profiles(self) -> ProfileList:
        return self.get_child_by_type(ProfileList)

    @property
    def table(self) -> LiveTable:
        return self.profiles.table

    @property
    def _tabs(self) -> TabLine:
        return self.get_child_by_type(TabLine)

    @property
    @abstractmethod
    def pane_input(self) -> PaneInput:
        """What a pane is drawn from now."""

    def action_move(self, how: Move) -> None:
        if self.pane.has_the_focus:
            self.pane.move(how)
        else:
            self.table.move(how)

    def action_pane_down(self) -> None:
        self.pane.move("down")

    def action_pane_up(self) -> None:
        self.pane.move("up")

    async def action_focus_pane(self) -> None:
        """Goes to the open pane, or to the shards of a run that several processes share; or back
        to the table."""
        to_table = self.pane.has_the_focus
        if not to_table:
            await self._open_shards_or_close_them()
        if self.maximised:
            self.maximised = "table" if to_table else "pane"
        self.set_focus(self.table if to_table else self.pane.body)

    async def _open_shards_or_close_them(self) -> None:
        now, shards = self.pane_input, PANES[SHARDS]
        if shards.has_content(now):
            await self.open_pane(SHARDS)
        elif isinstance(self.pane, shards):
            await self.open_pane(first_tab().NAME)

    @on(LiveTable.Opened)
    async def _row_opened(self) -> None:
        if not self.pane.body.has_focus:
            await self.action_focus_pane()

    def action_maximise(self) -> None:
        """Gives the part with the focus the whole screen, or both their shares again."""
        part: Literal["table", "pane"] = "pane" if self.pane.has_the_focus else "table"
        self.maximised = "" if self.maximised else part

    def watch_maximised(self, part: str) -> None:
        self.set_class(bool(part), "-maximised")
        _hide(self.profiles, part == "pane")
        for other in (self._tabs, self.pane):
            _hide(other, part == "table")
        self.call_after_refresh(self.show)

    async def action_pane(self, name: str) -> None:
        """Opens a pane in place of the one that is open, or closes it again."""
        await self.open_pane(first_tab().NAME if name == self.pane.NAME else name)

    async def action_curves(self) -> None:
        """Shows the curves of all checked rows, or of one again."""
        await self.open_pane(first_tab().NAME)
        self.action_in_pane("curves")

    def action_in_pane(self, name: str) -> None:
        """What the open pane does with a key of its own."""
        if self.pane.act(name):
            self.show()

    async def action_tab(self, name: str) -> None:
        """Opens the pane of a tab."""
        await self.open_pane(name.removeprefix("tab_"))

    async def action_next_tab(self) -> None:
        await self.open_pane(tab_after(self.pane.NAME))

    async def action_previous_tab(self) -> None:
        await self.open_pane(tab_after(self.pane.NAME, back=True))

    @on(TabLine.Pressed)
    async def _tab_pressed(self, event: TabLine.Pressed) -> None:
        await self.open_pane(event.pane)

    async def open_pane(self, name: str) -> None:
        """Shows a pane in place of the one that is open."""
        if self.maximised == "table":
            self.maximised = ""
        if name == self.pane.NAME:
            return
        had_focus = self.pane.has_the_focus
        opened = next((pane for pane in self.query(Pane) if name == pane.NAME), None)
        with self.app.batch_update():
            if opened is None:
                opened = PANES[name]()
                self._mounts_pane = True
                await self.mount(opened, after=self.pane)
                self.call_after_refresh(self._pane_is_drawn)
            _hide(self.pane, True)
            _hide(opened, False)
        self.pane = opened
        if had_focus:
            self.set_focus(opened.body)
        self.show()

    def _pane_is_drawn(self) -> None:
        self._mounts_pane = False

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        # A widget that is mounted has Textual render all of its screen, 5 to 7 ms; with the layout
        # goes what has another place, which is all that has changed.
        repaint = repaint and not (layout and self._mounts_pane)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


def _hide(part: Widget, hidden: bool) -> None:
    # By a style of its own: for a class the styles of all that is in it are looked up again, at the
    # next turn of the loop, and what is shown again may get the focus right behind.
    part.styles.display = "none" if hidden else None
