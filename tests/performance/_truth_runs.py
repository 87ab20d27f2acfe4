"""Runs profiles as the program does, runner process and store included, and keeps all values."""

from __future__ import annotations

import os
from array import array
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import Samples
from cortex_tui.protocol.plan import INTERVAL_NS, LoopName, RunPlan, SessionPlan
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.session_result import Histograms
from cortex_tui.results.stored import from_stored
from cortex_tui.session.writer import SessionWriter
from cortex_tui.store.records import IntervalRecord
from cortex_tui.store.sqlite.store import SqliteStore
from tests.session_documents import session_document

SOURCE = str(Path(__file__).with_name("truth.toml"))
"""Stands for a suite next to the subjects; it need not exist."""

WRITE_EVERY = 20
"""Batches of messages between two writes to the store."""


def profile(name: str, workload: str, **fields: Any) -> Profile:
    return Profile(suite="truth", name=name, workload=workload, source=SOURCE, **fields)


@dataclass(frozen=True)
class Outcome:
    """What is known of a session: as it is reported, as it is stored, and every single value."""

    fold: SessionFold
    document: dict[str, Any]
    stored: dict[int, Histograms]
    intervals: tuple[IntervalRecord, ...]
    _raw: dict[tuple[int, str], array[int]]

    def raw(self, run: int, which: str) -> array[int]:
        """The values of `service`, `response` or `lateness` of a run, as they were recorded."""
        return self._raw[run, which]


async def run_session(
    profiles: list[Profile],
    folder: Path,
    *,
    one_by_one: bool = True,
    interval_ns: int = INTERVAL_NS,
    loop: LoopName = "auto",
) -> Outcome:
    """Runs the profiles to their end; raises RuntimeError if one of them did not finish."""
    session = f"truth-{os.urandom(4).hex()}"
    plan = SessionPlan(
        session=session,
        runs=tuple(RunPlan(number, each) for number, each in enumerate(profiles)),
        scratch=str(folder / "scratch"),
        cache=str(folder / "cache"),
        one_by_one=one_by_one,
        interval_ns=interval_ns,
        loop=loop,
    )
    fold = SessionFold(plan, "process", "2026-01-01T00:00:00.000Z")
    path = folder / "snapshots.db"
    writer = SessionWriter(path)
    raw: defaultdict[tuple[int, str], array[int]] = defaultdict(lambda: array("q"))
    await writer.begin()
    try:
        async with InRunnerProcess().open(plan) as stream:
            batches = 0
            async for batch in stream:
                for message in batch:
                    fold.apply(message)
                    if isinstance(message, Samples) and message.phase == "measure":
                        for which in ("service", "response", "lateness"):
                            raw[message.run, which].frombytes(getattr(message, which))
                batches += 1
                if batches % WRITE_EVERY == 0:
                    await writer.write(fold)
        await writer.write(fold)
        document = session_document(writer.result(fold))
    finally:
        await writer.close()
    if writer.error or fold.died:
        raise RuntimeError(writer.error or fold.died)
    for run in document["runs"]:
        if run["state"] != "finished":
            raise RuntimeError(f"{run['profile']} {run['state']}: {run['reason']}")
    async with await SqliteStore.open_for_reading(path) as store:
        loaded = await store.load(session)
    return Outcome(fold, document, from_stored(loaded).histograms, loaded.intervals, dict(raw))
