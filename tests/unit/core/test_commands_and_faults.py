"""Many commands at once, some failing, some cancelled: what was reported is what is stored."""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortex_core import (
    CaptureConversation,
    Command,
    ConversationCaptured,
    ConversationDeleted,
    Cortex,
    DeleteConversation,
    Event,
    GetConversationById,
    LearnPattern,
    PatternConfidenceUpdated,
    PatternLearned,
    PatternType,
    Request,
    Result,
    SearchContext,
    StoreBusyError,
    StoreClosedError,
    UpdatePatternConfidence,
)
from cortex_core.ports import Tx

TEXT = "Something was said, and then more."


def capture(number: int) -> CaptureConversation:
    return CaptureConversation(id=f"c{number}", title="t", content=TEXT, quality=0.9)


def learn(number: int) -> LearnPattern:
    return LearnPattern(
        id=f"p{number}",
        name="n",
        type=PatternType.BUG_FIX,
        content=TEXT,
        confidence=0.8,
        source_conversation_id=f"c{number}",
    )


KINDS: dict[str, Callable[[int], Command[Any]]] = {
    "capture": capture,
    "capture what breaks rules": lambda n: CaptureConversation(title="t", content="short"),
    "capture what is not worth it": lambda n: CaptureConversation(title="t", content=TEXT),
    "learn": learn,
    "observe": lambda n: UpdatePatternConfidence(f"p{n}", success=n % 2 == 0),
    "delete": lambda n: DeleteConversation(f"c{n}"),
    "delete with patterns": lambda n: DeleteConversation(f"c{n}", with_patterns=True),
}


class Published:
    """What the events say is stored."""

    def __init__(self, cortex: Cortex) -> None:
        self.conversations: set[str] = set()
        self.patterns: dict[str, float] = {}
        self.count = 0
        for event_type in (
            ConversationCaptured,
            ConversationDeleted,
            PatternLearned,
            PatternConfidenceUpdated,
        ):
            cortex.events.subscribe(event_type, self.receive)

    def receive(self, event: Event) -> None:
        self.count += 1
        if isinstance(event, ConversationCaptured):
            self.conversations.add(event.conversation_id)
        elif isinstance(event, ConversationDeleted):
            self.conversations.remove(event.conversation_id)
            for pattern_id in event.pattern_ids:
                del self.patterns[pattern_id]
        elif isinstance(event, PatternLearned | PatternConfidenceUpdated):
            self.patterns[event.pattern_id] = event.confidence


def stored(path: Path) -> tuple[set[str], dict[str, float]]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return (
            {row[0] for row in connection.execute("SELECT id FROM conversations")},
            dict(connection.execute("SELECT id, confidence FROM patterns").fetchall()),
        )


async def test_two_hundred_mixed_commands_with_failing_ones_between(path: Path) -> None:
    kinds = list(KINDS.values())
    commands = [kinds[n % len(kinds)](n % 23) for n in range(200)]

    async def broken(tx_number: int) -> None:
        def unit(tx: Tx) -> None:
            tx.conversations.delete(f"c{tx_number}")
            tx.patterns.delete(f"p{tx_number}")
            raise LookupError(tx_number)

        await cortex.store.write(unit)

    async with Cortex.open(path) as cortex:
        published = Published(cortex)
        sent: list[Awaitable[Any]] = []
        for number, command in enumerate(commands):
            sent.append(cortex.send(command))
            if number % 10 == 0:
                sent.append(broken(number % 23))
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
    results = [o for o in outcomes if isinstance(o, Result)]
    raised = [o for o in outcomes if not isinstance(o, Result)]
    assert len(results) == 200
    assert len(raised) == 20
    assert all(isinstance(error, LookupError) for error in raised)
    done = [r for r in results if r.ok]
    codes = {error.code for r in results for error in r.errors}
    assert codes == {"invalid", "not_worth_capturing", "not_found"}
    assert len(done) == published.count
    assert stored(path) == (published.conversations, published.patterns)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(list(KINDS)), st.integers(0, 5), st.none() | st.integers(0, 9)),
        min_size=1,
        max_size=60,
    )
)
def test_commands_that_are_cancelled_at_any_moment(plan: list[tuple[str, int, int | None]]) -> None:
    """What was reported done was announced, what was announced is stored, and nothing else."""

    async def send(cortex: Cortex, kind: str, number: int, cancel_after: int | None) -> Any:
        task = asyncio.ensure_future(cortex.send(KINDS[kind](number)))
        if cancel_after is not None:
            for _ in range(cancel_after):
                await asyncio.sleep(0)
            task.cancel()
        return (await asyncio.gather(task, return_exceptions=True))[0]

    async def scenario(path: Path) -> Published:
        async with Cortex.open(path) as cortex:
            published = Published(cortex)
            outcomes = await asyncio.gather(*(send(cortex, *each) for each in plan))
            await cortex.store.write(lambda tx: None)
            done = sum(isinstance(o, Result) and o.ok for o in outcomes)
            cancelled = sum(isinstance(o, asyncio.CancelledError) for o in outcomes)
            assert done <= published.count <= done + cancelled
        return published

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.db"
        published = asyncio.run(scenario(path))
        assert stored(path) == (published.conversations, published.patterns)


HOLDS_THE_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
print("released", flush=True)
"""


async def test_a_second_process_that_holds_the_write_lock(path: Path) -> None:
    async with Cortex.open(path, busy_timeout_s=0.05) as cortex:
        published = Published(cortex)
        assert (await cortex.send(capture(0))).ok
        other = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOLDS_THE_LOCK, str(path)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert other.stdin is not None
        assert other.stdout is not None
        assert await other.stdout.readline() == b"locked\n"
        writes = (cortex.send(capture(n)) for n in range(1, 20))
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(outcome, StoreBusyError) for outcome in outcomes)
        assert (await cortex.send(GetConversationById("c0"))).value is not None
        assert len((await cortex.send(SearchContext("something"))).unwrap().hits) == 1
        assert (await other.communicate(b"\n"))[0] == b"released\n"
        assert (await cortex.send(capture(20))).ok
    assert stored(path) == (published.conversations, {}) == ({"c0", "c20"}, {})


async def test_requests_of_every_kind_wait_while_it_closes(path: Path) -> None:
    cortex = await Cortex.open(path)
    published = Published(cortex)
    await cortex.send(capture(0))
    requests: list[Request[Any]] = [
        *(capture(n) for n in range(1, 100)),
        *(learn(n) for n in range(100)),
        *(GetConversationById("c0") for _ in range(200)),
        *(SearchContext("something") for _ in range(5)),
    ]
    sent = [asyncio.ensure_future(cortex.send(request)) for request in requests]
    await asyncio.sleep(0)
    await cortex.close()
    assert all(each.result().ok and each.result().value for each in sent)
    with pytest.raises(StoreClosedError, match=path.name):
        await cortex.send(capture(100))
    assert stored(path) == (published.conversations, published.patterns)
    assert len(published.conversations) == len(published.patterns) == 100
