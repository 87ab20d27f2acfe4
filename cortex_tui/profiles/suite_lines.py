"""Where a profile stands in the text of its suite."""

from __future__ import annotations

import re


def line_of_profile(text: str, name: str) -> int:
    """The number of the line at which a profile begins, from 1; 1 where none is found.

    That is the first line with a header or a dotted key of its table, or in `[profile]` with its
    name as a key. A text that looks like one is taken for one: a person will see.
    """
    word = rf"""(?:{re.escape(name)}|"{re.escape(name)}"|'{re.escape(name)}')"""
    own = re.compile(rf"\[{{0,2}}\s*profile\s*\.\s*{word}\s*[\].=]")
    within = re.compile(rf"{word}\s*[.=]")
    section = ""
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if own.match(line) or (section == "profile" and within.match(line)):
            return number
        if header := re.match(r"\[([^\]]*)\]", line):
            section = header[1].strip()
    return 1
