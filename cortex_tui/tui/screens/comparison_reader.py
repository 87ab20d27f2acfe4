"""A screen that reads stored sessions and compares them, all on threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from textual import on
from textual.message import Message

from cortex_tui.library.comparing import Comparisons, UnlikeError, comparisons_in
from cortex_tui.library.histories import history_in
from cortex_tui.text import one_line
from cortex_tui.tui.background import begin_on_thread
from cortex_tui.tui.compare_actions import COMPARE_ACTIONS
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.screens.action_screen import ActionScreen

if TYPE_CHECKING:
    from cortex_tui.analysis.close_up import CloseUp
    from cortex_tui.analysis.over_time import OverTime
    from cortex_tui.analysis.series import History

Looked = tuple[int, str]
"""At which of the comparisons, and at which profile."""
Statistic = tuple[str, str]
"""A profile, and one of its statistics."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class Answers(Generic[Key, Value]):
    """What was read or found on threads, one piece at a time: each kept, or why there is none."""

    def __init__(self) -> None:
        self._known: dict[Key, Value | str] = {}
        self.awaited: Key | None = None
        """What is being looked for."""

    def get(self, key: Key, meanwhile: str) -> Value | str:
        """The answer; `meanwhile` while there is none."""
        return self._known.get(key, meanwhile)

    def begin(self, key: Key) -> bool:
        """Whether it is to be looked for now."""
        if self.awaited is not None or key in self._known:
            return False
        self.awaited = key
        return True

    def end(self, key: Key, answer: Value | str) -> None:
        """Takes what was found."""
        self._known[key], self.awaited = answer, None

    def forget(self) -> None:
        """What was found before holds no more; what is on its way is not taken any more."""
        self._known.clear()
        self.awaited = None


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

    class Answered(Message):
        """A thread has found something, or not; `take` keeps it."""

        def __init__(self, within: Comparisons | None, take: Callable[[], None]) -> None:
            super().__init__()
            self.within = within
            self.take = take

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
        self.close_ups: Answers[Looked, CloseUp] = Answers()
        self.over_time: Answers[Looked, tuple[OverTime, OverTime]] = Answers()
        self.histories: Answers[Statistic, History] = Answers()
        self._answers = (self.close_ups, self.over_time, self.histories)
        self._loading = False

    @property
    def busy(self) -> bool:
        """Whether anything is being read or looked at."""
        return self._loading or any(each.awaited is not None for each in self._answers)

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
        begin_on_thread(self, "comparison", partial(self._load, forced))
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
        for each in self._answers:
            each.forget()
        if event.unlike:
            key = self.key_of("force")
            self.message += f"\n\n{key} shows their numbers all the same, without a verdict."
        if event.found is not None:
            for text in filter(None, (event.found.notice, *event.found.unreadable)):
                self.notify(one_line(text), markup=False)
        self.show()

    def look_at(self, wanted: Looked) -> None:
        """Looks closely at a profile: rounds are drawn anew a thousand times."""
        if self.found is not None:
            self._ask(self.close_ups, wanted, partial(self.found.close_up, *wanted))

    def read_over_time(self, wanted: Looked) -> None:
        """Reads when both sides measured which latencies of a profile."""
        if self.found is not None:
            self._ask(self.over_time, wanted, partial(self.found.over_time, *wanted))

    def read_history(self, wanted: Statistic) -> None:
        """Reads the history of a statistic."""
        self._ask(self.histories, wanted, partial(history_in, self.store, *wanted))

    def _ask(self, answers: Answers[Key, Value], key: Key, work: Callable[[], Value]) -> None:
        """Has it worked out on a thread, unless it is known or another one is being."""
        if answers.begin(key):
            find = partial(self._find, self.found, answers, key, work)
            begin_on_thread(self, "answer", find)

    def _find(
        self,
        within: Comparisons | None,
        answers: Answers[Key, Value],
        key: Key,
        work: Callable[[], Value],
    ) -> None:
        found: Value | str
        try:
            found = work()
        except Exception as wrong:
            found = reason_of(wrong)
        self.post_message(self.Answered(within, partial(answers.end, key, found)))

    @on(Answered)
    def _take_answer(self, event: Answered) -> None:
        if event.within is self.found:
            event.take()
        self.show()
