"""Writes what commands print into a page: `python -m tests.documents.renew docs/tutorials/x.md`.

A command of a console block whose example is the single line `?` gets its output in place of it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.documents.blocks import read_page
from tests.documents.running import Command, run_page
from tests.postgres_server import PostgresServer


def main(path: Path) -> None:
    outputs: list[tuple[int, str]] = []
    work = ""

    def keep(command: Command, output: str) -> None:
        if command.shown == "?":
            outputs.append((command.line + command.text.count("\n") + 1, output.replace(work, "")))

    servers: list[PostgresServer] = []

    def database() -> str:
        if not servers:
            servers.append(PostgresServer())
        return servers[0].url

    try:
        with tempfile.TemporaryDirectory() as base:
            work = os.path.join(base, "work", "")
            run_page(read_page(path.resolve(), Path.cwd()), Path(base), database, keep)
    finally:
        for server in servers:
            server.remove()
        lines = path.read_text(encoding="utf-8").splitlines()
        for line, output in reversed(outputs):
            lines[line - 1 : line] = [each.rstrip() for each in output.strip("\n").splitlines()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
