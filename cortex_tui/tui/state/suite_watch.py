"""Looks for changed suites while the workbench is open."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.search_path import SuiteReader

LOOK_S = 1.0


class SuiteWatch:
    """A thread of its own: a folder on a slow network may keep it waiting, but not the screen."""

    def __init__(
        self,
        reader: SuiteReader,
        take: Callable[[Catalog], object],
        *,
        rests: Callable[[], bool],
        every_s: float = LOOK_S,
    ) -> None:
        """`take` is given what was read anew, on the thread. Nothing is looked at while `rests`."""
        self._reader = reader
        self._take = take
        self._rests = rests
        self._every_s = every_s
        self._over = threading.Event()
        self._now = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="suites", daemon=True).start()

    def look_now(self) -> None:
        """Looks at once: a file was just written."""
        self._now.set()

    def stop(self) -> None:
        self._over.set()
        self._now.set()

    def _run(self) -> None:
        while True:
            asked = self._now.wait(self._every_s)
            if self._over.is_set():
                return
            self._now.clear()
            if asked or not self._rests():
                catalog = self._reader.read_if_changed()
                if catalog is not None and not self._over.is_set():
                    self._take(catalog)
