"""What a workload may know of the run that it is set up for."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cortex_tui.profiles.model import Database


@dataclass(frozen=True, slots=True)
class RunContext:
    """Set while a workload is set up; workloads of one session find `shared` to be one object."""

    run: int
    scratch: Path
    """A folder for files of this session, deleted after it."""
    cache: Path
    """A folder for files that later sessions may use again."""
    database: Database
    shared: dict[Any, Any] = field(default_factory=dict)


current_run: ContextVar[RunContext] = ContextVar("current_run")
