"""Requests on texts of a megabyte, which take longer than they may: how late they end."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial

from cortex_core import CaptureConversation, Cortex, SearchContext, SearchTimeoutError
from cortex_core.domain.specification import satisfies
from tests.performance._bench import Bench

DEADLINE_S = 0.2
GOAL = 1.2

LONG = 100
WORD = "performance "
MEGABYTE = WORD * (1_000_000 // len(WORD))
THOUSAND = (WORD + "among others that make it a megabyte " * 27) * 1_000
"""One word a thousand times, in a text of a megabyte."""


def long_texts(bench: Bench) -> None:
    """How many times its deadline a request took at most, whether it was in time or stopped."""
    opening = Cortex.open(bench.file(1), search_timeout_s=DEADLINE_S, behaviours=())
    with bench.open(opening) as cortex:
        for number in range(LONG):
            content = (MEGABYTE, THOUSAND)[number % 2]
            capture = CaptureConversation(
                id=f"{number}", title="long", content=content, quality=0.9
            )
            assert bench.run(partial(cortex.send, capture)).ok

        async def search() -> None:
            await cortex.send(SearchContext("performance", max_results=100))

        async def find() -> None:
            await cortex.conversations.find(satisfies(lambda c: "unknown" in c.content), 100)

        for what, request in (("search of", search), ("find in", find)):
            name = f"{what} {LONG} texts of 1 MB / its deadline"
            if not bench.measurements.wants(name):
                continue
            taken_s: list[float] = []
            for _ in range(bench.rounds(quick=5, full=15)):
                start_s = time.perf_counter()
                with suppress(SearchTimeoutError):
                    bench.run(request)
                taken_s.append(time.perf_counter() - start_s)
            bench.measurements.absolute(name, max(taken_s) / DEADLINE_S, goal=GOAL, unit="x")
