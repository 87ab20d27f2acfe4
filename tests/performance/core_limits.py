"""How near the core is to what SQLite and Python allow, and how far from what others take.

Every reference is measured in the same run, in turns with ours, and the medians of the rounds are
compared with the goals. The loop is that of the runner, uvloop where it is installed;
where a hop between threads weighs most, asyncio's own is shown with it, without a goal: that hop
is slower by 8 to 20 µs. Getting by id is measured with whatever else may keep the store busy;
requests on long texts must keep their deadline, and a process that captures is killed 20 times,
to see whether what it had acknowledged is there. `--quick` takes fewer rounds and leaves the
million rows out. Needs the dependency group `peers`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable
from contextlib import closing
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from aiosqlite import Connection

from cortex_core import (
    REQUESTS,
    CaptureConversation,
    ContextItem,
    Conversation,
    DeleteConversation,
    FindSimilarPatterns,
    GetConversationById,
    GetConversationQuality,
    GetPatternById,
    GetPatternsByNamespace,
    GetRecentConversations,
    LearnPattern,
    Logging,
    PatternType,
    Protection,
    Request,
    SearchContext,
    Timing,
    UpdateContextRelevance,
    UpdatePatternConfidence,
    Validation,
)
from cortex_core.data import NAMESPACES, conversation_id, conversations, pattern_id
from tests.performance import _by_hand, _deadlines, _kills, _mediators, _neighbours, _requests
from tests.performance._bench import Bench, opened_bench, percentile
from tests.performance._measure import Measurements, Round
from tests.performance._references import in_one_thread

if TYPE_CHECKING:
    from tests.performance._orm import Mapper

ROWS = 1_000
SEARCHED = 100_000
MILLION = 1_000_000

WORDS = ("performance", "slow", "query", "profiler", "checkpoint", "improving", "stale")
"""In all of the generated conversations, in most, in some, in a few titles."""


def dispatch(bench: Bench) -> None:
    each = bench.rounds(quick=10_000, full=20_000)
    rounds = bench.rounds(quick=9, full=31)
    ping = _mediators.Ping(7)
    direct = bench.sends(_mediators.PingHandler().handle, ping, each)
    plain = bench.sends(_mediators.ours(), ping, each)
    three = bench.sends(_mediators.ours_through_three(), ping, each)
    compare = bench.measurements.at_most
    compare("dispatch / direct await", plain, direct, unit="ns", goal=1.8, rounds=rounds)
    compare("dispatch, 3 behaviours / direct", three, direct, unit="ns", goal=6.0, rounds=rounds)
    behaviours = (Logging(), Timing(), Validation(), Protection())
    four = bench.sends(_mediators.ours(behaviours), ping, each)
    compare("dispatch, the four real / direct", four, direct, unit="ns", goal=None, rounds=rounds)
    peers = bench.measurements.peers("_mediator_peers")
    for name, peer in () if peers is None else peers.PEERS.items():
        (request, send), (behaved, behaved_send) = peer()
        theirs = bench.sends(send, request, each)
        compare(f"dispatch / {name}", plain, theirs, unit="ns", goal=1.0, rounds=rounds)
        theirs = bench.sends(behaved_send, behaved, each)
        what = f"dispatch, 3 behaviours / {name}"
        compare(what, three, theirs, unit="ns", goal=1.0, rounds=rounds)


def hops(bench: Bench) -> None:
    """Counted where every call of aiosqlite goes through, for one request of each type."""
    with bench.core(ROWS) as cortex:
        item = ContextItem(id="item", content="some context", relevance=0.5)
        bench.run(partial(cortex.context_items.save, item))
        text = next(conversations(1)).content
        requests: tuple[Request[Any], ...] = (
            CaptureConversation(title="t", content=text, quality=0.9),
            CaptureConversation(id=conversation_id(1), title="t", content=text, quality=0.9),
            DeleteConversation(conversation_id(2), with_patterns=True),
            LearnPattern(name="n", type=PatternType.BUG_FIX, content=text, confidence=0.9),
            UpdatePatternConfidence(pattern_id(3), success=True),
            UpdateContextRelevance("item", 0.9, "read twice"),
            GetConversationById(conversation_id(4)),
            GetConversationQuality(conversation_id(4)),
            GetRecentConversations(),
            GetPatternById(pattern_id(5)),
            GetPatternsByNamespace(NAMESPACES[0]),
            SearchContext("performance", max_results=100),
            FindSimilarPatterns(text, "*"),
        )
        assert {type(request) for request in requests} == set(REQUESTS)
        counted = []
        for request in requests:
            calls = Connection._execute
            with patch.object(Connection, "_execute", autospec=True, side_effect=calls) as hop:
                assert bench.run(partial(cortex.send, request)).ok, request
            counted.append(hop.call_count)
    bench.measurements.absolute("hops a request, the most", max(counted), goal=1, unit="hops")


def object_mappers(bench: Bench) -> None:
    mappers = bench.measurements.peers("_orm")
    if mappers is None:
        return
    each = bench.rounds(quick=50, full=200)
    rounds = bench.rounds(quick=7, full=15)
    made: deque[Conversation] = deque()

    with bench.core(ROWS) as cortex, bench.open(mappers.opened(bench.file(ROWS))) as orm:

        async def get(i: int) -> None:
            found = await cortex.send(GetConversationById(conversation_id(i % ROWS)))
            assert found.value is not None

        async def capture(_: int) -> None:
            assert (await cortex.send(_by_hand.as_request(made.popleft()))).ok

        def compare(what: str, ours: Round, theirs: Round) -> None:
            bench.measurements.compare(what, ours, theirs, unit="ns", goal=5.0, rounds=rounds)

        for name, mapper in orm.items():
            compare(
                f"get / {name}",
                bench.one_by_one(get, 4 * each),
                bench.one_by_one(partial(_get_by, mapper), each),
            )
            compare(
                f"capture / {name}",
                _by_hand.with_fresh(made, each, bench.one_by_one(capture, each)),
                _by_hand.with_fresh(
                    made, each, bench.one_by_one(partial(_captures, mapper, made), each)
                ),
            )


def _get_by(mapper: Mapper, i: int) -> Awaitable[object]:
    return mapper.get(conversation_id(i % ROWS))


def _captures(mapper: Mapper, made: deque[Conversation], _: int) -> Awaitable[object]:
    return mapper.capture(made.popleft())


LIKE = """
    SELECT id, title, content, namespace, quality, captured_at_us FROM conversations
    WHERE title LIKE :word OR content LIKE :word
    ORDER BY quality DESC, captured_at_us DESC LIMIT 20
