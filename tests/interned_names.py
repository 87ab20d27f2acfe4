"""What is entered into Python's table of names ("interned") that was not there."""

from __future__ import annotations

import sys

import pytest


def new_names(patch: pytest.MonkeyPatch) -> list[str]:
    """The names that Python code enters from now on: `pathlib` does so with each part of a path.

    A copy of a name is only returned where there was none in the table.
    """
    new: list[str] = []
    enter = sys.intern

    def note(name: str) -> str:
        if len(name) < 2:  # of those there are no copies
            return enter(name)
        copy = name[:1] + name[1:]
        entered = enter(copy)
        if entered is copy:
            new.append(name)
        return entered

    patch.setattr(sys, "intern", note)
    return new
