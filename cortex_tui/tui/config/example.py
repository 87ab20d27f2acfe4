"""A file of settings with everything that there is, as comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from textual.theme import BUILTIN_THEMES

from cortex_tui.toml.writing import toml_text
from cortex_tui.tui.config.keys import written
from cortex_tui.tui.config.tables import MAIN, TABLES

_HEAD = """\
# Settings of cortex-tui's workbench. A line without # holds; what is left out stays as it is.

# The colours. Without this line, the theme that was chosen last in the palette (ctrl+p).
{themes}
# theme = "nord"

[notify]
# What happens at the end of a session that took at least this long.
# end_of_session_after = "60s"
# Ring the terminal's bell.
# bell = true
# Ask the terminal to show a notice on the desktop (OSC 9 and OSC 777; not every terminal can).
# desktop = true

[keys]
# The keys of an action, in place of those that it has: one, or a list. An empty list takes all
# keys away; the palette still has the action. Keys are written as their character, or by name:
# "r", "?", "f5", "space", "enter", "pagedown", "ctrl+r", "alt+x".
# An action that other screens have with the same keys gets its new ones there, too.
# ctrl+c, ctrl+q and ctrl+p stay as they are.
"""


def example() -> str:
    """The text of the file: with nothing changed, it changes nothing."""
    names = ", ".join(sorted(BUILTIN_THEMES))
    themes = textwrap.wrap(f"One of: {names}", 96, initial_indent="# ", subsequent_indent="#   ")
    return _HEAD.format(themes="\n".join(themes)) + "\n".join(_key_lines()) + "\n"


def _key_lines() -> Iterator[str]:
    of_main: dict[str, tuple[str, ...]] = {}
    for table in TABLES:
        lines = []
        for action in table.actions():
            if not action.can_have_keys or of_main.get(action.name) == action.keys:
                continue
            if table.name == MAIN:
                of_main[action.name] = action.keys
            keys = [_in_file(key) for key in action.keys]
            value = toml_text(keys[0] if len(keys) == 1 else keys)
            lines.append(f"# {action.name} = {value}  # {action.tooltip}")
        if table.name != MAIN:
            yield f"\n[{table.name}.keys]"
        yield from lines


def _in_file(key: str) -> str:
    """A character where the key has one that can be typed, else its name."""
    character = written(key)
    return character if len(character) == 1 and character.isascii() else key
