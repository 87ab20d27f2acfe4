"""The one main screen: profiles with their live numbers, details below or beside them, keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.containers import Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static

from cortex_tui.profiles.model import Catalog
from cortex_tui.session.control import Control
from cortex_tui.tui.actions import action_named, actions, bindings
from cortex_tui.tui.panes.port import Pane, PaneInput
from cortex_tui.tui.panes.registry import PANES
from cortex_tui.tui.render.status import status_line
from cortex_tui.tui.state.cost import CostMeter
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.pace import LOOK_S, pace_text
from cortex_tui.tui.state.sessions import Sessions
from cortex_tui.tui.state.status_message import StatusMessage
from cortex_tui.tui.state.view_poller import ViewPoller
from cortex_tui.tui.widgets.key_line import KeyLine
from cortex_tui.tui.widgets.lines import Move, TextLine
from cortex_tui.tui.widgets.live_table import LiveTable, TableHeader

if TYPE_CHECKING:
    from textual.widgets import Input

NOTE_S = 4.0
"""How long the status line tells what was just asked for."""


class MainScreen(Screen[None]):
    """Owns what is listed, checked and known of runs; the widgets only draw it."""

    # Every container costs each refresh: whatever lies under a changed line is composed again.
    DEFAULT_CSS = """
    MainScreen {
        layout: vertical;
        #status { background: $panel; dock: top; }
        #runs { height: 11fr; }
        Pane { height: 10fr; }
        #empty { display: none; padding: 1 2; height: 1fr; }
        #too-small { display: none; width: 1fr; height: 1fr; }
        &.-empty LiveTable { display: none; }
        &.-empty #empty { display: block; }
        &.-wide { layout: horizontal; }
        &.-wide #runs { width: 3fr; height: 1fr; }
        &.-wide Pane { width: 2fr; height: 1fr; padding-left: 1; }
        &.-wide DetailsPane { layout: vertical; }
        &.-wide Curve { width: 1fr; height: 1fr; max-height: 16; }
        &.-wide DetailsPane Lines { width: 1fr; height: 2fr; }
        &.-narrow, &.-low {
            #status, #runs, Pane, KeyLine { display: none; }
            #too-small { display: block; }
        }
    }
    """
    EMPTY = (
        "There are no profiles.\n\n"
        "A suite is a TOML file in ./profiles, or name one with --profiles PATH.\n"
        "e lists what is wrong with the files that were found."
    )

    table = getters.query_one(LiveTable)
    _status = getters.query_one("#status", TextLine)
    _keys = getters.query_one(KeyLine)

    def __init__(
        self,
        catalog: Catalog,
        checked: Sequence[str],
        store: str,
        control: Callable[[], Control | None],
        leave: Callable[[], None],
        *,
        meter: CostMeter | None = None,
        cores: int | None = None,
    ) -> None:
        """`control` returns the controller, or None while it is being made."""
        super().__init__()
        # Panes may have been added since this class was made, for which Textual keeps BINDINGS.
        self._bindings = BindingsMap.merge([self._bindings, BindingsMap(bindings())])
        self.pane: Pane = PANES["details"]()
        self.listing = Listing(catalog, checked)
        self.latest = LatestRuns()
        self.sessions = Sessions(
            self, self.listing, self.latest, control, store, self.say, self._started
        )
        self.poller = ViewPoller(self.latest, self.sessions.newest_view, meter, cores)
        self._catalog = catalog
        self._leave = leave
        self._ending = False
        self._note = StatusMessage(self.latest)
        self._note_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield TextLine(id="status")
        with Vertical(id="runs"):
            yield TableHeader(self.listing)
            yield LiveTable(self.listing, self.latest)
            yield Static(self.EMPTY, id="empty", markup=False)
        yield self.pane
        yield KeyLine()
        yield Static("", id="too-small", markup=False)

    def on_mount(self) -> None:
        self.set_class(not self._catalog.profiles, "-empty")
        self.table.focus()
        self.show()

    def begin(self) -> None:
        """Starts to look for views; called once there is a controller."""
        self.sessions.begin()
        self.set_interval(LOOK_S, self.poll, name="views")

    def poll(self) -> None:
        """Looks at the newest view, and draws what is new in it."""
        covered = self.app.screen is not self
        if self.poller.look(covered=covered):
            self.poller.meter.begin_frame()
            self.show(details=self.poller.details_due)
            self.call_after_refresh(self.poller.meter.end_frame)

    def show(self, *, details: bool = True) -> None:
        """Draws whatever differs from what stands on the screen."""
        latest, poller = self.latest, self.poller
        self.table.sync(has_cursor=not self.pane.lines.has_focus)
        if details:
            self.pane.show(self._pane_input)
        self._status.show(
            status_line(
                latest.view,
                self.listing,
                self.app.size.width,
                ending=self._ending,
                note="" if self._note.over else self._note.text,
                pace=pace_text(poller.pace),
                cost=poller.cost,
            )
        )
        ranked = (action.name for action in actions() if action.rank)
        idle = frozenset(name for name in ranked if not self.applies(name))
        self._keys.show(idle, live=latest.active)

    def say(self, text: str) -> None:
        """Tells in the status line what is being done, for a moment at most and until it is."""
        if self._note_timer is not None:
            self._note_timer.stop()
        self._note = StatusMessage(self.latest, text)
        self._note_timer = self.set_timer(NOTE_S, self._forget_note, name="note")
        self.show()

    def _forget_note(self) -> None:
        self._note = StatusMessage(self.latest)
        self.show()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.query_one("#too-small", Static).update(
            f"This terminal has {width}x{height} cells;\nthe workbench needs 60x15."
        )
        self.call_after_refresh(self.show)

    def show_ending(self) -> None:
        """Says that the session is being ended, until the screen goes."""
        self._ending = True
        self.show()

    def applies(self, name: str) -> bool:
        """Whether an action would do anything now."""
        match name:
            case "check" | "check_suite" | "check_all" | "filter":
                return bool(self._catalog.profiles)
            case "back":
                return bool(self.listing.filter or self.pane.KEY)
            case _ if name in PANES:
                return PANES[name].has_content(self._pane_input)
            case _:
                group = action_named(name).group
                return group != "session" or self.sessions.applies(name)

    # --- moving ---------------------------------------------------------------------------------

    def action_move(self, how: Move) -> None:
        if self.pane.lines.has_focus:
            self.pane.lines.move(how)
        else:
            self.table.move(how)

    @on(LiveTable.CursorMoved)
    def _cursor_moved(self) -> None:
        self.show()

    def action_pane_down(self) -> None:
        self.pane.lines.move("down")

    def action_pane_up(self) -> None:
        self.pane.lines.move("up")

    def action_focus_pane(self) -> None:
        self.set_focus(self.table if self.pane.lines.has_focus else self.pane.lines)

    def on_descendant_focus(self) -> None:
        self.show()

    # --- panes ----------------------------------------------------------------------------------

    @property
    def _pane_input(self) -> PaneInput:
        poller = self.poller
        return PaneInput(
            self.listing.current,
            self.latest,
            self._catalog.problems,
            poller.cost,
            poller.pace,
            poller.cores,
        )

    async def action_pane(self, name: str) -> None:
        """Opens a pane in place of the one that is open, or closes it again."""
        if name == self.pane.NAME:
            name = "details"
        had_focus = self.pane.lines.has_focus
        opened = next((pane for pane in self.query(Pane) if name == pane.NAME), None)
        with self.app.batch_update():
            if opened is None:
                opened = PANES[name]()
                await self.mount(opened, after=self.pane)
            self.pane.display, opened.display = False, True
        self.pane = opened
        if had_focus:
            self.set_focus(opened.lines)
        self.show()

    def action_help(self) -> None:
        from cortex_tui.tui.screens.keys_page import KeysPage

        self.app.push_screen(KeysPage())

    # --- choosing -------------------------------------------------------------------------------

    def action_check(self) -> None:
        if self.listing.current:
            self.listing.toggle(self.listing.current)
            self.show()

    def action_check_suite(self) -> None:
        if self.listing.current:
            self.listing.toggle_suite(self.listing.current.suite)
            self.show()

    def action_check_all(self) -> None:
        self.listing.toggle_all()
        self.show()

    @on(LiveTable.Pressed)
    def _row_pressed(self, event: LiveTable.Pressed) -> None:
        self.listing.move_to(event.row)
        if event.box:
            self.action_check()
        self.show()

    async def action_filter(self) -> None:
        # Imported when it is first used: an input costs more than the rest of the first frame.
        from cortex_tui.tui.widgets.filter_line import FilterLine

        for line in self.query(FilterLine):
            self.set_focus(line)
            return
        line = FilterLine()
        line.value = self.listing.filter
        await self.query_one("#runs").mount(line)
        # At once, unlike `line.focus()`: the letters may be right behind the key.
        self.set_focus(line)

    def _filter(self, text: str) -> None:
        self.listing.set_filter(text)
        self.table.relist()
        self.show()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._filter(event.value)

    async def on_input_submitted(self) -> None:
        self.set_focus(self.table)
        await self.query("FilterLine").remove()

    async def on_filter_line_cleared(self) -> None:
        await self._clear_filter()

    async def action_back(self) -> None:
        if self.pane.KEY:
            await self.action_pane(self.pane.NAME)
        else:
            await self._clear_filter()

    async def _clear_filter(self) -> None:
        await self.query("FilterLine").remove()
        self.set_focus(self.table)
        self._filter("")

    # --- sessions -------------------------------------------------------------------------------

    def _started(self) -> None:
        self.listing.move_to_chosen()
        self.table.bring_suite_up()
        self.poll()

    def action_session(self, name: str) -> None:
        self.sessions.perform(name)

    def action_quit(self) -> None:
        self._leave()

    @on(KeyLine.Pressed)
    async def _key_pressed(self, event: KeyLine.Pressed) -> None:
        await self.run_action(action_named(event.action).call)
