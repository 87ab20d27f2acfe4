"""A screen that compares what is measured again and again: with a stored session, or its variants
with one another."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.reactive import var

from cortex_tui.profiles.model import Profile
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import Control
from cortex_tui.session.versions import alone_and_together
from cortex_tui.text import one_line
from cortex_tui.tui.background import begin_on_thread
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.screens.session_screen import SessionScreen
from cortex_tui.tui.state.versus import EVERY_S, Versus

if TYPE_CHECKING:
    from cortex_tui.analysis.baseline import Baseline
    from cortex_tui.results.session_result import SessionResult

_ANSWER_S = 10.0
"""How long the controller may take to hand over the session."""


class ComparingScreen(SessionScreen):
    """Compares each view of the newest session that is due, on a thread."""

    versus: var[Versus] = var(Versus(), init=False)
    """What is compared with, and what has come of it."""

    class Compared(Message):
        """The session of a view was compared with a baseline, or could not be."""

        def __init__(self, versus: Versus, session: str = "") -> None:
            """`session` is the one that was compared; "" where it could not be."""
            super().__init__()
            self.versus = versus
            self.session = session

    _compared: tuple[Baseline | None, SessionView] | None = None
    """The last pair that was compared, or is being compared."""
    _verdicts_of = ""
    """The session that verdicts are shown of."""
    _comparing = False
    _compared_at_s = 0.0

    def watch_versus(self) -> None:
        self.show()

    def action_baseline(self) -> None:
        """Asks which session runs are compared with."""
        from cortex_tui.tui.screens.baseline import BaselineDialog

        measured = self.latest.view.session if self.latest.view else ""
        dialog = BaselineDialog(Path(self._store), self.versus.name, measured)
        self.app.push_screen(dialog, self.choose_baseline)

    def choose_baseline(self, versus: Versus | None) -> None:
        """Compares runs with another session from now on; None for the one that there is."""
        if versus is None:
            return
        self.versus = versus
        self.report(f"compared with {versus.name}" if versus.name else "compared with nothing")
        self.compare()

    def action_solo(self) -> None:
        """Asks how often the profile under the cursor is to be measured alone and together."""
        self.look_at_newest()
        entry = self.listing.current
        if not self._is_free():
            return
        if entry is None or entry.profile is None:
            self._warn("Put the cursor on a profile: it is measured alone, and with the others.")
            return
        profile = entry.profile
        if self._misses_checked():
            return
        chosen = self.listing.chosen() if self.listing.checked else self._profiles_of_session()
        others = [each for each in chosen if each.full_name != profile.full_name]
        others = [each for each in others if not each.alone]
        if profile.alone or not others:
            why = "it is always measured alone" if profile.alone else "check its neighbours first"
            self._warn(f"{one_line(profile.full_name)} has no neighbours: {why}.")
            return
        from cortex_tui.tui.screens.solo import SoloDialog

        def start(rounds: int | None) -> None:
            if rounds is not None:
                self.start_versions([profile, *others], rounds, alone_and_together(profile))

        self.app.push_screen(SoloDialog(profile, others), start)

    def applies(self, name: str) -> bool:
        match name:
            case "compare":
                return bool(self.comparable)
            case "solo":
                return self._can_start
            case _:
                return super().applies(name)

    @property
    def comparable(self) -> tuple[str, ...]:
        """What the compare screen is given: the newest session, once it is stored, if it has
        variants; or the baseline and that session. Nothing where there is nothing to compare."""
        view, baseline = self.latest.view, self.versus.baseline
        if view is None or view.is_live or not view.stored:
            return ()
        if any(run.variant for run in view.runs):
            return (view.session,)
        if baseline is None or baseline.session == view.session:
            return ()
        return baseline.name, view.session

    async def action_compare(self) -> None:
        """Opens the compare screen."""
        refs = self.comparable
        if not refs:
            self.report("there is no session of variants, and no baseline, to compare")
            return
        # Off the loop: it brings all of analysis.
        module = await asyncio.to_thread(import_module, "cortex_tui.tui.screens.compare")
        await self.app.push_screen(module.CompareScreen(self._store, refs))

    def _profiles_of_session(self) -> list[Profile]:
        found = {run.profile.full_name: run.profile for run in self.latest.runs}
        return list(found.values())

    def compare(self) -> None:
        """Compares the newest view, if that is due: while it is live, once in a while."""
        baseline, view, control = self.versus.baseline, self.latest.view, self.control
        if view is None or control is None or self._comparing:
            return
        variants = any(run.variant for run in view.runs)
        before, self._verdicts_of = self._verdicts_of, view.session
        if before not in ("", view.session) and self.versus != Versus(baseline):
            self.versus = Versus(baseline)
        if not variants and baseline is None:
            return
        last = self._compared
        if last is not None and last[0] is baseline and last[1] is view:
            return
        now_s = time.monotonic()
        if view.is_live and now_s - self._compared_at_s < EVERY_S:
            return
        self._compared, self._comparing, self._compared_at_s = (baseline, view), True, now_s
        work = partial(self._compare, control, baseline)
        begin_on_thread(self, "compare", work, exit_on_error=False)

    def _compare(self, control: Control, baseline: Baseline | None) -> None:
        """On a thread: copying and judging 20 runs takes 8 ms."""
        session = ""
        try:
            result = control.result().result(timeout=_ANSWER_S)
            session = result.record.id
            found = _compared(result, baseline)
        except Exception as wrong:
            found = Versus(baseline, error=f"not compared: {reason_of(wrong)}")
        self.post_message(self.Compared(found, session))

    @on(Compared)
    def _take_verdicts(self, event: Compared) -> None:
        self._comparing = False
        found = event.versus
        of_newest = event.session in ("", self.latest.session)
        if of_newest and found.baseline is self.versus.baseline:
            if found.error and found.error != self.versus.error:
                self.report(found.error)
            self.versus = found
        self.compare()


def _compared(result: SessionResult, baseline: Baseline | None) -> Versus:
    from cortex_tui.analysis.baseline import verdicts_against, verdicts_between

    if result.record.variants:
        name, verdicts = verdicts_between(result)
        return Versus(baseline, verdicts, variant=name)
    if baseline is None:
        return Versus()
    if baseline.session == result.record.id:
        return Versus(baseline, error=f"{baseline.name} is this very session")
    return Versus(baseline, verdicts_against(baseline, result))
