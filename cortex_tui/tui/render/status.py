"""The line at the top: how the session stands, and what needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cortex_tui.placement.registry import place_of
from cortex_tui.protocol.programs import TESTS_LOOP
from cortex_tui.quantities import format_duration, format_seconds
from cortex_tui.results.shared import shared_warnings
from cortex_tui.results.view import SessionView
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.render.text import Line, Span, fit, width_of
from cortex_tui.tui.state.cost import ScreenCost
from cortex_tui.tui.state.listing import Listing

_UNKNOWN = ScreenCost()


class StatusKeys(NamedTuple):
    """The keys that the line names."""

    problems: str = "e"
    machine: str = "i"
    back: str = "esc"


_USUAL_KEYS = StatusKeys()

SILENT_NS = 1_000_000_000
"""A runner that has sent nothing for this long has a blocked loop."""


def _turn(view: SessionView) -> str:
    """Of runs that follow one another, which it is: `run 3/8`. Empty for those of one loop."""
    current = view.current_round
    runs = [run for run in view.runs if run.round == current]
    together = any(run.neighbours for run in runs) or sum(r.state == "running" for r in runs) > 1
    if view.state != "running" or len(runs) < 2 or together:
        return ""
    turns = [at for at, run in enumerate(runs, 1) if run.state != "planned"]
    return f"run {max(turns, default=1)}/{len(runs)}"


def stage_of(view: SessionView) -> str:
    """The state of the session in a word or two."""
    if view.state == "starting" and place_of(view.placement).has_machines:
        return "starting" if view.machines else "connecting to the machines"
    return view.outcome


def _state(view: SessionView) -> Span:
    live = [run for run in view.runs if run.state == "running" and run.life.outcome is None]
    paused = sum(run.life.paused for run in live)
    if view.state != "running" or not paused:
        return Span(stage_of(view), "good" if view.state == "running" else "plain")
    return Span("paused" if paused == len(live) else f"{paused} of {len(live)} paused", "warn")


def cost_text(cost: ScreenCost) -> str:
    """`screen 2.1 ms/frame, 4 % CPU`; empty while nothing is known."""
    facts = [] if cost.frame_ns is None else [f"{cost.frame_ns / 1e6:.1f} ms/frame"]
    if cost.cpu_share is not None:
        facts.append(f"{cost.cpu_share:.0%} CPU".replace("%", " %"))
    return f"screen {', '.join(facts)}" if facts else ""


def _session(
    view: SessionView | None, message: str, pace: str, key: str, awaited: str
) -> list[Span]:
    messages = [Span(one_line(message), "head")] if message else []
    if view is None:
        return [Span("idle", "dim"), *messages]
    if view.state == "died":
        reason = view.died or "the runner is gone"
        return [Span(f"DIED: {one_line(reason)}", "bad")]
    spans = [_state(view), *messages]
    if awaited:
        spans.append(Span(awaited, "warn"))
    if view.state in ("starting", "running") and view.silent_ns > SILENT_NS:
        blocked = "a call is running" if view.loop == TESTS_LOOP else "the event loop is blocked"
        silent = f"silent for {format_seconds(view.silent_ns, 1)}: {blocked}"
        spans.append(Span(silent, "warn"))
    if view.store_error:
        spans.append(Span(f"not stored: {one_line(view.store_error)}", "bad"))
    elif view.state == "finished":
        for count, word in ((view.missed, "missed"), (view.failed, "failed")):
            if count:
                spans.append(Span(f"{count} {word}", "bad"))
        if view.undecided:
            spans.append(Span(f"{view.undecided} undecided", "warn"))
    if shared := len(shared_warnings(view.runs)):
        spans.append(Span(f"{shared} warning{'s' * (shared > 1)} ({key})", "warn"))
    if view.rounds > 1:
        spans.append(Span(f"round {view.current_round}/{view.rounds}"))
    if turn := _turn(view):
        spans.append(Span(turn))
    if pace:
        spans.append(Span(pace, "warn"))
    if view.elapsed_ns:
        spans.append(Span(format_duration(view.elapsed_ns)))
    where = " ".join(word for word in (view.placement, view.loop) if word)
    spans.append(Span(one_line(where), "dim"))
    return spans


AROUND = 3
"""Cells of the line that have no text."""


def _wide(spans: Sequence[Span]) -> int:
    """How many cells they take in a line, with the gaps between them."""
    return width_of("  ".join(span.text for span in spans))


def status_line(
    view: SessionView | None,
    listing: Listing,
    width: int,
    *,
    ending: bool = False,
    message: str = "",
    pace: str = "",
    cost: ScreenCost = _UNKNOWN,
    looking: str = "",
    keys: StatusKeys = _USUAL_KEYS,
    stored: str = "",
    awaited: str = "",
) -> Line:
    """`width` cells: the session on the left, what is checked and what is wrong on the right.

    `message` is what was just done, `pace` why less is drawn than usual, `looking` what is seen
    where that is not all up to now, `stored` the name of a stored session, `awaited` what the
    runner was asked without an answer so far. The cost of the screen is shown only where all of it
    fits.
    """
    problems = len(listing.catalog.problems)
    right: list[Span] = []
    if listing.filter:
        count = f"{len(listing.shown)} of {len(listing.catalog.profiles)}"
        right.append(Span(f"/{one_line(listing.filter)} {count}", "head"))
    gone = f" ({len(listing.gone)} gone)" if listing.gone else ""
    right.append(Span(f"{len(listing.checked)} checked{gone}", "warn" if gone else "plain"))
    if problems:
        tone: Tone = "warn"
        right.append(Span(f"{problems} problem{'s' * (problems > 1)} ({keys.problems})", tone))
    left = (
        [Span("ending…", "warn")]
        if ending
        else _session(view, message, pace, keys.machine, awaited)
    )
    if stored:
        left.insert(0, Span(f"stored {one_line(stored)}: {keys.back} returns", "head"))
    if looking and not ending:
        left.insert(1, Span(f"{looking}: {keys.back} returns to now", "warn"))
    right_text = "  ".join(span.text for span in right)
    room = width - width_of(right_text) - 2
    done = Span(one_line(message), "head")
    if message and done in left:
        before = left[: left.index(done) + 1]
        if _wide(before) > room - 1:
            # It is there for a moment, and all of it is to be read; the rest comes back.
            left = [done, *(span for span in left if span != done)]
            if _wide([done]) > room - 1:
                right, room = [], width - 2
    line: list[Span] = [Span(" ")]
    room -= 1
    for at, span in enumerate(left):
        gap = "  " if at else ""
        needed = width_of(span.text) + len(gap)
        if needed > room:
            if room > 8:
                line.append(Span(fit(gap + span.text, room), span.tone))
                room = 0
            break
        line.append(Span(gap + span.text, span.tone))
        room -= needed
    # In process, nobody can tell what is the screen's own.
    known = view is not None and place_of(view.placement).own_process and not ending and not stored
    own = cost_text(cost) if known else ""
    if own and len(own) + 2 <= room:
        line.append(Span(f"  {own}", "dim"))
        room -= len(own) + 2
    line.append(Span(" " * (room + 1)))
    for at, span in enumerate(right):
        line.append(Span(("  " if at else "") + span.text, span.tone))
    line.append(Span(" "))
    return tuple(line)
