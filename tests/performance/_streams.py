"""Streams of many runners, as their machines send them, without the runners.

Each stream is a link of its own and a message ten times a second, with values drawn once. The
senders share this machine's processors with the intake that is measured, as real ones would not.
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
    ticket: Ticket, streams: int, values: int, intervals: int, senders: int
) -> list[BaseProcess]:
    """Processes that send the streams between them, `values` values in each message."""
    context = get_context("spawn")
    begun: list[BaseProcess] = [
        context.Process(
            target=_send, args=(ticket, range(first, streams, senders), values, intervals)
        )
        for first in range(senders)
    ]
    for process in begun:
        process.start()
    return begun


def channel_of(runner: int) -> str:
    return f"runner {runner}"


def _send(ticket: Ticket, runners: range, values: int, intervals: int) -> None:
    asyncio.run(_sent(ticket, runners, values, intervals))


async def _sent(ticket: Ticket, runners: range, values: int, intervals: int) -> None:
    places = asyncio.Semaphore(AT_ONCE)
    connected = asyncio.Barrier(len(runners))

    async def stream(runner: int, turn: int) -> None:
        async with places:
            link = await connect(ticket, channel_of(runner), lambda body: None, lambda state: None)

        def send(*batch: Message) -> None:
            link.send(encode_messages(batch))

        send(SessionStarted(time.perf_counter_ns(), 1, "3", "asyncio", "timerfd", 1))
        raw = _values(runner, values)
        await connected.wait()
        # Runners are no more in step with one another than their machines are.
        due_ns = time.perf_counter_ns() + INTERVAL_NS * turn // len(runners)
        began_ns = time.perf_counter_ns()
        send(StateChanged(0, RunLife("measure"), began_ns))
        for interval in range(intervals):
            due_ns += INTERVAL_NS
            await asyncio.sleep(max(0.0, (due_ns - time.perf_counter_ns()) / 1e9))
            now_ns = time.perf_counter_ns()
            health = Health(loop_lag_ns=40_000, cpu_ns=50_000_000, wall_ns=INTERVAL_NS)
            send(
                Pulse(now_ns, health),
                Samples(
                    run=0, phase="measure", interval=interval, service=raw, response=raw,
                    lateness=raw, in_flight=1, oldest_ns=1_000, at_ns=now_ns, health=health,
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

    async with asyncio.TaskGroup() as group:
        for turn, runner in enumerate(runners):
            group.create_task(stream(runner, turn))


def _values(runner: int, count: int) -> bytes:
    drawn = np.random.default_rng(runner).lognormal(13, 1, count)
    return drawn.astype(np.int64).tobytes()
