"""Streams of many runners, as their machines send them, without the runners.

A runner sends ten messages a second, with values drawn once, over a link of its own. Where its
agent merges what a group of runners sends, the group has one link, and twenty messages a second
with the values of half of the runners each. The senders share this machine's processors with the
intake that is measured, as real ones would not.
"""

from __future__ import annotations

import asyncio
import time
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

import numpy as np

from cortex_tui.placement.cluster.link_client import connect
from cortex_tui.placement.cluster.ticket import Ticket
from cortex_tui.protocol.frames import encode_messages
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import (
    Health,
    Message,
    Part,
    Pulse,
    RunFinished,
    Samples,
    SessionFinished,
    SessionStarted,
    StateChanged,
)

INTERVAL_NS = 100_000_000
AT_ONCE = 100
"""How many links a sender has connect at a time."""


def start_senders(
    ticket: Ticket, streams: int, values: int, intervals: int, *, group: int, senders: int
) -> list[BaseProcess]:
    """Processes that send the streams between them, each of a `group` of runners, with `values`
    values of a runner in an interval."""
    context = get_context("spawn")
    begun: list[BaseProcess] = [
        context.Process(
            target=_send, args=(ticket, range(first, streams, senders), values, intervals, group)
        )
        for first in range(senders)
    ]
    for process in begun:
        process.start()
    return begun


def channel_of(stream: int) -> str:
    return f"stream {stream}"


def _send(ticket: Ticket, streams: range, values: int, intervals: int, group: int) -> None:
    asyncio.run(_sent(ticket, streams, values, intervals, group))


async def _sent(ticket: Ticket, streams: range, values: int, intervals: int, group: int) -> None:
    places = asyncio.Semaphore(AT_ONCE)
    connected = asyncio.Barrier(len(streams))

    async def send_one(stream: int, turn: int) -> None:
        async with places:
            link = await connect(ticket, channel_of(stream), lambda body: None, lambda state: None)

        def send(*batch: Message) -> None:
            link.send(encode_messages(batch))

        send(SessionStarted(time.perf_counter_ns(), 1, "3", "asyncio", "timerfd", 1))
        runners = range(stream * group, (stream + 1) * group)
        halves = [runners] if group == 1 else [runners[: group // 2], runners[group // 2 :]]
        of_halves = [_values(half, values) for half in halves]
        await connected.wait()
        # Machines are not in step with one another.
        due_ns = time.perf_counter_ns() + INTERVAL_NS * turn // len(streams)
        began_ns = time.perf_counter_ns()
        send(StateChanged(0, RunLife("measure"), began_ns))
        for number in range(intervals * len(halves)):
            half, raw = halves[number % len(halves)], of_halves[number % len(halves)]
            due_ns += INTERVAL_NS // len(halves)
            await asyncio.sleep(max(0.0, (due_ns - time.perf_counter_ns()) / 1e9))
            now_ns = time.perf_counter_ns()
            health = Health(loop_lag_ns=40_000, cpu_ns=50_000_000, wall_ns=INTERVAL_NS)
            parts = tuple(Part(runner, values, 0, 0, 0, 0) for runner in half) if group > 1 else ()
            send(
                Pulse(now_ns, health),
                Samples(
                    run=0, phase="measure", interval=number // len(halves), parts=parts,
                    service=raw, response=raw, lateness=raw, in_flight=1, oldest_ns=1_000,
                    at_ns=now_ns, health=health,
                ),
            )  # fmt: skip
        now_ns = time.perf_counter_ns()
        done = RunLife("ended", outcome="finished")
        lasted_ns = now_ns - began_ns
        send(
            StateChanged(0, done, now_ns),
            RunFinished(run=0, state="finished", at_ns=now_ns, measured_ns=lasted_ns),
            SessionFinished(now_ns),
        )
        await link.drained()
        link.close()

    async with asyncio.TaskGroup() as tasks:
        for turn, stream in enumerate(streams):
            tasks.create_task(send_one(stream, turn))


def _values(runners: range, count: int) -> bytes:
    drawn = np.random.default_rng(runners.start).lognormal(13, 1, count * len(runners))
    return drawn.astype(np.int64).tobytes()
