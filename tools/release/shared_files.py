"""The files that a wheel installs outside of the packages, where man and the shells look."""

from __future__ import annotations

from cortex_tui.cli.completion import completion_script
from cortex_tui.cli.options import PROGRAM
from tools.release.man_pages import man_pages

MAN = "share/man/man1"
COMPLETIONS = {
    "bash": f"share/bash-completion/completions/{PROGRAM}",
    "zsh": f"share/zsh/site-functions/_{PROGRAM}",
    "fish": f"share/fish/vendor_completions.d/{PROGRAM}.fish",
}


def shared_files(version: str, date: str = "") -> dict[str, str]:
    """The text of each by its place below the prefix of an installation."""
    pages = {f"{MAN}/{name}": text for name, text in man_pages(version, date).items()}
    return pages | {place: completion_script(shell) for shell, place in COMPLETIONS.items()}
