from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortex_core import Cortex


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture
async def cortex(path: Path) -> AsyncIterator[Cortex]:
    async with Cortex.open(path) as opened:
        yield opened
