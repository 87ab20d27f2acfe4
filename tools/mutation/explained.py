"""Survivors that `docs/mutants.md` explains: its blocks of differences, which are read here.

A block names the function of each difference in a line of its own, and has the lines that the
mutant takes away and puts in. Numbers of mutants are not kept: they change with the code.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"^( *)```diff\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_PACKAGES = re.compile(r"^cortex_(?:tui|core)\.")


class Change(NamedTuple):
    """What a mutant changes, whatever its number."""

    function: str
    """As in `stats.codec.decode` and `domain.rules.Rule.name`."""
    before: tuple[str, ...]
    after: tuple[str, ...]

    def shown(self) -> str:
        lines = [f"- {line}" for line in self.before] + [f"+ {line}" for line in self.after]
        return "\n".join((f"@@ {self.function} @@", *lines))


def change_of(function: str, difference: str) -> Change:
    """Of a function as mutmut names it, and the lines of a difference."""
    lines = difference.splitlines()
    return Change(_plain(function), _changed(lines, "-"), _changed(lines, "+"))


def explained(page: Path) -> dict[Change, str]:
    """The differences that the page explains, each with the heading of its part."""
    found: dict[Change, str] = {}
    text = page.read_text("utf-8")
    for block in _BLOCK.finditer(text):
        kind = re.findall(r"^#+ (.*)$", text[: block.start()], re.MULTILINE)[-1]
        for part in re.split(r"^ *@@ ", block[2], flags=re.MULTILINE)[1:]:
            name, *lines = (line.strip() for line in part.splitlines())
            change = Change(name.removesuffix(" @@"), _changed(lines, "-"), _changed(lines, "+"))
            if change in found:
                raise ValueError(f"{page}: explained twice:\n{change.shown()}")
            found[change] = kind
    return found


def _changed(lines: list[str], sign: str) -> tuple[str, ...]:
    return tuple(line[1:].strip() for line in lines if line.startswith(sign))


def _plain(function: str) -> str:
    """`stats.codec.decode` of `cortex_tui.stats.codec.x_decode`; mutmut writes ǁ between the names
    of a class and its method."""
    module, _, name = function.rpartition(".x")
    name = name.strip("ǁ").replace("ǁ", ".") if "ǁ" in name else name.removeprefix("_")
    return f"{_PACKAGES.sub('', module)}.{name}"
