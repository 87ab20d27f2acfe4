"""A screen that reads stored sessions and compares them, all on threads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from cortex_tui.library.comparing import Comparisons, UnlikeError, comparisons_in
from cortex_tui.library.histories import history_in
from cortex_tui.text import one_line
from cortex_tui.tui.compare_actions import COMPARE_ACTIONS
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.screens.action_screen import ActionScreen

if TYPE_CHECKING:
    from cortex_tui.analysis.close_up import CloseUp
    from cortex_tui.analysis.series import History

Looked = tuple[int, str]
"""At which of the comparisons, and at which profile."""
Statistic = tuple[str, str]
"""A profile, and one of its statistics."""


class ComparisonReader(ActionScreen):
    """What was read and found is kept; what could not be is kept as the reason."""

    class Loaded(Message):
        """The sessions have been read and compared, or could not be."""

        def __init__(
            self, found: Comparisons | None, error: str = "", unlike: bool = False
        ) -> None:
            super().__init__()
            self.found = found
            self.error = error
            self.unlike = unlike

    class LookedAt(Message):
        """A profile was looked at closely, or could not be."""

        def __init__(self, within: Comparisons, wanted: Looked, found: CloseUp | str) -> None:
            super().__init__()
            self.within = within
            self.wanted = wanted
            self.found = found

    class HistoryRead(Message):
        """The history of a profile was read, or there is none."""

        def __init__(self, wanted: Statistic, found: History | str) -> None:
            super().__init__()
            self.wanted = wanted
            self.found = found

    def __init__(self, store: str | Path, refs: Sequence[str]) -> None:
        super().__init__(COMPARE_ACTIONS)
        self.store = store
        self.refs = tuple(refs)
        self.found: Comparisons | None = None
        self.message = ""
        """Why there is nothing to show, or not yet."""
        self.forced = False
        """Whether what is not the same thing is compared, too."""
        self.forceable = False
        """Whether nothing was found without force."""
        self.close_ups: dict[Looked, CloseUp | str] = {}
        self.histories: dict[Statistic, History | str] = {}
        self._loading = False
        self._looking: Looked | None = None
        self._reading: Statistic | None = None

    @property
    def busy(self) -> bool:
        """Whether anything is being read or looked at."""
        return self._loading or self._looking is not None or self._reading is not None

    def show(self) -> None:
        """Draws what has come."""
        raise NotImplementedError  # each screen draws its own

    def load(self, *, forced: bool = False) -> None:
        """Reads and compares the sessions, in place of what was found before."""
        if self._loading:
            return
        self._loading, self.forced = True, forced
        self.found, self.forceable = None, False
        names = " and ".join(one_line(ref) for ref in self.refs)
        self.message = f"reading and comparing {names} …"
        self.run_worker(partial(self._load, forced), thread=True, name="comparison")
        self.show()

    def _load(self, forced: bool) -> None:
        """On a thread: large sessions take a second."""
        try:
            self.post_message(self.Loaded(comparisons_in(self.store, self.refs, forced=forced)))
        except Exception as wrong:
            self.post_message(self.Loaded(None, reason_of(wrong), isinstance(wrong, UnlikeError)))

    @on(Loaded)
    def _take_loaded(self, event: Loaded) -> None:
        self._loading = False
        self.found, self.message, self.forceable = event.found, event.error, event.unlike
        self.close_ups.clear()
        if event.unlike:
            key = self.key_of("force")
            self.message += f"\n\n{key} shows their numbers all the same, without a verdict."
        if event.found is not None and event.found.notice:
            self.notify(one_line(event.found.notice), markup=False)
        self.show()

    def look_at(self, wanted: Looked) -> None:
        """Looks closely at a profile, unless another one is being looked at."""
        if self.found is None or self._looking is not None or wanted in self.close_ups:
            return
        self._looking = wanted
        work = partial(self._look_at, self.found, wanted)
        self.run_worker(work, thread=True, name="close-up")

    def _look_at(self, within: Comparisons, wanted: Looked) -> None:
        """On a thread: rounds are drawn anew a thousand times."""
        try:
            self.post_message(self.LookedAt(within, wanted, within.close_up(*wanted)))
        except Exception as wrong:
            self.post_message(self.LookedAt(within, wanted, reason_of(wrong)))

    @on(LookedAt)
    def _take_close_up(self, event: LookedAt) -> None:
        self._looking = None
        if event.within is self.found:
            self.close_ups[event.wanted] = event.found
        self.show()

    def read_history(self, wanted: Statistic) -> None:
        """Reads a history, unless another one is being read."""
        if self._reading is None and wanted not in self.histories:
            self._reading = wanted
            self.run_worker(partial(self._read_history, wanted), thread=True, name="history")

    def _read_history(self, wanted: Statistic) -> None:
        """On a thread."""
        try:
            self.post_message(self.HistoryRead(wanted, history_in(self.store, *wanted)))
        except Exception as wrong:
            self.post_message(self.HistoryRead(wanted, reason_of(wrong)))

    @on(HistoryRead)
    def _take_history(self, event: HistoryRead) -> None:
        self._reading = None
        self.histories[event.wanted] = event.found
        self.show()
