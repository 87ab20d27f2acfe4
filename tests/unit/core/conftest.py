import gc
import os
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from itertools import count
from pathlib import Path

import pytest

from cortex_core import Cortex, Events
from cortex_core.memory import MemoryStore
from tests.patient_core import patient_core
from tests.postgres_server import PostgresServer

LONG_S = 120.0
"""For searches, which a busy machine makes slower; nothing here waits for it."""

_schemas = count(1)


@pytest.fixture(autouse=True)
def patient(request: pytest.FixtureRequest) -> Iterator[None]:
    """But where the defaults are compared with what is documented, or handed on."""
    if request.path.name in ("test_docs.py", "test_opening.py"):
        yield
        return
    with patient_core():
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture(params=["sqlite", "memory", "postgres"])
async def cortex(request: pytest.FixtureRequest, path: Path) -> AsyncIterator[Cortex]:
    """A Cortex on each of the stores: requests must not tell them apart."""
    if request.param == "sqlite":
        async with Cortex.open(path, search_timeout_s=LONG_S) as opened:
            yield opened
    elif request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        from cortex_core.postgres.address import with_schema
        from cortex_core.postgres.store import drop

        url = with_schema(server.url, f"requests_{next(_schemas)}")
        async with Cortex.open(url, search_timeout_s=LONG_S) as opened:
            yield opened
        await drop(url)
    else:
        events = Events()
        store = MemoryStore(events.publish, search_timeout_s=LONG_S)
        async with Cortex(store, events=events) as in_memory:
            yield in_memory


COUNTED = (
    "test_commands_and_faults.py",
    "test_database.py",
    "test_endings.py",
    "test_faults.py",
    "test_units.py",
)
_BEFORE = pytest.StashKey[tuple[int, int]]()


def held() -> tuple[int, int]:
    """The threads and descriptors of this process."""
    gc.collect()
    has_proc = os.path.isdir("/proc/self/fd")
    return threading.active_count(), len(os.listdir("/proc/self/fd")) if has_proc else 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Tests that break things are counted around, with their event loops and fixtures."""
    if item.path.name in COUNTED:
        item.stash[_BEFORE] = held()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    yield
    if _BEFORE in item.stash:
        assert held() == item.stash[_BEFORE], "threads or descriptors were left behind"
