"""Runs plans whose workloads lie in a folder, and keeps what was reported."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from cortex_tui.placement.port import Stream
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import LogLine, Message
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.session_fold import SessionFold

React = Callable[[Stream, Message], None]


class PlanDesk:
    """What tests of placements with several runners have in common."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder = folder
        (folder / "fleeting.py").write_text(textwrap.dedent(source), encoding="utf-8")
        self.messages: list[Message] = []
        self.fold: SessionFold

    def profile(self, function: str, **fields: Any) -> Profile:
        return Profile(
            suite="fleet",
            name=function,
            workload=f"fleeting:{function}",
            source=str(self.folder / "fleet.toml"),
            **fields,
        )

    def plan(self, *runs: RunPlan, **fields: Any) -> SessionPlan:
        return SessionPlan(
            session="x",
            runs=runs,
            scratch=str(self.folder / "scratch"),
            cache=str(self.folder / "cache"),
            loop="asyncio",
            **fields,
        )

    async def take_in(
        self,
        opened: Callable[[SessionPlan], AbstractAsyncContextManager[Stream]],
        plan: SessionPlan,
        placement: str,
        react: React,
    ) -> SessionFold:
        """The whole session; `react` is given each message once it is folded in."""
        self.fold = SessionFold(plan, placement, "2026-01-01T00:00:00Z")
        async with opened(plan) as stream:
            async for batch in stream:
                for message in batch:
                    self.messages.append(message)
                    self.fold.apply(message)
                    react(stream, message)
        return self.fold

    def of(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]

    def printed(self, start: str) -> list[str]:
        lines = [line.text for line in self.of(LogLine) if line.stream == "stdout"]
        return [line.removeprefix(start) for line in lines if line.startswith(start)]
