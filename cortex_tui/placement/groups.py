"""Runners of one machine that are one for the session: their messages are merged where they are.

What a session costs its program grows with the messages that it receives, ten a second of each
runner. Where a machine has many runners, its agent merges what they send, values included, so that
a machine sends little more than a runner does. The one that a session knows stands for all of its
group. Whose the values are is kept; what else a runner reports is then known of its machine.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

from cortex_tui.placement.fleet import Fleet, Open, running
from cortex_tui.placement.port import Stream
from cortex_tui.protocol.commands import Release, Request, ToRunner
from cortex_tui.protocol.messages import Arrived, Message
from cortex_tui.protocol.plan import SessionPlan


def groups_of(
    plan: SessionPlan, machine_of: Callable[[int], Hashable], at_least: int
) -> dict[int, tuple[int, ...]]:
    """The groups of a plan's runners, each by its lowest number, which stands for it.

    Runners of one machine that share the same runs are a group, where there are at least that many;
    others are on their own.
    """
    runs_of: dict[int, list[int]] = {}
    for run in plan.runs:
        for runner in run.runners:
            runs_of.setdefault(runner, []).append(run.run)
    groups: dict[tuple[Hashable, tuple[int, ...]], list[int]] = {}
    for runner, runs in sorted(runs_of.items()):
        groups.setdefault((machine_of(runner), tuple(runs)), []).append(runner)
    return {
        members[0]: tuple(members) for members in groups.values() if len(members) >= at_least > 0
    }


@asynccontextmanager
async def open_group(plan: SessionPlan, open_one: Open) -> AsyncIterator[Stream]:
    """Those of the plan's group as one stream, which is that of the runner which stands for it."""
    async with running(_Group(plan, open_one)) as stream:
        yield stream


class _Group(Fleet):
    """A fleet that is a part of another one, which decides when all continue."""

    def __init__(self, plan: SessionPlan, open_one: Open) -> None:
        super().__init__(plan, open_one, members=plan.group)
        self._runs_at: dict[str, tuple[int, ...]] = {}
        """By barrier, the runs that it is for."""
        self._waiting: dict[str, set[int]] = {}

    def _take(self, runner: int, batch: list[Message]) -> None:
        for message in batch:
            if isinstance(message, Arrived):
                self._runs_at[message.barrier] = message.runs
        super()._take(runner, batch)

    def _release(self, barrier: str, waiting: set[int]) -> None:
        self._waiting[barrier] = waiting
        runs = self._runs_at.pop(barrier)
        self.stream.deliver([Arrived(barrier, runs, time.perf_counter_ns())])

    def _send(self, request: ToRunner) -> None:
        if isinstance(request, Release):
            self._continue(request, self._waiting.pop(request.barrier, set()))
        elif isinstance(request, Request):
            super()._send(request)
        else:
            self._send_to(self._all, request)

    def _together(self, request: Request) -> Request:
        return request  # it has the moment that all groups have

    def _stop_what_lost(self, run: int) -> None:
        pass  # the fleet that has all runners of the run does that
