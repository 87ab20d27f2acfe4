"""Notices coroutines that a workload made but never awaited: such an operation does nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_NEVER_AWAITED = "was never awaited"


@contextmanager
def awaits_watched(report: Callable[[str], None]) -> Iterator[None]:
    """Calls `report` with each of Python's warnings of that kind, which are shown all the same.

    Python reports a place once, when the coroutine is discarded: in the task,
    and so the context, of the operation that made it.
    """
    shown = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, RuntimeWarning) and str(message).endswith(_NEVER_AWAITED):
            report(f"{message} ({filename}:{lineno}): is an await missing?")
        shown(message, category, filename, lineno, file, line)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = shown
