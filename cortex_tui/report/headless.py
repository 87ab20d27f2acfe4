"""Runs a session without a screen: watches its views, delivers what came of it, and its exit code.

The controller measures and stores; everything here is reading and writing text, four times a
second, on a loop that is the measuring one only where that was asked for (`--in-process`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from cortex_tui.exit_codes import (
    BY_SEVERITY,
    FAILED,
    GOOD,
    INTERRUPTED,
    MISSED,
    UNDECIDED,
    USAGE,
)
from cortex_tui.files import STDOUT, write_whole
from cortex_tui.isolation import asyncio
from cortex_tui.profiles.model import Profile
from cortex_tui.report.inline import LiveTable, can_redraw
from cortex_tui.report.interruption import Interruption, interruption
from cortex_tui.report.progress import Progress
from cortex_tui.report.rehearsal import rehearsal
from cortex_tui.report.stream import is_terminal, wants_colour, width_of
from cortex_tui.report.summary import ONLY_SHOWN, not_stored, summary, troubles, where_stored
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import VIEW_S, Control, UntilDecided
from cortex_tui.session.versions import Version
from cortex_tui.text import one_line

POLL_S = 0.25
PLAIN_VIEW_S = 1.0
"""How often a view is made where most would be seen by nobody: of one run each takes 0.8 ms next to
what is measured."""
STORING_AT_MOST_S = 10.0
"""How long a session that has ended may take to reach the disk before it counts as not stored."""

SILENT_POLLS = 60
"""How often the same view may be read while a session runs; a new one comes once a second at least.
Reads, not seconds: a process that was suspended must not wake up to this."""

FAIL_ON = ("targets", "regressions", "errors", "undecided")
"""What can make a command fail, besides a run that fails as a whole; errors are operations that
failed, whatever the targets say of them."""
FAIL_BY_DEFAULT = frozenset({"targets", "regressions", "undecided"})


def view_s_of(err: TextIO) -> float:
    """How often views have to be made for what `run_headless` shows there."""
    return VIEW_S if is_terminal(err) else PLAIN_VIEW_S


class Delivery(msgspec.Struct, frozen=True):
    """What is to become of the session when it has ended."""

    store: Path
    save: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    json: str = ""
    """A file, `-` for stdout, "" for none."""
    complete: Callable[[bytes, str], bytes] | None = None
    """Given the JSON and the id of the session: the JSON with what follows from that. Called in a
    thread of its own, and only where the session is stored whole."""
    left_out: Callable[[str], None] | None = None
    """Given a text, before the session begins, on what a comparison lacks, for its reports."""
    fail_on: frozenset[str] = FAIL_BY_DEFAULT
    """What makes the session a failure, of FAIL_ON."""
    dry_run: bool = False
    """Whether the operations are only tried: then it is said which work, and nothing is kept."""
    inline: bool = False
    """Whether a table of the runs is drawn while they are measured, where that is possible."""


async def run_headless(
    control: Control,
    profiles: Sequence[Profile],
    delivery: Delivery,
    *,
    one_by_one: bool = False,
    repeat: int = 1,
    versions: Sequence[Version] = (),
    until: UntilDecided | None = None,
    out: TextIO,
    err: TextIO,
) -> int:
    """Runs the profiles and returns the exit code; the caller closes the controller.

    Of a session that compares versions, what went wrong is shown, and nothing else.

    SIGINT, SIGTERM and SIGHUP end the session: what was measured is kept, shown and delivered. A
    second one ends the waiting too. Must run on the main thread's loop.
    """
    progress = LiveTable(err) if delivery.inline and can_redraw(err) else Progress(err)
    with interruption(control, progress) as interrupted:
        before = control.view
        control.start(
            profiles, one_by_one=one_by_one, repeat=repeat, versions=versions, until=until
        )
        lost = False
        try:
            view = await _watched(control, before, progress, interrupted)
        except _LostError as error:
            view, lost = error.view, True
            progress.report("error: the session does not respond; it was given up")
    if view is None:
        progress.clear()
    if view is None and lost:
        return FAILED
    if view is None:
        progress.report("interrupted before anything was measured")
        return INTERRUPTED

    code = FAILED if lost else GOOD
    if interrupted.at_once:
        # The caller would close it anyway: then the runs are shown as what they have come to.
        await asyncio.to_thread(control.close)
        view = control.view or view
    unwritten: OSError | None = None
    copy = ""
    # Without an end there is nothing to deliver, and nobody who would.
    if not interrupted.at_once and not lost:
        if delivery.tags:
            code = worst(code, await _tag(control, delivery.tags, progress))
        if delivery.save:
            code = worst(code, await _save(control, delivery, progress))
        if delivery.json:
            try:
                stored = (control.view or view).stored
                written = await _deliver_json(control, delivery, progress, out, stored=stored)
                code = worst(code, written)
                copy = delivery.json if written == GOOD else ""
            except OSError as error:
                unwritten = error
        view = control.view or view
    table_to = err if delivery.json == STDOUT else out
    # Where versions are compared, no table of the runs follows.
    progress.end(view, has_table=is_terminal(table_to) and not versions)
    colour = wants_colour(table_to)
    if delivery.dry_run:
        text, worked = rehearsal(view, colour=colour)
        code = worst(code, GOOD if worked else FAILED)
    elif versions:
        text = troubles(view, width=width_of(table_to), colour=colour, store=delivery.store)
    else:
        text = summary(view, width=width_of(table_to), colour=colour, store=delivery.store)
    try:
        table_to.write(f"{text}\n")
        table_to.flush()
    except OSError as error:
        # The terminal may be gone, which may be what the interruption was about.
        if table_to is out and not interrupted.is_set():
            unwritten = error
    if not interrupted.at_once and not lost:
        code = worst(code, _check_stored(view, delivery, copy, progress))
    if unwritten is not None:
        if view.stored and table_to is out:
            progress.report("".join(where_stored(view, delivery.store)))
        raise unwritten
    if interrupted.is_set():
        return INTERRUPTED
    # What versions come to is their comparison; each alone may miss a target.
    fail_on = delivery.fail_on & {"errors"} if versions else delivery.fail_on
    return worst(code, exit_code(view, fail_on))


def exit_code(view: SessionView, fail_on: Collection[str] = FAIL_BY_DEFAULT) -> int:
    """What a session that was not interrupted comes to: 3 a run failed, 1 a target missed (or, if
    that is asked for, an operation failed), 4 a target undecided and nothing worse, 0."""
    if view.state == "died" or not view.runs or any(run.state == "failed" for run in view.runs):
        return FAILED
    verdicts = {"undecided" if run.partial else run.verdict for run in view.runs}
    missed = "targets" in fail_on and "missed" in verdicts
    if missed or ("errors" in fail_on and any(run.error_count for run in view.runs)):
        return MISSED
    return UNDECIDED if "undecided" in fail_on and "undecided" in verdicts else GOOD


def worst(*codes: int) -> int:
    """The exit code that stands for all: the greatest, but for UNDECIDED, which hides nothing."""
    return max(codes, key=BY_SEVERITY.index)


class _LostError(Exception):
    """The session's views have stopped coming; `view` is the last one."""

    def __init__(self, view: SessionView | None) -> None:
        super().__init__()
        self.view = view


