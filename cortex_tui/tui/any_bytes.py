"""Keeps the workbench alive whatever bytes a terminal sends.

Textual decodes its input strictly, and takes the numbers in a key's sequence for characters that
there are: a byte that is not UTF-8, or a key with a number beyond Unicode, ends the thread that
reads the input, and with that the program, with exit code 0 and without a message.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Generator
from functools import partial
from types import ModuleType

from textual._parser import Peek1, Read1
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.message import Message


class TolerantParser(XTermParser):
    """Leaves out a sequence that cannot be read, and continues behind it."""

    def parse(
        self, token_callback: Callable[[Message], None]
    ) -> Generator[Read1 | Peek1, str, None]:
        while True:
            try:
                return (yield from super().parse(token_callback))
            except (ValueError, OverflowError):
                continue


def accept_any_bytes(driver: ModuleType = linux_driver) -> None:
    """Has a module with one of Textual's drivers, by default that for terminals, replace what it
    cannot decode and leave out keys that it cannot read."""

    def lenient(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
        return partial(codecs.getincrementaldecoder(encoding), errors="replace")

    setattr(driver, "getincrementaldecoder", lenient)  # noqa: B010
    setattr(driver, "XTermParser", TolerantParser)  # noqa: B010
