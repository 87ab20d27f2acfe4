"""A memory is opened by a path or a URL, and messages never show a password."""

import asyncio
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cortex_core import Conversation, Cortex, Events, StoreError, UnknownStoreError, stores
from cortex_core.addresses import Address, address, shown
from cortex_core.memory import MemoryStore
from cortex_core.ports import Publish
from cortex_core.settings import StoreSettings
from cortex_core.sqlite.database import Database
from tests.unit.core.contract.entities import conversation


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("notes.db", Address("sqlite", "notes.db")),
        ("/var/notes.db", Address("sqlite", "/var/notes.db")),
        (Path("memory:"), Address("sqlite", "memory:")),
        ("C:\\notes.db", Address("sqlite", "C:\\notes.db")),
        (":memory:", Address("sqlite", ":memory:")),
        ("sqlite:///notes.db", Address("sqlite", "notes.db")),
        ("SQLite:////var/my%20notes.db", Address("sqlite", "/var/my notes.db")),
        ("sqlite://", Address("sqlite", ":memory:")),
        ("sqlite:///:memory:", Address("sqlite", ":memory:")),
        ("memory:", Address("memory", "")),
        ("memory://", Address("memory", "")),
        ("postgresql://u:p@h/d?x=1", Address("postgresql", "postgresql://u:p@h/d?x=1")),
    ],
)
def test_an_address_is_a_path_or_a_url(where: str | Path, expected: Address) -> None:
    assert address(where) == expected


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hidden@host:5432/db?schema=a",
        "postgresql://me:hid:hidden@host/db",
        "postgresql://me:a@hidden/b?c#hidden@host/db",
        "postgresql://me@host/db?sslmode=require&password=hidden&sslpassword=hidden",
        "postgresql:///db?PASSWORD=hidden",
        "unheard-of://me:hidden@host/",
    ],
)
async def test_no_message_shows_a_password(url: str) -> None:
    assert "hidden" not in shown(url)
    assert "***" in shown(url)
    assert shown(shown(url)) == shown(url)
    if url.startswith("unheard"):
        with pytest.raises(UnknownStoreError, match=r"unheard-of://me:\*\*\*@host/: no store"):
            await Cortex.open(url)


def test_what_holds_no_password_is_shown_whole() -> None:
    for where in ("a:b@c.db", "postgresql://me@host:5432/db", "postgresql://[::1]:5432/db", "a.db"):
        assert shown(where) == where


