"""The one main screen: profiles with their live numbers, a pane below or next to them, keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.reactive import var
from textual.widgets import Static

from cortex_tui.profiles.model import Catalog
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import Control
from cortex_tui.tui.actions import actions, bindings
from cortex_tui.tui.panes.port import Pane, PaneInput
from cortex_tui.tui.panes.registry import PANES
from cortex_tui.tui.render.status import status_line
from cortex_tui.tui.screens.session_screen import SessionScreen
from cortex_tui.tui.state.cost import CostMeter
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.pace import LOOK_S, pace_text
from cortex_tui.tui.state.view_poller import ViewPoller
from cortex_tui.tui.widgets.key_line import KeyLine
from cortex_tui.tui.widgets.lines import Move, TextLine
from cortex_tui.tui.widgets.live_table import LiveTable
from cortex_tui.tui.widgets.profile_list import ProfileList


class MainScreen(SessionScreen):
    """The table of profiles and a pane about the run under the cursor."""

    # Every container costs each refresh: whatever lies under a changed line is composed again.
    DEFAULT_CSS = """
    MainScreen {
        layout: vertical;
        #status { background: $panel; dock: top; }
        ProfileList { height: 11fr; }
        Pane { height: 10fr; }
        #too-small { display: none; width: 1fr; height: 1fr; }
        &.-wide { layout: horizontal; }
        &.-wide ProfileList { width: 3fr; height: 1fr; }
        &.-wide Pane { width: 2fr; height: 1fr; padding-left: 1; }
        &.-wide DetailsPane { layout: vertical; }
        &.-wide Curve { width: 1fr; height: 1fr; max-height: 16; }
        &.-wide DetailsPane Lines { width: 1fr; height: 2fr; }
        &.-narrow, &.-low {
            #status, ProfileList, Pane, KeyLine { display: none; }
            #too-small { display: block; }
        }
    }
    """

    view: var[SessionView | None] = var(None, init=False)
    """The newest view that is drawn."""
    ending: var[bool] = var(False, init=False)
    """Whether the session is being ended, until the screen is left."""

    profiles = getters.query_one(ProfileList)
    table = getters.query_one(LiveTable)
    _status = getters.query_one("#status", TextLine)
    _keys = getters.query_one(KeyLine)

    def __init__(
        self,
        catalog: Catalog,
        checked: Sequence[str],
        store: str,
        *,
        meter: CostMeter | None = None,
        cores: int | None = None,
    ) -> None:
        super().__init__(Listing(catalog, checked), store)
        # Panes may have been added since this class was made, for which Textual keeps BINDINGS.
        self._bindings = BindingsMap.merge([self._bindings, BindingsMap(bindings())])
        self._actions = {action.name: action for action in actions()}
        self._ranked = [action.name for action in self._actions.values() if action.rank]
        self.pane: Pane = PANES["details"]()
        self.poller = ViewPoller(meter, cores)
        self._catalog = catalog

    def compose(self) -> ComposeResult:
        yield TextLine(id="status")
        yield ProfileList(self.listing, self.latest)
        yield self.pane
        yield KeyLine()
        yield Static("", id="too-small", markup=False)

    def on_mount(self) -> None:
        self.table.focus()
        self.show()

    # --- drawing --------------------------------------------------------------------------------

    def watch_control(self, control: Control | None) -> None:
        super().watch_control(control)
        self.set_interval(LOOK_S, self.poll, name="views")

    def poll(self) -> None:
        """Looks at the newest view, and draws what is new in it."""
        view = self.control.view if self.control else None
        if self.poller.look(view, covered=self.app.screen is not self):
            self.view = view

    def watch_view(self, view: SessionView | None) -> None:
        if view is None:
            return
        self.latest.take(view)
        self.poller.meter.begin_frame()
        self.show(with_pane=self.poller.details_due(view))
        self.call_after_refresh(self.poller.meter.end_frame)

    def watch_ending(self) -> None:
        self.show()

    def show(self, *, with_pane: bool = True) -> None:
        """Draws whatever differs from what the screen shows."""
        latest, message, now = self.latest, self.status_message, self._pane_input
        self.table.sync(has_cursor=not self.pane.lines.has_focus)
        if with_pane:
            self.pane.show(now)
        self._status.line = status_line(
            latest.view,
            self.listing,
            self.app.size.width,
            ending=self.ending,
            message="" if message is None or message.is_over(latest) else message.text,
            pace=pace_text(now.pace),
            cost=now.cost,
        )
        self._keys.idle = frozenset(name for name in self._ranked if not self._applies(name, now))
        self._keys.live = latest.active

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.query_one("#too-small", Static).update(
            f"This terminal has {width}x{height} cells;\nthe workbench needs 60x15."
        )
        self.call_after_refresh(self.show)

    def applies(self, name: str) -> bool:
        """Whether an action would do anything now."""
        return self._applies(name, self._pane_input)

    def _applies(self, name: str, now: PaneInput) -> bool:
        match name:
            case "check" | "check_suite" | "check_all" | "filter":
                return bool(self._catalog.profiles)
            case "back":
                return bool(self.listing.filter or self.pane.KEY)
            case _ if name in PANES:
                return PANES[name].has_content(now)
            case _:
                of_session = self._actions[name].group == "session"
                return not of_session or self.session_action_applies(name)

    # --- moving ---------------------------------------------------------------------------------

    def action_move(self, how: Move) -> None:
        if self.pane.lines.has_focus:
            self.pane.lines.move(how)
        else:
            self.table.move(how)

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
            self.pane.add_class("-closed")
            opened.remove_class("-closed")
        self.pane = opened
        if had_focus:
            self.set_focus(opened.lines)
        self.show()

    def action_help(self) -> None:
        from cortex_tui.tui.screens.keys_page import KeysPage

        self.app.push_screen(KeysPage())

    # --- choosing -------------------------------------------------------------------------------

    @on(ProfileList.Changed)
    def _list_changed(self) -> None:
        self.show()

    def action_check(self, name: str) -> None:
        self.profiles.check(name)

    async def action_filter(self) -> None:
        await self.profiles.open_filter()

    async def action_back(self) -> None:
        if self.pane.KEY:
            await self.action_pane(self.pane.NAME)
        else:
            await self.profiles.clear_filter()

    # --- sessions and keys ----------------------------------------------------------------------

    @on(SessionScreen.SessionStarted)
    def _session_started(self) -> None:
        self.listing.move_to_chosen()
        self.table.bring_suite_up()
        self.poll()

    async def action_quit(self) -> None:
        await self.app.action_quit()

    @on(KeyLine.Pressed)
    async def _key_pressed(self, event: KeyLine.Pressed) -> None:
        await self.run_action(self._actions[event.action].call)
