"""Marks in what a runner process prints: which run printed a line, and when.

What a process prints goes through pipes, so that nothing is lost when it dies; and a pipe has
neither runs nor times. So the runner writes a mark before the text of each line, and its parent
takes it out again. Text without one, such as that of a child process, has the run -1.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MARK = re.compile(rb"\x1e(\d{1,9}) (\d{1,18})\x1f")


class Origin(NamedTuple):
    """Who printed a text, and when: in ns of the machine's monotonic clock."""

    run: int
    at_ns: int


def marked(text: str, origin: Origin) -> str:
    """The text with a mark before each of its lines; one that ends a line begins no other."""
    mark = f"\x1e{origin.run} {origin.at_ns}\x1f"
    ended = text.endswith("\n")
    lines = text.removesuffix("\n").split("\n")
    return mark + f"\n{mark}".join(lines) + "\n" * ended


def parts_of(line: bytes, before: Origin) -> list[tuple[Origin, bytes]]:
    """What a line is made of: texts of one run each, with the time of the first mark.

    `before` is the origin of what stands before the first mark. There is at least one part, if
    only an empty one.
    """
    pieces = _MARK.split(line)
    parts = [(before, pieces[0])]
    for run, at_ns, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        origin = Origin(int(run), int(at_ns))
        last, written = parts[-1]
        if not written:
            parts[-1] = (origin, text)
        elif last.run == origin.run:
            parts[-1] = (last, written + text)
        elif text:
            parts.append((origin, text))
    return parts