async def _watched(
    control: Control, before: SessionView | None, progress: Progress, interrupted: Interruption
) -> SessionView | None:
    """The last view of the session that was just started, as far as it could be waited for.

    Raises _LostError where a controller that broke would be waited for without an end.
    """
    loop = asyncio.get_running_loop()
    stored_by: float | None = None
    view: SessionView | None = None
    silent_polls = 0
    while not interrupted.at_once:
        newest = control.view
        silent_polls = silent_polls + 1 if newest is view else 0
        if silent_polls > SILENT_POLLS:
            raise _LostError(view)
        if newest is not None and (before is None or newest.session != before.session):
            view = newest
            progress.show(view)
            if view.state in ("finished", "died"):
                stored_by = stored_by or loop.time() + STORING_AT_MOST_S
                if view.stored or view.store_error or loop.time() > stored_by:
                    break
        await asyncio.sleep(POLL_S)
    return view


def _check_stored(view: SessionView, delivery: Delivery, copy: str, progress: Progress) -> int:
    """Reports a session that did not reach the disk, and where its results are then: in the table,
    and in `copy`, the JSON that was written, if any."""
    if view.stored or delivery.dry_run:
        return GOOD
    why = view.store_error or f"it took longer than {STORING_AT_MOST_S:.0f} s"
    where = "on stdout" if copy == STDOUT else f"in {copy}" if copy else ONLY_SHOWN
    progress.report(f"error: {not_stored(why, where)}")
    return USAGE


async def _save(control: Control, delivery: Delivery, progress: Progress) -> int:
    try:
        saved = await asyncio.wrap_future(control.save(delivery.save, note=delivery.note))
    except Exception as error:  # the future's error says what, where and what to do
        progress.report(f"error: not saved as {delivery.save}: {one_line(str(error))}")
        return USAGE
    progress.report(f"saved as {saved.name}")
    return GOOD


async def _tag(control: Control, tags: Sequence[str], progress: Progress) -> int:
    try:
        await asyncio.wrap_future(control.tag(tags))
    except Exception as error:  # as of a name
        progress.report(f"error: not tagged: {one_line(str(error))}")
        return USAGE
    return GOOD


async def _deliver_json(
    control: Control, delivery: Delivery, progress: Progress, out: TextIO, *, stored: bool
) -> int:
    target = delivery.json
    try:
        result = await asyncio.wrap_future(control.result())
    except Exception as error:
        progress.report(f"error: no JSON: {one_line(str(error))}")
        return FAILED
    # Imported when it is needed: showing progress must not pay for numpy.
    from cortex_tui.formats.session_json import write_session

    data = write_session(result)
    # What did reach the store may be a part, of which a comparison would be of other numbers.
    if delivery.complete is not None and stored:
        data = await asyncio.to_thread(delivery.complete, data, result.record.id)
    if target == STDOUT:
        out.write(data.decode())
        out.flush()
        return GOOD
    try:
        write_whole(Path(target), data)
    except OSError as error:
        progress.report(f"error: {one_line(target)}: cannot be written: {error.strerror or error}")
        return USAGE
    return GOOD
