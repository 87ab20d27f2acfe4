"""Which line of the measured code a thread is at."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from opcode import opname
from types import CodeType, FrameType
from typing import NamedTuple

import cortex_tui
from cortex_tui.isolation import asyncio, run_to_end
from cortex_tui.limits import MAX_FRAMES, MAX_PLACE_CHARS
from cortex_tui.text import encodable, one_line

_OWN = os.path.dirname(cortex_tui.__file__) + os.sep
_BUILT_IN = tuple(
    os.path.join(_OWN, "workloads", name) for name in ("core" + os.sep, "canary.py", "command.py")
)
"""Of the tool's own code, what is measured like anybody's."""
_STANDARD = os.path.dirname(os.__file__) + os.sep
_LOOPS = (os.path.join(_STANDARD, "asyncio") + os.sep, os.path.join(_STANDARD, "selectors.py"))
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_OUTERMOST = {
    asyncio.BaseEventLoop.run_forever.__code__,
    asyncio.BaseEventLoop.run_until_complete.__code__,
    asyncio.Runner.run.__code__,
    run_to_end.__code__,
}
"""Frames outside of which nothing is measured: whoever has started the event loop is there."""


class Sighting(NamedTuple):
    """Where a thread was."""

    place: str
    """Such as `prices.py:21 in lookup`: the innermost line of the measured code or, where there is
    none, of a library. Empty where neither was running, but the tool itself or the event loop."""
    after_call: bool
    """Whether it was at a call of something that is not Python, or right behind one."""


def sighting_of(frame: FrameType, folder: str) -> Sighting:
    """Of the thread whose innermost frame this is. Paths are shown from the `folder` on."""
    after_call = _is_call(frame)
    library: tuple[CodeType, int] | None = None
    for code, line in _lines(frame):
        path = code.co_filename
        if path.startswith("<") or is_own(path):
            continue
        if not is_library(path):
            return Sighting(place_text(code, line, folder), after_call)
        if library is None and not path.startswith(_LOOPS):
            library = code, line
    return Sighting(place_text(*library, folder) if library else "", after_call)


def _lines(frame: FrameType | None) -> Iterator[tuple[CodeType, int]]:
    """From the innermost to the outermost, without what has started the event loop."""
    for _ in range(MAX_FRAMES):
        if frame is None or frame.f_code in _OUTERMOST:
            return
        yield frame.f_code, frame.f_lineno or frame.f_code.co_firstlineno
        frame = frame.f_back


def _is_call(frame: FrameType) -> bool:
    code, at = frame.f_code.co_code, frame.f_lasti
    return 0 <= at < len(code) and opname[code[at]].startswith("CALL")


def is_own(path: str) -> bool:
    """Whether that is code of the tool itself, and nothing that is measured."""
    return path.startswith(_OWN) and not path.startswith(_BUILT_IN)


def is_standard(path: str) -> bool:
    """Whether that is code of the standard library."""
    return path.startswith(_STANDARD) and not any(part in path for part in _INSTALLED)


def is_library(path: str) -> bool:
    """Whether that is code of the standard library, or was installed."""
    return path.startswith(_STANDARD) or any(part in path for part in _INSTALLED)


def place_text(code: CodeType, line: int, folder: str) -> str:
    """Such as `prices.py:21 in lookup`."""
    path = shown_path(code.co_filename, folder)
    return one_line(encodable(f"{path}:{line} in {code.co_name}"))[:MAX_PLACE_CHARS]


def shown_path(path: str, folder: str) -> str:
    """As short as it can be found by: from where it was installed, the folder, or the folder that
    it was imported from."""
    for part in _INSTALLED:
        if part in path:
            return path.rpartition(part)[2]
    for root in (_STANDARD, os.path.join(folder, "")):
        if path.startswith(root):
            return path.removeprefix(root)
    roots = [os.path.join(each, "") for each in sys.path if each]
    found = [root for root in roots if path.startswith(root)]
    return path.removeprefix(max(found, key=len)) if found else path
