"""Which pages the reference has, and what makes each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools.documents.reference import (
    api,
    command_line,
    exit_codes,
    formats,
    keys,
    profile_keys,
    session_json,
)

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "profile-keys.md": profile_keys.page,
    "command-line.md": command_line.page,
    "keys.md": keys.page,
    "formats.md": formats.page,
    "session-json.md": session_json.page,
    "exit-codes.md": exit_codes.page,
    "api.md": api.page,
}

NOTE = "<!-- Made from the code by `make reference`: change the code, not this page. -->"


def pages() -> dict[str, str]:
    """The text of each page by the name of its file."""
    return {name: f"{NOTE}\n\n{make().strip()}\n" for name, make in PAGES.items()}
