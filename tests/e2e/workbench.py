"""The workbench in a terminal, read and driven as a person does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.e2e.program import PROGRAM
from tests.e2e.terminal import Terminal

_FACTORS = {"k": 1e3, "M": 1e6, "G": 1e9}
_HEADER = re.compile(r"^ {5}profile ")
_ASKS = ("A session is running. Press q", "The newest session is not stored")
KEYS = "? keys"


def _asks(screen: str) -> bool:
    """Whether a second key is wanted before it is left."""
    return any(text in screen for text in _ASKS)


class Row(NamedTuple):
    """A line of the table, below the line with its titles."""

    titles: str
    text: str

    @property
    def has_cursor(self) -> bool:
        return self.text.startswith("▸")

    @property
    def box(self) -> str:
        """`[x]`, `[-]` or `[ ]`."""
        return self.text[1:4]

    def cell(self, title: str) -> str:
        """What stands in a column of numbers; they end below the end of their title."""
        found = re.search(rf"(?<!\S){re.escape(title)}(?!\S)", self.titles)
        assert found, f"no column {title}: {self.titles}"
        return self.text[: found.end()].split(" ")[-1]

    @property
    def was_run(self) -> bool:
        """Before its first run a row says what would be run, across the columns of numbers."""
        return " · " not in self.text

    @property
    def operations(self) -> float:
        """0 before the profile was run."""
        if not self.was_run:
            return 0.0
        text = self.cell("operations" if "operations" in self.titles else "ops")
        number = re.fullmatch(r"([\d.]+)([kMG]?)", text)
        return float(number[1]) * _FACTORS.get(number[2], 1) if number else 0.0


def find_row(name: str, screen: str) -> Row:
    """The row of a profile or a suite; AssertionError if it is not to be seen, or not with its
    titles: a screen may be read while it is drawn."""
    lines = screen.splitlines()
    titles = next((line for line in lines if _HEADER.match(line)), "")
    for line in lines if titles else ():
        # Between box and name there may be a mark: something is to be known of the run.
        if re.match(rf"[▸ ]\[[x -]\].{re.escape(name)}(?!\S)", line):
            return Row(titles, line)
    raise AssertionError("no row " + name + " in:\n" + "\n".join(lines))


def ended_since(before: str) -> Callable[[str], bool]:
    """Whether a session has ended after that screen, on which the end of another may stand.

    A busy machine may show nothing of a short session but its end: its duration is another one.
    """
    began = False

    def met(screen: str) -> bool:
        nonlocal began
        began = began or _progress(screen) != _progress(before)
        return began and _progress(screen).strip().startswith(("finished", "DIED"))

    return met


def _progress(screen: str) -> str:
    """State and duration of the session, without what is checked."""
    return screen.partition("\n")[0].partition("process")[0]


class Workbench:
    """A workbench that was launched in a terminal's shell."""

    def __init__(
        self, terminal: Terminal, *options: str | Path, environment: Sequence[str] = ()
    ) -> None:
        """`environment` has variables of the program alone, as `NAME=value`."""
        self.terminal = terminal
        terminal.run([*(["env", *environment] if environment else []), PROGRAM, *options])
        terminal.wait_for(KEYS)

    def press(self, *keys: str) -> None:
        self.terminal.press(*keys)

    def row(self, name: str, screen: str | None = None) -> Row:
        """As `find_row`, on the screen as it is now if none is given."""
        return find_row(name, self.terminal.screen() if screen is None else screen)

    def has_row(self, name: str, screen: str | None = None) -> bool:
        try:
            self.row(name, screen)
        except AssertionError:
            return False
        return True

    def wait_for_row(self, name: str, met: Callable[[Row], object]) -> Row:
        """The row as it is once it is there, with the columns that `met` asks for, and `met` is
        true for it."""

        def shown(screen: str) -> object:
            try:
                return met(self.row(name, screen))
            except AssertionError:  # a screen may be read while it is drawn
                return False

        return self.row(name, self.terminal.wait_until(shown))

    def wait_for_state(self, *words: str) -> str:
        """The screen once the line at the top says one of the words."""
        return self.terminal.wait_until(
            lambda screen: any(screen.split("\n", 1)[0].strip().startswith(w) for w in words)
        )

    def run_to_end(self, key: str = "r") -> str:
        """Starts what is checked; the screen when the session has ended."""
        ended = ended_since(self.terminal.screen())
        self.press(key)
        return self.terminal.wait_until(ended)

    def save_as(self, name: str, *before: str) -> None:
        """Opens the dialog and enters a name; `before` are keys for the choice in it."""
        self.press("s")
        self.terminal.wait_for("Save a snapshot")
        if before:
            self.press(*before)
        self.rename(name)

    def rename(self, name: str) -> None:
        """Replaces what stands in the dialog's line."""
        self.press("C-u")
        self.terminal.wait_for("a name to find it by")
        self.terminal.type(name)
        self.press("Enter")

    def escape(self, part: str) -> None:
        """Closes what shows `part`. A key right behind escape would be another key, alt and it."""
        self.press("Escape")
        self.terminal.wait_until(lambda screen: part not in screen)

    def leave(self) -> str:
        """Quits; what then stands in the normal terminal."""
        self.press("q")
        seen = self.terminal.wait_until(
            lambda screen: _asks(screen) or not self.terminal.modes()["alternate_on"]
        )
        if _asks(seen):
            self.press("q")
        return self.terminal.wait_for_shell()
