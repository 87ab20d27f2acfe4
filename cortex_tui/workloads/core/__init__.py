"""The built-in workloads: `cortex_core` through its mediator and its repositories.

Each operation checks its result: one that brings anything but what it should has failed, however
fast it was.
"""

from __future__ import annotations

from cortex_tui.workloads.api import Workload
from cortex_tui.workloads.core import mediator, repositories, searches

WORKLOADS: dict[str, Workload] = {
    "cortex.capture": mediator.capture,
    "cortex.concurrent_capture": mediator.concurrent_capture,
    "cortex.get": mediator.get,
    "cortex.mixed": mediator.mixed,
    "cortex.pattern_observe": repositories.pattern_observe,
    "cortex.pattern_read": repositories.pattern_read,
    "cortex.pattern_write": repositories.pattern_write,
    "cortex.patterns_by_namespace": repositories.patterns_by_namespace,
    "cortex.recent": repositories.recent,
    "cortex.repository_delete": repositories.repository_delete,
    "cortex.repository_read": repositories.repository_read,
    "cortex.repository_write": repositories.repository_write,
    "cortex.search": searches.search,
    "cortex.search_concurrent": searches.search_concurrent,
    "cortex.search_relevant": searches.search_relevant,
}
"""The code behind `names.OVER_CORE`."""
