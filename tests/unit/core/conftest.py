from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortex_core import Cortex, Events
from cortex_core.memory.store import MemoryStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture(params=["sqlite", "memory"])
async def cortex(request: pytest.FixtureRequest, path: Path) -> AsyncIterator[Cortex]:
    """A Cortex on each of the stores: requests must not tell them apart."""
    if request.param == "sqlite":
        async with Cortex.open(path) as opened:
            yield opened
    else:
        events = Events()
        in_memory = Cortex(MemoryStore(events.publish), events=events)
        yield in_memory
        await in_memory.close()
