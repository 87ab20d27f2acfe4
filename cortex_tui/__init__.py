"""A terminal workbench for latency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cortex_tui.workloads.api import workload as workload

__version__ = "0.1.0"
__all__ = ["__version__", "workload"]


def __getattr__(name: str) -> Any:
    # Loaded on demand: the command line must not pay for what only a runner needs.
    if name == "workload":
        from cortex_tui.workloads.api import workload

        return workload
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