@pytest.mark.parametrize("relative", [False, True])
async def test_a_file_is_opened_by_its_url(
    path: Path, relative: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    url = f"sqlite:///{path.name if relative else path}"
    async with Cortex.open(url) as cortex:
        assert cortex.store.capabilities.persistent
        await cortex.conversations.save(conversation("kept"))
    async with Cortex.open(path) as cortex:
        assert isinstance(await cortex.conversations.get("kept"), Conversation)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("where", [":memory:", "memory:", "sqlite://"])
async def test_what_is_in_memory_leaves_nothing(
    where: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    for _ in range(2):
        async with Cortex.open(where) as cortex:
            assert not cortex.store.capabilities.persistent
            assert await cortex.conversations.count() == 0
            await cortex.conversations.save(conversation("lost"))
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("mysql://host/db", "no store has the scheme mysql, only sqlite, memory, postgresql"),
        ("sqlite://notes.db", "expected three slashes, as in sqlite:///notes.db"),
    ],
)
async def test_an_address_of_no_store_is_refused(where: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        await Cortex.open(where)


@pytest.mark.parametrize(
    "where", ["", "a\0b", "a\ud800b", "sqlite:///a%00b", "sqlite:////var/a%00b.db"]
)
async def test_a_path_that_no_file_can_have_is_refused(where: str) -> None:
    with pytest.raises(UnknownStoreError, match=r"expected the path of a file, or :memory:, got '"):
        await Cortex.open(where)
    with pytest.raises(UnknownStoreError, match=r"expected the path of a file"):
        await Database.open(address(where).place)


async def test_a_file_with_a_host_is_refused_without_a_password() -> None:
    with pytest.raises(UnknownStoreError) as refused:
        await Cortex.open("sqlite://me:hidden@host/notes.db")
    assert "hidden" not in str(refused.value)


NO_TIMEOUTS = [math.nan, math.inf, -math.inf, -1, 1e9, 10**400, True, "5", None]


@pytest.mark.parametrize("where", ["notes.db", ":memory:", "memory:", "postgresql://127.0.0.1:1/d"])
@pytest.mark.parametrize("name", ["busy_timeout_s", "search_timeout_s"])
@pytest.mark.parametrize("given", NO_TIMEOUTS, ids=lambda given: str(given)[:5])
def test_a_timeout_that_no_store_can_wait_for_is_refused_at_once(
    where: str, name: str, given: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(
        ValueError, match=rf"^{name}: expected seconds from 0 to 1,000,000, got "
    ) as refused:
        Cortex.open(where, **{name: given})
    assert len(str(refused.value)) < 200
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("where", ["notes.db", "memory:", "postgresql://127.0.0.1:1/d"])
def test_what_is_no_way_to_commit_is_refused_at_once(where: str) -> None:
    with pytest.raises(ValueError, match='synchronous: expected "NORMAL" or "FULL", got '):
        Cortex.open(where, synchronous="OFF")  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [math.nan, math.inf, -1])
async def test_each_store_refuses_such_a_timeout_by_itself(given: float, path: Path) -> None:
    with pytest.raises(ValueError, match="search_timeout_s: expected seconds"):
        MemoryStore(Events().publish, search_timeout_s=given)
    for name in ("busy_timeout_s", "search_timeout_s"):
        with pytest.raises(ValueError, match=f"{name}: expected seconds"):
            await Database.open(path, **{name: given})  # type: ignore[arg-type]
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("where", ["notes.db", ":memory:", "memory:"])
@pytest.mark.parametrize("timeout_s", [0, 0.0001, 1_000_000])
async def test_the_ends_of_the_timeouts_are_allowed(
    where: str, timeout_s: float, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    async with Cortex.open(where, busy_timeout_s=timeout_s, search_timeout_s=1_000_000) as cortex:
        await cortex.conversations.save(conversation("kept"))
        assert await cortex.conversations.count() == 1


WITHOUT_PSYCOPG = """
import asyncio, sys
sys.modules["psycopg"] = None
from cortex_core import Cortex, UnknownStoreError
try:
    asyncio.run(Cortex.open("postgresql://me:hidden@host/db").__aenter__())
except UnknownStoreError as error:
    print(error)
"""


def test_a_missing_package_is_named_with_the_extra_that_brings_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PSYCOPG], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "a store on postgresql needs the extra postgres (psycopg is not installed): "
        "pip install 'cortex-tui[postgres]'\n"
    )


@dataclass(frozen=True)
class Asked:
    place: str
    settings: StoreSettings


async def test_a_store_from_elsewhere_takes_a_module_and_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Asked] = []

    async def open_store(place: str, publish: Publish, settings: StoreSettings) -> MemoryStore:
        await asyncio.sleep(0)
        asked.append(Asked(place, settings))
        return MemoryStore(publish)

    module = ModuleType("elsewhere_store")
    module.__dict__["open_store"] = open_store
    monkeypatch.setitem(sys.modules, "elsewhere_store", module)
    monkeypatch.setitem(stores.STORES, "elsewhere", stores.Kind("elsewhere_store"))
    async with Cortex.open("elsewhere://a/b", busy_timeout_s=1.5) as cortex:
        assert await cortex.conversations.count() == 0
    store = await stores.open_store("elsewhere://c", Events().publish)
    await store.close()
    assert asked == [
        Asked("elsewhere://a/b", StoreSettings(busy_timeout_s=1.5)),
        Asked("elsewhere://c", StoreSettings()),
    ]
