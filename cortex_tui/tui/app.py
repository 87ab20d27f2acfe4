"""The workbench as an application: has the controller made, shows the main screen, ends."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, ClassVar

from textual import on
from textual.app import SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import ModalScreen, Screen
from textual.worker import Worker, WorkerState

from cortex_tui.exit_codes import USAGE
from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.search_path import SuiteReader
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import Control
from cortex_tui.starting import resume_collections
from cortex_tui.text import one_line
from cortex_tui.tui.background import begin_on_thread
from cortex_tui.tui.config.keys import written
from cortex_tui.tui.config.model import DEFAULTS, Config
from cortex_tui.tui.drawn_lines import free_drawn_lines_at_once
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.garbage import (
    forget_removed_widgets,
    look_between_frames,
    look_through_all,
)
from cortex_tui.tui.key_order import KeysInOrder
from cortex_tui.tui.notices_at_top import NoticesAtTop
from cortex_tui.tui.palette import PaletteApp
from cortex_tui.tui.panes.registry import tabs
from cortex_tui.tui.screens.action_screen import ActionScreen
from cortex_tui.tui.screens.main import MainScreen
from cortex_tui.tui.screens.session_screen import SessionScreen
from cortex_tui.tui.screenshot import save_screenshot
from cortex_tui.tui.second_key import ASKED_S, SecondKey
from cortex_tui.tui.self_contained import self_contained
from cortex_tui.tui.state.cost import CostMeter
from cortex_tui.tui.state.memory import LOOK_S, NOTHING, Memory, Remembered
from cortex_tui.tui.terminal_driver import TerminalDriver
from cortex_tui.tui.watching import Unwatched, Watched

MakeControl = Callable[[asyncio.AbstractEventLoop], Control]
"""Makes the controller, on a thread of its own; it is given the workbench's loop, for sessions
that run on it."""

# The classes by which the main screen's styles follow the size of the terminal.
_BREADTHS = [(0, "-narrow"), (60, "-fitting"), (140, "-wide")]
_HEIGHTS = [(0, "-low"), (15, "-high")]

MAKING_S = 5.0
"""For how long a controller that is being made keeps the workbench from leaving."""


class Workbench(NoticesAtTop[int], KeysInOrder[int], PaletteApp[int]):
    """The terminal workbench. Its result is the exit code."""

    TITLE = "cortex-tui"
    ALLOW_SELECT = False
    HORIZONTAL_BREAKPOINTS = _BREADTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+c,ctrl+q",
            "quit",
            "quit",
            show=False,
            priority=True,
            tooltip="End the session and leave",
            id="app-quit",
        )
    ]

    def __init__(
        self,
        catalog: Catalog,
        make_control: MakeControl,
        *,
        checked: Sequence[str] = (),
        store: str = "",
        reader: SuiteReader | None = None,
        meter: CostMeter | None = None,
        cores: int | None = None,
        config: Config = DEFAULTS,
        memory: Memory | None = None,
    ) -> None:
        """`checked` are full names of profiles; those that are unknown are left out.

        `make_control` is called once, behind the first frame. With a `reader`, suites are read
        again when their files change. `meter` measures what the screen costs, and `cores` is how
        many there are: those of the process, by default. `memory` is where what is open is written
        down; without one it opens as if for the first time.
        """
        forget_removed_widgets()
        free_drawn_lines_at_once()
        # With NO_COLOR, Textual would turn colours into greys; with the terminal's own colours,
        # it leaves them out.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.last_view: SessionView | None = None
        """The newest view of the newest session, also after the end."""
        self.closed = False
        """Whether the controller was closed."""
        self.failure = ""
        """Why it ended, or did not end cleanly; for a person to read once the screen is left."""
        self._make_control = make_control
        self._making: Future[Control] | None = None
        self._unwatched = False
        """Whether it is to leave once no session is running."""
        self._leave_key = SecondKey()
        self._ending = False
        self._exit_code = 0
        self._close_lock = threading.Lock()
        self.own_keys = config.keys
        self._notify = config.notify
        self._memory = memory
        self._opened = False
        was = NOTHING if memory is None else memory.found
        if (theme := config.theme or was.theme) in self.available_themes:
            self.theme = theme
        self._main = MainScreen(
            catalog, checked, store, reader=reader, meter=meter, cores=cores, was=was
        )

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    def get_default_screen(self) -> Screen[Any]:
        return self._main

    def on_mount(self) -> None:
        self.call_after_refresh(self.begin)
        self._opened = True
        if self._memory is not None:
            if self._memory.notice:
                self.notify(self._memory.notice, severity="warning", markup=False)
            self.set_interval(LOOK_S, self._remember, name="memory")

    def _remember(self) -> None:
        """Has what has changed written down, off the loop."""
        memory, now = self._memory, self._main.remember(self.theme)
        if memory is not None and not memory.has(now):
            begin_on_thread(self, "memory", partial(self._keep, memory, now))

    def _keep(self, memory: Memory, now: Remembered) -> None:
        # What cannot be written is not worth more than that it is not there the next time.
        with suppress(OSError):
            memory.keep(now)

    def begin(self) -> None:
        """Has the controller made."""
        gc.freeze()
        resume_collections()
        if not self._ending:
            # Making it brings numpy: 100 to 150 ms in which no key would be answered.
            self._making = Future()
            make = partial(self._make, self._making, asyncio.get_running_loop())
            begin_on_thread(self, "control", make, exit_on_error=False)

    def _make(self, making: Future[Control], loop: asyncio.AbstractEventLoop) -> None:
        try:
            for module in {module for pane in tabs() for module in pane.NEEDS}:
                import_module(module)
            making.set_result(self._make_control(loop))
        except BaseException as error:
            making.set_exception(error)
            raise

    def _begin_sessions(self, making: Future[Control]) -> None:
        if not self._ending:
            # What exists now stays; a full collection would cost 25 to 35 ms each time it looks. No
            # garbage was looked for while starting: what there is would stay, too, 3 MB.
            gc.freeze()
            look_through_all()
            # On a busy machine Textual's first layout may come before the widgets, and the screen
            # then stays empty until something changes: seen with an app of one Static, too.
            self._main.refresh(layout=True)
            self._main.control = making.result()

    @property
    def home(self) -> MainScreen:
        """The screen on which sessions are run."""
        return self._main

    @property
    def ready(self) -> bool:
        """Whether there is a controller."""
        return self._main.control is not None

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: the actions that would do something now, and themes."""
        on = screen if isinstance(screen, ActionScreen) else self._main
        listed: set[str] = set()
        for action in on.table_of_actions:
            # Two may have one name where only their keys differ: the first that applies is listed.
            if action.palette and action.label not in listed and on.applies(action.name):
                listed.add(action.label)
                run = partial(on.run_action, action.call)
                keys = " ".join(map(written, action.keys))
                text = f"{action.tooltip}  ({keys})" if keys else action.tooltip
                yield SystemCommand(action.label.capitalize(), text, run)
        for command in super().get_system_commands(screen):
            if command.title == "Theme":
                yield command
        yield SystemCommand("Screenshot", "Save a picture of the screen", self.action_screenshot)

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Saves a picture of the screen, without the palette."""
        self.set_timer(0.1, self._take_screenshot)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        return self_contained(super().export_screenshot(title=title, simplify=simplify))

    def _take_screenshot(self) -> None:
        save = partial(self._save_screenshot, self.export_screenshot())
        begin_on_thread(self, "screenshot", save)

    def _save_screenshot(self, svg: str) -> None:
        try:
            path = save_screenshot(svg)
        except OSError as error:
            text = f"The screenshot was not saved: {reason_of(error)}"
            self.notify(text, severity="error", markup=False)
        else:
            self.notify(f"Saved {path}.", markup=False)

    def post_display_hook(self) -> None:
        # The main screen does so itself, behind what it measures of its frames.
        if self.screen_stack and self.screen is not self._main:
            asyncio.get_running_loop().call_soon(look_between_frames)

    def pop_screen(self) -> AwaitComplete:
        # A screen of a stored session, or of a comparison, leaves some 2 MB; a dialog next to none.
        whole = not isinstance(self.screen, ModalScreen)
        popped = super().pop_screen()
        if whole:
            self.call_after_refresh(look_through_all)
        return popped

    # --- the end --------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        self.end()

    async def action_leave(self) -> None:
        """Leaves. It takes two keys where that ends a session, or loses one that is not stored: one
        may be hit by chance."""
        measures, not_stored = self._main.is_measuring, self._main.why_not_stored
        asks = measures or bool(not_stored)
        if not asks or self._leave_key.is_second(self.inputs_taken):
            self.end()
            return
        screen = self.screen if isinstance(self.screen, ActionScreen) else self._main
        text = f"A session is running. Press {screen.key_of('quit')} again to stop it and leave."
        if not measures:
            text = "The newest session is not stored. Press "
            text += f"{screen.key_of('quit')} again to leave without it: {one_line(not_stored)}"
        self.notify(text, severity="warning", timeout=ASKED_S, markup=False)

    def end(self, exit_code: int = 0) -> None:
        """Ends the session off the loop, with the screen saying so; then leaves."""
        if self._ending:
            return
        self._ending = True
        self._exit_code = exit_code
        self.drop_kept_keys()
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self._main.ending = True
        begin_on_thread(self, "end", self.close_control, exit_on_error=False)

    def close_control(self) -> None:
        """Ends session, runner and store, and remembers the last view.

        Blocks for seconds at most; a second call waits for the first. On any thread.
        """
        if self._memory is not None and self._opened:
            self._keep(self._memory, self._main.remember(self.theme))
        with self._close_lock:
            making = self._making
            # One that is being made is waited for, but not for ever; one that could not be made has
            # been reported.
            if making is not None and not self.closed and _was_made(making):
                self.closed = True
                control = making.result()
                control.close()
                self.last_view = control.view

    @on(Watched)
    def _draw_all(self) -> None:
        self._unwatched = False
        self.refresh(layout=True)

    @on(Unwatched)
    def _leave_when_idle(self) -> None:
        self._unwatched = True
        if not self._main.is_busy:
            self.end()

    @on(SessionScreen.SessionEnded)
    def _leave_if_unwatched(self) -> None:
        if self._unwatched:
            self.end()

    @on(SessionScreen.SessionEnded)
    def _look_for_garbage(self) -> None:
        self.call_after_refresh(look_through_all)

    @on(SessionScreen.SessionEnded)
    def _report_the_end(self, event: SessionScreen.SessionEnded) -> None:
        """Rings, or has the terminal show a notice, if that is wished for and it took long."""
        wished = self._notify
        if event.view.elapsed_ns < wished.after_ns:
            return
        if wished.bell:
            self.bell()
        if wished.desktop and self._driver is not None:
            from cortex_tui.tui.notices import desktop_notice, end_text

            # As App.bell and App.copy_to_clipboard do: what is printed would break the screen.
            self._driver.write(desktop_notice(end_text(event.view), os.environ))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        error = event.worker.error
        if event.worker.name == "control":
            if event.state is WorkerState.SUCCESS and self._making is not None:
                self._begin_sessions(self._making)
            elif error is not None and not self._ending:
                self._fail(USAGE, f"sessions cannot be run here: {reason_of(error)}")
        elif event.worker.name == "end" and event.worker.is_finished:
            if error is None:
                self.exit(self._exit_code)
            else:
                self._fail(1, f"not ended cleanly: {reason_of(error)}")

    def _fail(self, code: int, failure: str) -> None:
        self.failure = failure
        self.exit(code, return_code=code)


def _was_made(making: Future[Control]) -> bool:
    try:
        return making.exception(timeout=MAKING_S) is None
    except (TimeoutError, CancelledError):
        return False
