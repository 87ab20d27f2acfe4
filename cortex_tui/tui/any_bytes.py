"""Keeps the workbench alive whatever bytes a terminal sends.

Textual decodes its input strictly: a byte that is not UTF-8 ends the thread that reads it, and with
that the program, with exit code 0 and without a message.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from functools import partial

from textual.drivers import linux_driver


def accept_any_bytes() -> None:
    """Has Textual's driver for terminals replace what it cannot decode."""

    def lenient(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
        return partial(codecs.getincrementaldecoder(encoding), errors="replace")

    setattr(linux_driver, "getincrementaldecoder", lenient)  # noqa: B010
