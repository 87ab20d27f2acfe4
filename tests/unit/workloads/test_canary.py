"""The canary always does the same work."""

from __future__ import annotations

from cortex_tui.workloads.operation import Operation
from cortex_tui.workloads.resolving import resolve


async def test_each_operation_of_each_session_comes_to_the_same() -> None:
    found = set()
    for _ in range(2):
        async with resolve("canary").opened({}) as operation:
            assert isinstance(operation, Operation)
            found |= {await operation.function() for _ in range(3)}
    assert len(found) == 1
