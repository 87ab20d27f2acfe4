"""The names of the built-in workloads, for who must know them without loading their code."""

from __future__ import annotations

OVER_CORE: frozenset[str] = frozenset(
    {
        "cortex.capture",
        "cortex.concurrent_capture",
        "cortex.get",
        "cortex.mixed",
        "cortex.pattern_observe",
        "cortex.pattern_read",
        "cortex.pattern_write",
        "cortex.patterns_by_namespace",
        "cortex.recent",
        "cortex.repository_delete",
        "cortex.repository_read",
        "cortex.repository_write",
        "cortex.search",
        "cortex.search_concurrent",
        "cortex.search_relevant",
    }
)
"""Those that measure `cortex_core`."""

KEEPS_DATA = OVER_CORE
"""Those that keep data where `database` of a profile, or `--database`, says (`current_run`)."""

SERVERS = ("postgresql", "postgres")
"""The schemes of the servers on which each of their runs can have a place of its own."""

BUILT_IN = OVER_CORE | {"canary", "command"}
