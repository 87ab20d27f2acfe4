"""What a text stream can do: colour, and how wide it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from cortex_tui.tables import GAP, Cell, Tone

PLAIN_WIDTH = 10_000
"""Of a stream that is no terminal: whoever reads the file or the pipe has no edge."""

_CODES: dict[Tone, str] = {"good": "32", "bad": "31", "warn": "33", "dim": "2"}


def is_terminal(stream: TextIO | None) -> bool:
    """Whether the stream is there, open, and a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def wants_colour(stream: TextIO) -> bool:
    """Whether the stream is a terminal that shows colours to somebody who has not refused them."""
    refused = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not refused and is_terminal(stream)


def width_of(stream: TextIO) -> int:
    """The columns of a terminal; PLAIN_WIDTH for anything else."""
    return _size_of(stream).columns or 80 if is_terminal(stream) else PLAIN_WIDTH


def height_of(stream: TextIO) -> int:
    """The lines of a terminal."""
    return _size_of(stream).lines or 24


def _size_of(stream: TextIO) -> os.terminal_size:
    try:
        return os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return os.terminal_size((80, 24))


_CODE = re.compile(r"\x1b\[\d*m")


def wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    """Lines of at most `width` characters, broken at spaces, the later ones indented; only a word
    that is longer than a line makes one wider. Codes of colours take no room."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line.strip() and len(_CODE.sub("", longer)) > width:
            lines.append(line)
            longer = indent + word
        line = longer
    return [*lines, line]


def toned(text: str, tone: Tone, *, colour: bool) -> str:
    """The text in the colour of its tone; blanks at its ends stay without."""
    code, words = _CODES.get(tone), text.strip()
    if not code or not words or not colour:
        return text
    before, after = text.split(words, 1)
    return f"{before}\x1b[{code}m{words}\x1b[0m{after}"


def table_text(lines: Iterable[Sequence[Cell]], *, colour: bool) -> list[str]:
    """The lines of a table as text."""
    return [GAP.join(toned(*cell, colour=colour) for cell in line).rstrip() for line in lines]
