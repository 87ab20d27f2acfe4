"""The dialog that asks which stored session runs are compared with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input

from cortex_tui.session.baselines import Candidate, candidates, load_baseline
from cortex_tui.text import one_line
from cortex_tui.tui.background import begin_on_thread
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.screens.dialog import Dialog, Entry
from cortex_tui.tui.state.versus import Versus
from cortex_tui.tui.widgets.choice import Choice
from cortex_tui.tui.widgets.frame import Frame, PartChoice, PartText

SHOWN = 8
"""How many are listed at once; typing leaves those that match."""
_NONE = "no baseline"


class BaselineDialog(Dialog[Versus]):
    """Lists what there is in the store. Its result has no baseline where none is wanted."""

    class Listed(Message):
        """The store has been read."""

        def __init__(self, found: list[Candidate], error: str) -> None:
            super().__init__()
            self.found = found
            self.error = error

    class Loaded(Message):
        """The chosen session has been read, or has not."""

        def __init__(self, versus: Versus | None, error: str) -> None:
            super().__init__()
            self.versus = versus
            self.error = error

    def __init__(self, store: Path, present: str, measured: str = "") -> None:
        """`present` is the name of the baseline that is used now, `measured` the id of the session
        on the screen; "" for none."""
        super().__init__()
        self._store = store
        self._present = present
        self._measured = measured
        self._all: list[Candidate] = []
        self._matching: list[Candidate] = []
        self._is_listed = False

    def compose(self) -> ComposeResult:
        with Frame() as box:
            box.border_title = "Compare with"
            yield Entry("", placeholder="part of a name, a profile or a note")
            yield PartChoice("reading the store …")
            yield PartText("", classes="error")
            yield self.hint("compares with it", "choose")

    def on_mount(self) -> None:
        begin_on_thread(self, "baselines", self._list)

    def _list(self) -> None:
        try:
            found, error = candidates(self._store), ""
        except Exception as wrong:
            found, error = [], reason_of(wrong)
        self.post_message(self.Listed(found, error))

    @on(Listed)
    def _take_list(self, event: Listed) -> None:
        self._all, self._is_listed = event.found, True
        self._match()
        if event.error:
            self.show_error(event.error)
        elif self.busy:
            self.busy = False
            self.action_confirm()

    @on(Input.Changed)
    def _match(self) -> None:
        words = self._input.value.lower().split()
        self._matching = [each for each in self._all if all(w in _text(each) for w in words)]
        labels = [_label(each, each.ref == self._present) for each in self._matching[:SHOWN]]
        if len(self._matching) > SHOWN:
            labels.append(f"{len(self._matching) - SHOWN} more: type a part of the name")
        choice = self.query_one(Choice)
        choice.set_labels(_NONE, *labels)
        choice.chosen = self._offered(bool(words))

    def _offered(self, searched: bool) -> int:
        """The first that is another session than the one on the screen, which can be the baseline
        of the next one: compared with itself it says nothing. What was searched for is offered."""
        shown = self._matching[:SHOWN]
        others = [at for at, each in enumerate(shown, 1) if each.session != self._measured]
        return others[0] if others else int(searched and bool(shown))

    def choose(self, by: int) -> None:
        choice = self.query_one(Choice)
        last = min(len(self._matching), SHOWN)
        choice.chosen = max(0, min(choice.chosen + by, last))

    def submit(self, text: str) -> None:
        if self.busy:
            return
        if not self._is_listed:
            self.busy = True  # until it is known what is confirmed
        elif not self.chosen:
            self.dismiss(Versus())
        elif self.chosen <= min(len(self._matching), SHOWN):
            self.busy = True
            ref = self._matching[self.chosen - 1].ref
            begin_on_thread(self, "baseline", partial(self._load, ref))

    def _load(self, ref: str) -> None:
        try:
            loaded, error = Versus(load_baseline(self._store, ref)), ""
        except Exception as wrong:
            loaded, error = None, reason_of(wrong)
        self.post_message(self.Loaded(loaded, error))

    @on(Loaded)
    def _take_loaded(self, event: Loaded) -> None:
        if event.versus is None:
            self.show_error(event.error)
        else:
            self.busy = False
            self.dismiss(event.versus)


def _text(candidate: Candidate) -> str:
    return " ".join((candidate.ref, candidate.note, *candidate.profiles)).lower()


def _label(candidate: Candidate, present: bool) -> str:
    kind = "baseline, " if candidate.baseline else ""
    count = len(set(candidate.profiles))
    profiles = candidate.profiles[0] if count == 1 else f"{count} profiles"
    when = candidate.started_at[:16].replace("T", " ")
    marks = "  (now)" if present else ""
    note = f"  {candidate.note}" if candidate.note else ""
    return one_line(f"{candidate.ref}{marks}  {kind}{when}  {profiles}{note}")
