"""A controller over a folder, for tests of it."""

from __future__ import annotations

import asyncio
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import VIEW_S
from cortex_tui.session.controller import SessionController
from cortex_tui.store.records import StoredSession
from cortex_tui.store.sqlite.store import SqliteStore

FOR_EVER = Length(duration_ns=3_600_000_000_000)


class Desk:
    """A controller over a folder, and profiles of the functions written there."""

    def __init__(self, folder: Path, *, view_s: float = VIEW_S) -> None:
        self.folder = folder
        self.store = folder / ".cortex-tui" / "snapshots.db"
        self.control = SessionController(self.store, view_s=view_s)

    def profile(self, function: str, **fields: Any) -> Profile:
        source = """
            import asyncio, time
            from cortex_tui import workload
            async def quick(): pass
            async def slow(): await asyncio.sleep(0.001)
            async def blocking():
                print("blocks the loop", flush=True)
                while True:
                    pass
            async def dying():
                import os
                os._exit(9)
            @workload
            async def odd():
                print("first \\udcff", flush=True)
                calls = []
                async def operation():
                    calls.append(None)
                    if len(calls) % 2:
                        raise OSError("no file \\udcff")
                yield operation
                print("no end \\udcff", end="")
        """
        path = self.folder / "controlled.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        fields.setdefault("stop", Length(iterations=200))
        return Profile(
            suite="bench",
            name=function,
            workload=f"controlled:{function}",
            source=str(self.folder / "bench.toml"),
            **fields,
        )

    def until(self, condition: Callable[[SessionView], bool]) -> SessionView:
        """The first view that fits; the test's own time limit bounds the wait."""
        while True:
            view = self.control.view
            if view is not None and condition(view):
                return view
            time.sleep(0.005)

    def ended(self) -> SessionView:
        return self.until(lambda view: view.state in ("finished", "died") and view.stored)

    def stored(self, ref: str) -> StoredSession:
        async def load() -> StoredSession:
            async with await SqliteStore.open_for_reading(self.store) as store:
                return await store.load(ref)

        return asyncio.run(load())


def measuring(view: SessionView) -> bool:
    return any(run.operations for run in view.runs)
