"""What tests that break things have in common."""

import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

from cortex_core import Conversation
from cortex_core.sqlite.full_text import add_word_functions
from tests.patience import PATIENCE_S


def conversation(name: str, size: int = 100) -> Conversation:
    return Conversation(id=name, title="t", content="x" * size, quality=0.8)


def stored_ids(path: Path) -> set[str]:
    """What another process would find, after checking that the file is whole."""
    with closing(sqlite3.connect(path)) as connection:
        add_word_functions(connection)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute(
            "INSERT INTO conversations_text (conversations_text, rank) "
            "VALUES ('integrity-check', 1)"
        )
        return {row[0] for row in connection.execute("SELECT id FROM conversations")}


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
