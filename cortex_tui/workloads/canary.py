"""The built-in workload `canary`: always the same work, so that only the machine changes its time.

It uses what programs in Python depend on: the interpreter's own speed, memory that is larger than
the first caches of a processor, and code in C. It waits for nothing and touches no disk.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from random import Random

from cortex_tui.workloads.api import Workload, workload

_NUMBERS = 1_000
_BYTES = 1 << 20
_STEP = 4_099
"""A prime over the size of a page, so that the reads have no order that a processor foresees."""


@workload
async def canary() -> AsyncGenerator[Callable[[], Awaitable[int]], None]:
    """Sort 1,000 numbers, read all over 1 MiB, and sum up 64 KiB; some 0.1 ms."""
    random = Random(1)
    numbers = [random.random() for _ in range(_NUMBERS)]
    memory = random.randbytes(_BYTES)
    block = memory[: 1 << 16]

    async def operation() -> int:
        found = 0
        at = 0
        for _ in range(_NUMBERS):
            at = (at + _STEP) % _BYTES
            found += memory[at]
        return found + len(sorted(numbers)) + zlib.crc32(block)

    yield operation


WORKLOADS: dict[str, Workload] = {"canary": canary}
