"""The names of the built-in workloads, for who must know them without loading their code."""

from __future__ import annotations

BUILT_IN: frozenset[str] = frozenset(
    {
        "cortex.capture",
        "cortex.concurrent_capture",
        "cortex.get",
        "cortex.mixed",
        "cortex.recent",
        "cortex.repository_delete",
        "cortex.repository_read",
        "cortex.repository_write",
        "cortex.search",
        "cortex.search_concurrent",
    }
)
