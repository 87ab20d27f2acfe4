"""A screen that compares what is measured with a stored session, again and again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.reactive import var

from cortex_tui.results.view import SessionView
from cortex_tui.session.control import Control
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.screens.session_screen import SessionScreen
from cortex_tui.tui.state.versus import EVERY_S, Versus

if TYPE_CHECKING:
    from cortex_tui.analysis.baseline import Baseline, BaselineVerdict

_ANSWER_S = 10.0
"""How long the controller may take to hand over the session."""


class ComparingScreen(SessionScreen):
    """With a baseline, compares each view of the newest session that is due, on a thread."""

    versus: var[Versus] = var(Versus(), init=False)
    """What is compared with, and what has come of it."""

    class Compared(Message):
        """The session of a view was compared with a baseline, or could not be."""

        def __init__(
            self,
            baseline: Baseline,
            verdicts: Mapping[str, BaselineVerdict],
            error: str = "",
        ) -> None:
            super().__init__()
            self.baseline = baseline
            self.verdicts = verdicts
            self.error = error

    _compared: tuple[Baseline, SessionView] | None = None
    """The last pair that was compared, or is being compared."""
    _comparing = False
    _compared_at_s = 0.0

    def watch_versus(self) -> None:
        self.show()

    def action_baseline(self) -> None:
        """Asks which session runs are compared with."""
        from cortex_tui.tui.screens.baseline import BaselineDialog

        dialog = BaselineDialog(Path(self._store), self.versus.name)
        self.app.push_screen(dialog, self._choose)

    def _choose(self, versus: Versus | None) -> None:
        if versus is None:
            return
        self.versus = versus
        self.report(f"compared with {versus.name}" if versus.name else "compared with nothing")
        self.compare()

    def compare(self) -> None:
        """Compares the newest view, if that is due: while it is live, once in a while."""
        baseline, view, control = self.versus.baseline, self.latest.view, self.control
        if baseline is None or view is None or control is None or self._comparing:
            return
        if self._compared == (baseline, view):
            return
        now_s = time.monotonic()
        if view.is_live and now_s - self._compared_at_s < EVERY_S:
            return
        self._compared, self._comparing, self._compared_at_s = (baseline, view), True, now_s
        work = partial(self._compare, control, baseline, view.session)
        self.run_worker(work, thread=True, name="compare", exit_on_error=False)

    def _compare(self, control: Control, baseline: Baseline, session: str) -> None:
        """On a thread: merging and judging takes tens of milliseconds."""
        from cortex_tui.analysis.baseline import verdicts_against

        verdicts: Mapping[str, BaselineVerdict] = MappingProxyType({})
        try:
            result = control.result().result(timeout=_ANSWER_S)
            if baseline.session == result.record.id:
                error = f"{baseline.name} is this very session"
            elif result.record.variants:
                error = "the session compares variants: see its own comparison"
            else:
                verdicts, error = verdicts_against(baseline, result), ""
        except Exception as wrong:
            error = f"not compared with {baseline.name}: {reason_of(wrong)}"
        self.post_message(self.Compared(baseline, verdicts, error))

    @on(Compared)
    def _take_verdicts(self, event: Compared) -> None:
        self._comparing = False
        if event.baseline is self.versus.baseline:
            self.versus = Versus(event.baseline, event.verdicts, event.error)
            if event.error:
                self.report(event.error)
        self.compare()
