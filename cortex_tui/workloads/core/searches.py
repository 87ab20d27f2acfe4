"""Full-text searches through the core's mediator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from cortex_core import Cortex, SearchContext, SearchHits
from cortex_tui.workloads.api import workload
from cortex_tui.workloads.core.databases import alone, opened
from cortex_tui.workloads.core.results import Operation, expect

_WORDS = ("query", "index", "parser", "handler", "schema", "worker", "queue", "buffer", "closure",
          "registry")  # fmt: skip
"""What concurrent searches look for; each occurs in some of the seeded conversations."""

_MOST = 100
"""The most results that one search gives."""


async def _found(cortex: Cortex, query: SearchContext) -> SearchHits:
    """What a search brings; fails unless it is in order, and fits what was asked for."""
    found = (await cortex.send(query)).unwrap()
    least = 1.0
    for hit in found.hits:
        expect(query.min_relevance <= hit.relevance <= least, f"{hit.relevance} is out of order")
        least = hit.relevance
    expect(len(found.hits) <= query.max_results, f"asked for {query.max_results} hits, got more")
    return found


@workload
async def search(
    conversations: int = 30, text: str = "performance", limit: int = 10, hits: int = -1
) -> AsyncGenerator[Operation, None]:
    """Search for `text`; with `hits` of 0 or more, exactly that number must be found."""
    async with opened(conversations=conversations) as cortex:
        query = SearchContext(text, max_results=limit)

        async def operation(i: int) -> None:
            found = len((await _found(cortex, query)).hits)
            expect(hits in (-1, found), f"expected {hits} hits, got {found}")

        yield operation


@workload
async def search_relevant(
    conversations: int = 30, text: str = "performance", share: float = 0.5, limit: int = 30
) -> AsyncGenerator[Operation, None]:
    """Search for `text` with a minimum of relevance that `share` of the matches reach.

    The minimum is found in set-up, from the relevances that a search without one brings: they
    depend on the age of the data. Exactly those above it must be found.
    """
    async with opened(conversations=conversations) as cortex:
        everything = (await _found(cortex, SearchContext(text, max_results=_MOST))).hits
        wanted = round(len(everything) * share)
        expect(0 < wanted < len(everything), f"{share} of {len(everything)} matches is no filter")
        last, first_out = everything[wanted - 1].relevance, everything[wanted].relevance
        query = SearchContext(text, max_results=limit, min_relevance=(last + first_out) / 2)
        expected, exactly = min(wanted, limit), alone()

        async def operation(i: int) -> None:
            found = len((await _found(cortex, query)).hits)
            expect(found == expected or not exactly, f"expected {expected} hits, got {found}")

        yield operation


@workload
async def search_concurrent(
    conversations: int = 50, searches: int = 5
) -> AsyncGenerator[Operation, None]:
    """Several different searches at once, each of which must find something."""
    async with opened(conversations=conversations) as cortex:
        queries = [SearchContext(_WORDS[n % len(_WORDS)]) for n in range(searches)]

        async def operation(i: int) -> None:
            every = await asyncio.gather(*(_found(cortex, query) for query in queries))
            for query, found in zip(queries, every, strict=True):
                expect(bool(found.hits), f"nothing found for {query.text!r}")

        yield operation
