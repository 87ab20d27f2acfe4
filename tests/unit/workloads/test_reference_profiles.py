"""The shipped profiles on every kind of database, and what they make of a core that is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cortex_core import ConversationSearch, SearchHits
from cortex_core.sqlite.conversations import SqliteConversations
from cortex_core.sqlite.patterns import SqlitePatterns
from cortex_core.sqlite.store import SqliteStore
from cortex_tui.profiles.model import DATABASES, Database, Length
from tests.postgres_server import PostgresServer
from tests.unit.workloads.together import reference_profiles, run_together, usage

OPERATIONS = 10


@pytest.fixture(params=[*DATABASES, "server"])
def database(request: pytest.FixtureRequest) -> Database:
    if request.param != "server":
        return str(request.param)
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.url


@pytest.mark.long
async def test_all_of_them_succeed_together_and_leave_nothing(
    database: Database, tmp_path: Path
) -> None:
    profiles = reference_profiles(database, Length(iterations=OPERATIONS), Length(iterations=5))
    before = usage()
    outcome = await run_together(profiles, tmp_path)
    after = usage()
    assert len(profiles) == 20
    assert (outcome.reasons, outcome.errors) == ({}, {})
    assert outcome.operations == {p.full_name: OPERATIONS + 5 for p in profiles}
    assert list((tmp_path / "scratch").iterdir()) == []
    assert (after.threads, after.descriptors) == (before.threads, before.descriptors)


async def test_a_run_is_given_the_address_with_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    @asynccontextmanager
    async def place(url: str) -> AsyncIterator[str]:
        asked.append(url)
        yield ":memory:"

    monkeypatch.setattr("cortex_tui.workloads.core.databases.temporary_place", place)
    profiles = reference_profiles("postgresql://me@host/db", Length(iterations=5), Length())
    (profile,) = (each for each in profiles if each.full_name == "mediator.search")
    whole = "postgresql://me:hidden@host/db"
    outcome = await run_together([profile], tmp_path, addresses={profile.database: whole})
    assert (outcome.reasons, outcome.operations) == ({}, {"mediator.search": 5})
    assert asked == [whole]


async def test_a_seeded_file_is_made_once_and_outdated_ones_are_removed(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "core-30-0-0.0-0.0.0.db").touch()
    profiles = [
        profile
        for profile in reference_profiles("own", Length(iterations=1), Length())
        if profile.full_name in ("search.simple-text", "search.no-results")
    ]
    await run_together(profiles, tmp_path)
    (seeded,) = cache.iterdir()
    made_ns = seeded.stat().st_mtime_ns
    assert seeded.name.startswith("core-30-0-")
    await run_together(profiles, tmp_path)
    assert [(path, path.stat().st_mtime_ns) for path in cache.iterdir()] == [(seeded, made_ns)]


def nothing(*_: object, **__: object) -> None:
    return None


def one_less(function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    return lambda *arguments: function(*arguments)[1:]


def backwards(function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    return lambda *arguments: function(*arguments)[::-1]


async def no_hits(self: SqliteStore, search: ConversationSearch) -> SearchHits:
    return SearchHits((), 0, True)


WRONG: dict[str, tuple[type, str, Any]] = {
    "mediator.query-dispatch": (SqliteConversations, "get", nothing),
    "mediator.mixed-workload": (SqliteConversations, "get", nothing),
    "mediator.search": (SqliteStore, "search_conversations", no_hits),
    "repository.conversation-read": (SqliteConversations, "get", nothing),
    "repository.batch-read": (SqliteConversations, "get", nothing),
    "repository.recent": (SqliteConversations, "recent", one_less(SqliteConversations.recent)),
    "repository.conversation-delete": (SqliteConversations, "save", nothing),
    "repository.pattern-read": (SqlitePatterns, "get", nothing),
    "repository.pattern-observe": (SqlitePatterns, "get", nothing),
    "repository.patterns-by-namespace": (
        SqlitePatterns,
        "in_namespace",
        backwards(SqlitePatterns.in_namespace),
    ),
    "search.simple-text": (SqliteStore, "search_conversations", no_hits),
    "search.large-dataset": (SqliteStore, "search_conversations", no_hits),
    "search.concurrent": (SqliteStore, "search_conversations", no_hits),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_result_is_a_failed_operation_however_fast(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = [
        profile
        for profile in reference_profiles("own", Length(iterations=3), Length())
        if profile.full_name == name
    ]
    owner, method, wrong = WRONG[name]
    monkeypatch.setattr(owner, method, wrong)
    outcome = await run_together(profiles, tmp_path)
    assert outcome.errors == {name: {"UnexpectedResultError": 3}}


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("repository.conversation-write", SqliteConversations),
        ("repository.batch-write", SqliteConversations),
        ("repository.pattern-write", SqlitePatterns),
    ],
)
async def test_what_was_written_and_is_not_there_fails_the_run(
    name: str, owner: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = [
        profile
        for profile in reference_profiles("own", Length(iterations=3), Length())
        if profile.full_name == name
    ]
    monkeypatch.setattr(owner, "save", nothing)
    outcome = await run_together(profiles, tmp_path)
    assert "were saved, but only 0 are stored" in outcome.reasons[name]
