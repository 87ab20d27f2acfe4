"""A memory is opened by a path or a URL, and messages never show a password."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from cortex_core import Conversation, Cortex, Events, StoreError, UnknownStoreError, stores
from cortex_core.addresses import Address, address, shown
from cortex_core.memory import MemoryStore
from cortex_core.ports import Publish
from cortex_core.settings import StoreSettings
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
