"""Runs the workbench in a terminal, from its first frame until its screen has been left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import NamedTuple

from cortex_tui.freed import keep_little_freed_memory
from cortex_tui.isolation import run_to_end
from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.search_path import SuiteReader
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import Control
from cortex_tui.starting import resume_collections
from cortex_tui.tui.any_bytes import accept_any_bytes
from cortex_tui.tui.app import MakeControl, Workbench
from cortex_tui.tui.config.model import DEFAULTS, Config
from cortex_tui.tui.garbage import looked_for_seldom
from cortex_tui.tui.leaving import leaving
from cortex_tui.tui.priority import lower_priority
from cortex_tui.tui.state.memory import Memory


class Outcome(NamedTuple):
    """How the workbench was left."""

    exit_code: int
    view: SessionView | None
    """The newest session's last view, for the summary; None if nothing was run."""
    failure: str = ""
    """What went wrong with the workbench itself."""


def launch(
    catalog: Catalog,
    make_control: MakeControl,
    *,
    checked: Sequence[str] = (),
    store: str = "",
    reader: SuiteReader | None = None,
    config: Config = DEFAULTS,
    memory: Memory | None = None,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    interrupted: Callable[[BaseException | None], None] | None = None,
) -> Outcome:
    """Runs the workbench in this terminal; returns when its screen has been left.

    The controller is closed by then, whatever happened. SIGINT, SIGTERM and SIGHUP end it as `q`
    does, with exit code 130; so does a terminal that goes away, but then nothing returns. That
    there is a terminal to begin with is the caller's to check. To be called on the main thread.
    `loop_factory` makes the loop, asyncio's own if it is None. Where sessions run on it,
    `interrupted` is called when a workload has ended it, with what was raised; it is started again.
    """
    accept_any_bytes()
    if interrupted is None:
        keep_little_freed_memory()
    app = Workbench(
        catalog,
        make_control if interrupted is not None else partial(_make_first, make_control),
        checked=checked,
        store=store,
        reader=reader,
        config=config,
        memory=memory,
    )
    try:
        with (
            looked_for_seldom() if interrupted is None else nullcontext(),
            asyncio.Runner(loop_factory=loop_factory) as runner,
            leaving(runner.get_loop(), app),
        ):
            if interrupted is None:
                code = runner.run(app.run_async())
            else:
                code = run_to_end(runner.get_loop(), app.run_async(), interrupted)
    finally:
        resume_collections()
        app.close_control()
    return Outcome(app.return_code or code or 0, app.last_view, app.failure)


def _make_first(make_control: MakeControl, loop: asyncio.AbstractEventLoop) -> Control:
    """Has the controller's threads, and so the processes that measure, in place before the screen's
    thread has a lower priority: it would be theirs as well."""
    control = make_control(loop)
    loop.call_soon_threadsafe(lower_priority)
    return control