"""
"""Every match is a candidate for the best, so every row is looked at."""


def search(bench: Bench, rows: int) -> float:
    """The p95 of the slowest word, in ns."""
    path = bench.file(rows)
    with bench.core(path) as cortex, closing(in_one_thread(path)) as connection:
        taken: dict[str, list[int]] = {word: [] for word in WORDS}

        async def searched(word: str) -> None:
            start_ns = time.perf_counter_ns()
            found = (await cortex.send(SearchContext(word, max_results=20))).unwrap()
            taken[word].append(time.perf_counter_ns() - start_ns)
            assert len(found.hits) == 20

        for _ in range(bench.rounds(quick=40, full=200)):
            for word in WORDS:
                bench.run(partial(searched, word))
        worst = max(WORDS, key=lambda word: median(taken[word]))

        def like() -> None:
            found = connection.execute(LIKE, {"word": f"%{worst}%"}).fetchall()
            assert len(found) == 20

        bench.measurements.compare(
            f"top 20 of {rows:,}, worst word ({worst}) / LIKE",
            bench.one_by_one(lambda i: searched(worst), 5),
            bench.called(lambda i: like(), 1),
            unit="ns",
            goal=10.0,
            rounds=bench.rounds(quick=15, full=21),
        )
        return percentile(taken[worst], 0.95)


def one_after_the_other(bench: Bench) -> None:
    _requests.point_read(bench)
    _requests.three_statements(bench)
    _requests.three_tiny_statements(bench)


def main() -> None:
    measurements = Measurements(__doc__ or "")
    with opened_bench(measurements) as bench:
        dispatch(bench)
        hops(bench)
        one_after_the_other(bench)
        _requests.gets_at_once(bench)
        _requests.commands_at_once(bench, "NORMAL", goal=2.0)
        _requests.commands_at_once(bench, "FULL", goal=4.0)
        _requests.random_reads(bench, SEARCHED)
        _by_hand.capture(bench, ROWS)
        _by_hand.search(bench, SEARCHED, WORDS)
        _neighbours.gets_among_others(bench, SEARCHED)
        _deadlines.long_texts(bench)
        _kills.lost(bench)
        object_mappers(bench)
        p95_ns = search(bench, SEARCHED)
        if not measurements.quick:
            measurements.ratio(
                "p95 of the worst word, 1,000,000 / 100,000 rows",
                search(bench, MILLION),
                p95_ns,
                unit="ns",
                goal=5.0,
            )
    with opened_bench(measurements, own_loop=True) as bench:
        one_after_the_other(bench)
    measurements.exit()


if __name__ == "__main__":
    main()
