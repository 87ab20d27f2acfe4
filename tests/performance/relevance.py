"""Whether a search finds what a person looks for, compared with plain FTS5.

Some thousand docstrings of the standard library are stored; questions with known answers are
asked. Two figures count: the share of questions of which an answer is among the first five hits,
and the mean reciprocal rank (MRR@10: 1 for an answer in the first place, 1/2 in the second, 0 past
the tenth; Voorhees, "The TREC-8 Question Answering Track Report", 1999). The reference is what one
writes by hand with FTS5: all words, and where those have no hit, any of them, ranked by bm25().

`--misses` names the questions without an answer in the first five.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from cortex_core import Conversation, Cortex, SearchContext
from tests.performance._measure import Measurements
from tests.performance._relevance import (
    FRESH,
    KEPT_APART,
    TO_TUNE_ON,
    TUNED,
    Document,
    Question,
    documents,
)
from tests.postgres_server import PostgresServer, why_not

FIRST = 5
DEEPEST = 10
FOUND_GOAL = 0.9
RANK_GOAL = 0.70
SEARCH_TIMEOUT_S = 60.0

Hits = list[list[str]]
"""For each question the names of the documents, best first."""


@contextmanager
def a_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield str(Path(folder) / "core.db")


@contextmanager
def a_server() -> Iterator[str]:
    """Nothing where none can be started, which is reported."""
    reason = why_not()
    if reason is not None:
        print(f"PostgreSQL was not measured: {reason}", file=sys.stderr)
        yield ""
        return
    server = PostgresServer()
    try:
        yield server.url
    finally:
        server.remove()


STORES: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "SQLite": a_file,
    "in memory": lambda: nullcontext("memory:"),
    "PostgreSQL": a_server,
}
"""Where each store is opened, for as long as it is measured."""


async def hits_of(address: str, stored: Sequence[Document], asked: Sequence[Question]) -> Hits:
    # All captured at one moment, so that nothing but the texts ranks them.
    now = datetime.now(UTC)
    # What counts is what is found, on a busy machine too.
    async with Cortex.open(address, search_timeout_s=SEARCH_TIMEOUT_S) as cortex:
        batch = [
            cortex.conversations.save(
                Conversation(title=name, content=text, quality=0.5, captured_at=now)
            )
            for name, text in stored
        ]
        await asyncio.gather(*batch)
        found: Hits = []
        for question in asked:
            result = await cortex.send(SearchContext(question.text, max_results=DEEPEST))
            found.append([hit.title for hit in result.unwrap().hits])
        return found


def plain_hits_of(stored: Sequence[Document], asked: Sequence[Question]) -> Hits:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE texts USING fts5 (title, content)")
        connection.executemany("INSERT INTO texts VALUES (?, ?)", stored)

        def search(words: Sequence[str], joined: str) -> list[str]:
            match = joined.join(f'"{word}"' for word in words)
            rows = connection.execute(
                "SELECT title FROM texts WHERE texts MATCH ? ORDER BY bm25(texts) LIMIT ?",
                (match, DEEPEST),
            )
            return [title for (title,) in rows]

        words_of = (re.findall(r"\w+", question.text) for question in asked)
        return [search(words, " ") or search(words, " OR ") for words in words_of]


def found_share(asked: Sequence[Question], hits: Hits) -> float:
    found = [
        not question.answers.isdisjoint(names[:FIRST])
        for question, names in zip(asked, hits, strict=True)
    ]
    return fmean(found)


def mean_reciprocal_rank(asked: Sequence[Question], hits: Hits) -> float:
    return fmean(
        next((1 / at for at, name in enumerate(names, 1) if name in question.answers), 0.0)
        for question, names in zip(asked, hits, strict=True)
    )


def report_misses(what: str, asked: Sequence[Question], hits: Hits) -> None:
    for question, names in zip(asked, hits, strict=True):
        if question.answers.isdisjoint(names[:FIRST]):
            print(
                f"{what}: {question.text}: {', '.join(names[:FIRST]) or 'no hit'}", file=sys.stderr
            )


def report(
    measurements: Measurements, what: str, asked: Sequence[Question], ours: Hits, plain: Hits
) -> None:
    for figure, name, goal in (
        (found_share, f"answered in the first {FIRST}", FOUND_GOAL),
        (mean_reciprocal_rank, f"MRR@{DEEPEST}", RANK_GOAL),
    ):
        our_figure, reference = figure(asked, ours), figure(asked, plain)
        measurements.line(
            f"{what}: {name}", our_figure, reference, our_figure / reference, goal,
            met=our_figure >= max(goal, reference), unit="share",
        )  # fmt: skip


def main() -> None:
    arguments = sys.argv[1:]
    misses = "--misses" in arguments
    measurements = Measurements(
        "Whether a search finds what a person looks for, compared with plain FTS5.",
        [argument for argument in arguments if argument != "--misses"],
    )
    stored = documents()
    there = {name for name, _ in stored}
    halves = {
        half: [question for question in asked if not question.answers.isdisjoint(there)]
        for half, asked in (
            ("tuned on", TUNED),
            ("kept apart", KEPT_APART),
            ("fresh", FRESH),
            ("to tune on", TO_TUNE_ON),
        )
    }
    asked = [question for half in halves.values() for question in half]
    plain = plain_hits_of(stored, asked)
    for store, opened in STORES.items():
        with opened() as place:
            ours = asyncio.run(hits_of(place, stored, asked)) if place else None
        if ours is None:
            continue
        if misses:
            report_misses(store, asked, ours)
        parts: dict[str, slice] = {}
        before = 0
        for half, questions in halves.items():
            parts[half] = slice(before, before := before + len(questions))
        # What the search is going to be tuned on says nothing of how good it is.
        parts["in all"] = slice(0, parts["to tune on"].start)
        for half, part in parts.items():
            count = len(asked[part])
            what = f"{store}, {count} questions {half}, {len(stored):,} documents"
            if measurements.wants(what):
                report(measurements, what, asked[part], ours[part], plain[part])
    measurements.exit()


if __name__ == "__main__":
    main()
