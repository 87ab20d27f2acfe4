"""The variables of a program that a test starts in a terminal."""

from __future__ import annotations

import os

_DEVELOPERS = (
    "NO_COLOR",
    "FORCE_COLOR",
    "COLORTERM",
    "ENV",
    "PROMPT_COMMAND",
    "TEXTUAL",
    "COLUMNS",
    "LINES",
)


def terminal_environment(**more: str) -> dict[str, str]:
    """Those of this process, without what a developer has set for tests, colours or sizes.

    With COLUMNS or LINES a program would not ask the terminal for its size.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _DEVELOPERS and not name.startswith("TMUX")
    } | more
