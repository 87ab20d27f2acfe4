"""Which run is printing: what is written to standard output and standard error gets a mark."""

from __future__ import annotations

import contextlib
import io
import os
import sys

from cortex_tui.protocol.blocked_loop import block_line
from cortex_tui.protocol.origins import Origin, marked
from cortex_tui.runner.clock import CLOCK
from cortex_tui.workloads.context import current_run


def origin_of_print() -> Origin:
    """The run whose workload the caller's code belongs to, -1 where that is not known; and now."""
    context = current_run.get(None)
    return Origin(-1 if context is None else context.run, CLOCK.read_ns())


def print_block(blocked_ns: int, cause: str) -> None:
    """Writes that the event loop is blocked, on any thread and past `sys.stderr`: what blocks the
    loop may have the lock of that."""
    text = f"{block_line(blocked_ns, cause)}\n"
    with contextlib.suppress(OSError):
        os.write(2, text.encode(errors="backslashreplace"))


class _MarkedStream(io.TextIOWrapper):
    """A text stream to the parent, with marks."""

    def write(self, text: str, /) -> int:
        origin = origin_of_print()
        super().write(text if origin.run < 0 or not text else marked(text, origin))
        return len(text)


def mark_prints() -> None:
    """Lets the parent know who prints. Lines are written at once, whatever is printed to."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            # The first stream is kept by sys.__stdout__: it would close the descriptor at its end.
            wrapped = _MarkedStream(
                stream.buffer,
                encoding=stream.encoding,
                errors="backslashreplace",
                line_buffering=True,
            )
            setattr(sys, name, wrapped)
