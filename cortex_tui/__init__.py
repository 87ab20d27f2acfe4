"""A terminal workbench for latency."""

from __future__ import annotations

# As typing has it, whose import takes milliseconds: an interrupt then would print a traceback.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from cortex_tui.workloads.api import per_worker as per_worker
    from cortex_tui.workloads.api import shared as shared
    from cortex_tui.workloads.api import workload as workload

__version__ = "1.0.0"
__all__ = ["__version__", "per_worker", "shared", "workload"]


def __getattr__(name: str) -> Any:
    # Loaded on demand: the command line must not pay for what only a runner needs.
    if name in __all__:
        from cortex_tui.workloads import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
