"""The one main screen: profiles with their live numbers, a pane below or next to them, keys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from textual import events, getters, on
from textual.app import ComposeResult
from textual.reactive import var
from textual.widgets import Static

from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.search_path import SuiteReader
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import Control
from cortex_tui.tui.garbage import look_between_frames
from cortex_tui.tui.key_lines import FIRST, State
from cortex_tui.tui.panes.port import Pane, PaneInput
from cortex_tui.tui.panes.registry import PANES, first_tab
from cortex_tui.tui.render.marks import legend
from cortex_tui.tui.render.status import StatusKeys, status_line
from cortex_tui.tui.screens.comparing import ComparingScreen
from cortex_tui.tui.screens.pane_screen import PaneScreen
from cortex_tui.tui.screens.session_screen import SessionScreen
from cortex_tui.tui.screens.suite_screen import SuiteScreen
from cortex_tui.tui.state.cost import CostMeter
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.memory import NOTHING, Remembered, remember, restore
from cortex_tui.tui.state.pace import LOOK_S, pace_text
from cortex_tui.tui.state.view_poller import ViewPoller
from cortex_tui.tui.widgets.key_line import KeyLine
from cortex_tui.tui.widgets.lines import TextLine
from cortex_tui.tui.widgets.profile_list import ProfileList
from cortex_tui.tui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from cortex_tui.library.again import Again
    from cortex_tui.tui.state.copying import What


class MainScreen(ComparingScreen, SuiteScreen, PaneScreen):
    """The table of profiles and a pane about the run under the cursor."""

    LEGEND = legend()
    DRAWS_AT_ONCE = True
    # Every container costs each refresh: whatever lies under a changed line is composed again.
    DEFAULT_CSS = """
    MainScreen {
        layout: vertical;
        #status { background: $panel; dock: top; }
        ProfileList { height: 11fr; }
        Pane { height: 10fr; }
        #too-small { display: none; width: 1fr; height: 1fr; }
        &.-wide {
            layout: grid; grid-size: 2 2; grid-columns: 3fr 2fr; grid-rows: 1 1fr;
        }
        &.-wide ProfileList { row-span: 2; height: 100%; }
        &.-wide TabLine { padding-left: 1; }
        &.-wide Pane { height: 100%; padding-left: 1; }
        &.-maximised { layout: vertical; }
        &.-wide PercentilesPane { layout: vertical; }
        &.-wide PercentilesPane Picture { width: 1fr; height: 1fr; max-height: 24; }
        &.-wide PercentilesPane Lines { width: 1fr; height: 1fr; }
        &.-narrow, &.-low {
            #status, ProfileList, TabLine, Pane, KeyLine { display: none; }
            #too-small { display: block; }
        }
    }
    """

    view: var[SessionView | None] = var(None, init=False)
    """The newest view that is drawn."""
    ending: var[bool] = var(False, init=False)
    """Whether the session is being ended, until the screen is left."""

    _status = getters.child_by_id("status", TextLine)

    def __init__(
        self,
        catalog: Catalog,
        checked: Sequence[str],
        store: str,
        *,
        reader: SuiteReader | None = None,
        meter: CostMeter | None = None,
        cores: int | None = None,
        was: Remembered = NOTHING,
        stored: str = "",
        home: MainScreen | None = None,
    ) -> None:
        """`was` is what a person had before them the last time; `checked` goes before it. `stored`
        names the stored session that is looked at, in place of one that is run: its profiles are
        the catalog, and `home` has what the files have."""
        super().__init__(Listing(catalog, checked or was.checked), store, reader, home)
        restore(self.listing, was)
        self._stored = stored
        self.pane: Pane = PANES.get(was.pane, first_tab())()
        self._part = was.maximised
        self.poller = ViewPoller(meter, cores)

    @property
    def _keys(self) -> KeyLine:
        return self.get_child_by_type(KeyLine)

    @property
    def only_looks(self) -> bool:
        return bool(self._stored)

    def compose(self) -> ComposeResult:
        yield TextLine(id="status")
        yield ProfileList(self.listing, self.latest)
        yield TabLine()
        yield self.pane
        yield KeyLine(self.table_of_actions)
        yield Static("", id="too-small", markup=False)

    def on_mount(self) -> None:
        self.table.clear_key = self.key_of("back")
        self.set_focus(self.pane.body if self._part == "pane" else self.table)
        self.maximised = self._part
        self.show()

    def remember(self, theme: str) -> Remembered:
        """What a person has before them now."""
        return remember(self.listing, self.pane.NAME, self.maximised, theme)

    # --- drawing --------------------------------------------------------------------------------

    def watch_control(self, control: Control | None) -> None:
        super().watch_control(control)
        self.set_interval(LOOK_S, self.poll, name="views")

    def poll(self) -> None:
        """Looks at the newest view, and draws what is new in it."""
        view = self.control.view if self.control else None
        if self.poller.look(view, covered=self.app.screen is not self):
            self.view = view

    def look_at_newest(self) -> None:
        """Takes in the newest view, however seldom views are drawn now."""
        if self.control is not None:
            self.view = self.control.view

    def watch_view(self, view: SessionView | None) -> None:
        if view is None:
            return
        was_active = self.latest.active
        self.latest.take(view)
        self.list_session(view.session)
        if was_active and not self.latest.active:
            self.post_message(self.SessionEnded(view))
            if self.listing.sort.column:
                self.profiles.sort_rows()
        self.compare()
        self.poller.meter.begin_frame()
        if with_pane := self.poller.details_due(view):
            self.fetch_intervals()
            if self.awaits_intervals and not self.frame_waits:
                # One frame in a moment, not one now and one then.
                self.frame_waits = True
                return
        self.show(with_pane=with_pane)
        self.when_drawn(self._end_frame)

    def _end_frame(self) -> None:
        self.poller.meter.end_frame()
        # In a turn of the loop of its own: keys that came meanwhile are taken first.
        asyncio.get_running_loop().call_soon(look_between_frames)

    def watch_ending(self) -> None:
        self.show()

    def show(self, *, with_pane: bool = True) -> None:
        """Draws whatever differs from what the screen shows."""
        self.frame_waits = False
        if with_pane:
            self.fetch_intervals()
        self.look_at_window()
        latest, message, now = self.latest, self.status_message, self.pane_input
        self.table.latest = self.seen
        self.profiles.versus = self.versus
        self.table.sync(has_cursor=not self.pane.has_the_focus)
        self._tabs.open = self.pane.NAME
        if with_pane and not self.awaits_intervals:
            # Else it is drawn when they have come, which takes milliseconds: once, not twice.
            self.pane.show(now)
        self._status.line = status_line(
            latest.view,
            self.listing,
            self.app.size.width,
            ending=self.ending,
            message="" if message is None or message.is_over(latest) else message.text,
            pace=pace_text(now.pace),
            cost=now.cost,
            looking=self._looking,
            keys=StatusKeys(*map(self.key_of, StatusKeys._fields)),
            stored=self._stored,
            awaited=self.awaited,
        )
        self._keys.state = state = self._state
        names = (*FIRST[state], *self.ranked)
        self._keys.idle = frozenset(name for name in names if not self._applies(name, now))

    def show_pane(self) -> None:
        self.pane.show(self.pane_input)
        self.when_drawn(self._end_frame)

    @property
    def _state(self) -> State:
        """Which keys matter."""
        active = self.latest.active
        if self.frozen:
            return "frozen"
        if self.window is not None:
            return "live part" if active else "part"
        if self._stored:
            return "stored"
        if active:
            return "live"
        return "idle" if self.latest.view is None else "ended"

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.get_child_by_id("too-small", Static).update(
            f"This terminal has {width}x{height} cells;\nthe workbench needs 60x15."
        )
        self.call_after_refresh(self.show)

    def applies(self, name: str) -> bool:
        """Whether an action would do anything now."""
        return self._applies(name, self.pane_input)

    def _applies(self, name: str, now: PaneInput) -> bool:
        match name:
            case "check" if self.latest.active or self.frozen:
                return False
            case "check" | "check_row" | "check_suite" | "check_all" | "filter":
                return bool(self.listing.catalog.profiles)
            case "sort_next" | "sort_previous" | "sort_other_way":
                return bool(self.listing.catalog.profiles) and (
                    name != "sort_other_way" or bool(self.listing.sort.column)
                )
            case "back":
                first = type(self.pane) is first_tab()
                away = self.frozen or self.window or self.maximised
                return bool(self.listing.filter or away) or not first
            case _ if name in PANES:
                return PANES[name].has_content(now)
            case _:
                return super().applies(name)

    # --- panes ----------------------------------------------------------------------------------

    def on_descendant_focus(self) -> None:
        self.show()

    @property
    def pane_input(self) -> PaneInput:
        poller, entry, seen = self.poller, self.listing.current, self.seen
        whole = seen.run_of(entry)
        known = seen.seen(entry.key) if entry is not None and entry.profile else None
        return PaneInput(
            entry,
            seen,
            self.listing.catalog.problems,
            poller.cost,
            poller.pace,
            poller.cores,
            run=known.run if known and not known.awaited else None,
            whole=whole,
            series=self._series.of(whole),
            window=self.window_shown,
            versus=self.versus,
            awaited=known is not None and known.awaited,
            checked=self._checked_runs,
        )

    @property
    def _checked_runs(self) -> tuple[RunResult, ...]:
        found = (self.seen.seen(name) for name in sorted(self.listing.checked))
        return tuple(each.run for each in found if each is not None and not each.awaited)

    # --- copying --------------------------------------------------------------------------------

    def action_copy(self) -> None:
        """Asks what of the table to copy."""
        from cortex_tui.tui.screens.copying import CopyMenu

        self.app.push_screen(CopyMenu(), self._copy)

    def _copy(self, what: What | None) -> None:
        if what is None:
            return
        # Brings what makes command lines, which the first frame need not wait for.
        from cortex_tui.tui.state.copying import copied

        found = copied(what, self.listing, self.seen, self.suites_as_read, self._store, self.window)
        if found.text:
            self.app.copy_to_clipboard(found.text)
        self.report(found.report)

    # --- choosing -------------------------------------------------------------------------------

    @on(ProfileList.Changed)
    def _list_changed(self) -> None:
        self.show()

    def action_check(self, name: str) -> None:
        self.profiles.check(name)

    def action_sort(self, name: str) -> None:
        self.profiles.sort(name)

    async def action_filter(self) -> None:
        if self.maximised == "pane":
            self.maximised = ""
        await self.profiles.open_filter()

    def action_space(self, name: str) -> None:
        """What the space bar does: it checks a row, or freezes the screen during a session."""
        self.look_at_newest()
        if self.latest.active or self.frozen:
            self.action_look("freeze")
        else:
            self.action_check(name)

    async def action_back(self) -> None:
        if self.frozen or self.window is not None:
            self.frozen, self.window = False, None
        elif self.maximised:
            self.maximised = ""
        elif type(self.pane) is not first_tab():
            await self.open_pane(first_tab().NAME)
        elif self._stored and not self.listing.filter:
            self.dismiss()
        else:
            await self.profiles.clear_filter()

    async def action_library(self) -> None:
        """Opens the screen of stored sessions, or returns to it from one of them."""
        if self._stored:
            self.dismiss()
            return
        # Off the loop: it brings the store.
        module = await asyncio.to_thread(import_module, "cortex_tui.tui.screens.library")
        await self.app.push_screen(module.LibraryScreen(self._store, self))

    def run_again(self, again: Again) -> None:
        """Starts a session of the profiles of a stored one, in front of all others."""
        self.list_also(again.profiles)
        self.listing.move_to_key(again.profiles[0].full_name)
        self.start_profiles(again.profiles, one_by_one=again.one_by_one, rounds=again.rounds)

    # --- sessions -------------------------------------------------------------------------------

    @on(SessionScreen.SessionStarted)
    def _session_started(self) -> None:
        self.listing.move_to_chosen()
        self.table.bring_suite_up()
        self.poll()
