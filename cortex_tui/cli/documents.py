"""What commands make for others: JSON, and files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec

from cortex_tui.cli.stored import report
from cortex_tui.files import STDOUT, refusal, write_whole


def json_of(document: Any) -> bytes:
    """Indented JSON that ends with a line feed."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def check_targets(targets: Iterable[tuple[str, str]], store: Path) -> None:
    """Refuses, before anything else is done, files that would take the place of the store or of
    each other; each comes with its option."""
    if problem := refusal(targets, store):
        raise click.UsageError(problem)


def write_output(target: str, text: str) -> None:
    """Writes the file of an option -o whole, and reports it; `-` is stdout. Raises UsageError
    where it cannot."""
    if target == STDOUT:
        click.echo(text)
        return
    try:
        write_whole(Path(target), text.encode())
    except OSError as error:
        why = error.strerror or error
        raise click.UsageError(f"-o {target}: cannot be written: {why}") from None
    report(f"written to {target}")
