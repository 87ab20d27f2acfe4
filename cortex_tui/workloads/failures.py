"""What a workload's exceptions say, safely: their text is computed by code of the workload's own.

`str(error)` may raise, return no text, or return one that cannot be encoded; so may the names of
types and the lines of a traceback. Whatever it does, a failure is counted and reported.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import traceback
from collections.abc import Callable
from types import TracebackType

from cortex_tui.limits import MAX_ERROR_CHARS, MAX_TRACEBACK_CHARS
from cortex_tui.workloads.operation import WorkloadError

_CALLERS = (
    os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), ""),
    os.path.join(os.path.dirname(os.__file__), "asyncio", ""),
    os.path.join(os.path.dirname(importlib.__file__), ""),
    contextlib.__file__,
    "<frozen importlib",
)
"""How the files begin whose frames stand before those of a workload."""


def type_name(error: BaseException) -> str:
    """The qualified name of its type, bounded in length."""
    name = _safely(lambda: type(error).__qualname__) or "an exception"
    return name[:MAX_ERROR_CHARS]


def text_of(error: BaseException) -> str:
    """What it says, in one line of bounded length; "" for nothing."""
    return " ".join(_whole_text(error).split())[:MAX_ERROR_CHARS]


def describe_error(error: BaseException) -> str:
    """`TypeName: text` in one line of bounded length; of a group, with what it is made of.

    What is wrong with a workload is said in words of our own, which need no type's name.
    """
    if isinstance(error, WorkloadError):
        return " ".join(_whole_text(error).split())
    name, text = type_name(error), text_of(error)
    if isinstance(error, BaseExceptionGroup):
        text = f"{text}: {'; '.join(describe_error(each) for each in error.exceptions[:3])}"
    return f"{name}: {text}"[:MAX_ERROR_CHARS] if text else name


def format_traceback(error: BaseException) -> str:
    """The traceback as Python prints it from the workload's own code on, its middle left out where
    it is very long."""
    theirs = _from_their_code(error)
    text = _safely(lambda: "".join(traceback.format_exception(type(error), error, theirs)))
    if text is None:
        # One of the texts in it cannot be computed; the places can.
        frames = _safely(lambda: "".join(traceback.format_tb(theirs))) or ""
        text = f"Traceback (most recent call last):\n{frames}{describe_error(error)}\n"
    if len(text) <= MAX_TRACEBACK_CHARS:
        return text
    half = MAX_TRACEBACK_CHARS // 2
    return f"{text[:half]}\n  …\n{text[-half:]}"


def _from_their_code(error: BaseException) -> TracebackType | None:
    """Without the frames at its beginning that call the workload: ours, and those of Python that
    lie between. All of it where there are no others, unless the error itself names a file."""
    each = error.__traceback__
    while each is not None and each.tb_frame.f_code.co_filename.startswith(_CALLERS):
        each = each.tb_next
    if each is None and isinstance(error, SyntaxError | OSError) and error.filename:
        return None
    return each or error.__traceback__


def _whole_text(error: BaseException) -> str:
    text = _safely(lambda: str(error))
    return "(its text cannot be computed)" if text is None else text


def _safely(compute: Callable[[], object]) -> str | None:
    """A text that can be encoded, whatever computes it; None where there is none to be had."""
    try:
        text = compute()
        if not isinstance(text, str):
            return None
        # A subclass of str may do anything in its methods.
        return str.__str__(text).encode("utf-8", "backslashreplace").decode("utf-8")
    except Exception:
        return None
    except BaseException as error:
        if type(error) is KeyboardInterrupt:
            raise  # from outside, not from the text
        return None
