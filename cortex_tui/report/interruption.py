"""SIGINT, SIGTERM and SIGHUP to a session without a screen: end it, keep what was measured."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from cortex_tui.exit_codes import INTERRUPTED
from cortex_tui.isolation import asyncio
from cortex_tui.placement.registry import place_of
from cortex_tui.report.progress import Progress
from cortex_tui.session.control import Control

AT_ONCE_S = 3.0
"""How long leaving without waiting may take before the process is ended whatever it does."""
BLOCKED_S = 1.5
"""How long the loop of a session in this process may be blocked, once its end is asked for, before
what blocks it is interrupted."""
_TRIES = 5


class Interruption:
    """Whether the person, or the system, wants an end; and whether without any waiting."""

    def __init__(
        self, control: Control, progress: Progress, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.at_once = False
        self._control = control
        self._progress = progress
        self._loop = loop
        self._asked = False
        self._turned = threading.Event()
        """The loop has turned since it was last asked to."""
        self._is_over = False
        self._timers: list[threading.Timer] = []
        self._tries = 0
        self._number = signal.SIGINT
        """The signal that asked for the end."""
        self._by_us = False
        """Whether the next signal is sent by this process to itself."""

    def is_set(self) -> bool:
        return self._asked

    def over(self) -> None:
        """The waiting has come to its end, without the last resort."""
        self._is_over = True
        for timer in self._timers:
            timer.cancel()

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The signal handler. Python's own comes between two instructions, also of a workload that
        blocks the loop; a handler of the loop would have to wait for it."""
        if self._by_us:
            self._by_us = False
            if not self._turned.is_set():
                raise KeyboardInterrupt
            return
        if not self._asked:
            self._asked = True
            self._number = signal.Signals(number)
            self._progress.report(
                f"{self._number.name}: stopping; once more to leave without waiting"
            )
            self._control.stop()
            if self._shares_loop:
                self._after(BLOCKED_S, self._look)
        elif not self.at_once:
            self.at_once = True
            # A workload of a session in this process may keep the loop from ever seeing that.
            self._after(AT_ONCE_S, self._leave)
        self._turn()

    @property
    def _shares_loop(self) -> bool:
        view = self._control.view
        return view is not None and place_of(view.placement).shares_loop

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, action)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _turn(self) -> None:
        """Asks the loop to turn, which wakes it."""
        self._turned.clear()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._turned.set)

    def _look(self) -> None:
        """On a thread of its own: raises KeyboardInterrupt in what blocks the loop. Where that does
        not help (native code, a workload that catches it), the process ends with all stored."""
        if self._is_over:
            return
        if self._turned.is_set():
            self._tries = 0
            self._turn()
        elif self._tries == _TRIES:
            self._progress.report("the event loop stays blocked: leaving without a table")
            self._control.close()
            self._leave()
        else:
            self._tries += 1
            self._by_us = True
            signal.pthread_kill(threading.main_thread().ident or 0, self._number)
        self._after(BLOCKED_S, self._look)

    @staticmethod
    def _leave() -> None:
        os._exit(INTERRUPTED)


@contextlib.contextmanager
def interruption(control: Control, progress: Progress) -> Iterator[Interruption]:
    """Handles the signals for as long as the context lasts. On the main thread's loop."""
    found = Interruption(control, progress, asyncio.get_running_loop())
    # What was ignored from the start (nohup, a shell's background job) stays ignored.
    before = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if (handler := signal.getsignal(number)) is not signal.SIG_IGN
    }
    for number in before:
        signal.signal(number, found.handle)
    try:
        yield found
    finally:
        found.over()
        for number, handler in before.items():
            signal.signal(number, handler)
