"""`cortex-tui import`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cortex_tui.cli.exporting import known_format
from cortex_tui.cli.measuring import check_tags
from cortex_tui.cli.options import (
    GivenPath,
    StoreError,
    given,
    report_error,
    store_option,
)
from cortex_tui.cli.stored import answer, report
from cortex_tui.paths import command_on
from cortex_tui.quantities import format_noun
from cortex_tui.text import one_line

if TYPE_CHECKING:
    from cortex_tui.store.port import Store
    from cortex_tui.store.records import SessionEntry, StoredSession

_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_MAX_FILES = 1_000
"""Of a folder of files to import."""


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=GivenPath("a file"))
@click.option("--format", "name", metavar="FORMAT", help="Of the file, where it is not recognised.")
@click.option(
    "--unit",
    type=click.Choice(list(_UNITS)),
    default="ns",
    show_default=True,
    help="The unit of an .hlog, which the file does not contain.",
)
@click.option(
    "--save",
    metavar="NAME",
    default="",
    callback=given("a name"),
    help="Save the session under this name.",
)
@click.option("--tag", "tags", multiple=True, help="A tag of each session; may be repeated.")
@store_option
def import_file(
    files: Sequence[Path],
    name: str | None,
    unit: str,
    save: str,
    tags: tuple[str, ...],
    store: Path,
) -> int:
    """Store what other programs measured as sessions. They can be shown, listed and compared.

    FILE is a file, or a folder such as .benchmarks, of which all JSON files are taken. The same
    file is stored once, and gets its name and tags again. A file without single times is stored
    with its summary.

    Exit codes: 0 all of it is stored; 2 a file could not be read, or its session was removed.
    """
    from cortex_tui.formats.port import FormatError, Origin
    from cortex_tui.formats.registry import read_file
    from cortex_tui.limits import MAX_IMPORT_BYTES

    if name:
        known_format(name, writing=False)
    check_tags(tags)
    found: list[tuple[Path, StoredSession]] = []
    paths, empty = _files(files)
    code = StoreError.exit_code if empty else 0
    if save and len(paths) != 1:
        raise click.UsageError("--save: expected one file")
    for path in paths:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_IMPORT_BYTES + 1)
            stored = read_file(data, Origin(path.name, _UNITS[unit]), name or "")
        except FormatError as error:
            report_error(f"{path}: {error}")
            code = StoreError.exit_code
        except OSError as error:
            report_error(f"{path}: cannot be read: {error.strerror or error}")
            code = StoreError.exit_code
        else:
            found.append((path, stored))
    if found and not answer(_store(store, found, save, tags)):
        code = StoreError.exit_code
    return code


def _files(paths: Sequence[Path]) -> tuple[list[Path], bool]:
    """The files that are meant, of a folder its JSON files, also those one folder deeper; and
    whether a folder has none, which is reported."""
    files: list[Path] = []
    empty = False
    for path in paths:
        if not os.path.isdir(path):
            files.append(path)
            continue
        inside = sorted([*path.glob("*.json"), *path.glob("*/*.json")])
        if not inside:
            report_error(f"{path}: there is no JSON file in this folder")
            empty = True
        if len(inside) > _MAX_FILES:
            raise click.UsageError(
                f"{path}: {len(inside):,} files: expected at most {_MAX_FILES:,}"
            )
        files += inside
    return files, empty


async def _store(
    url: Path, found: Sequence[tuple[Path, StoredSession]], save: str, tags: Sequence[str]
) -> bool:
    """Whether all of it is in the store."""
    from cortex_tui.store.port import open_store

    complete = True
    async with await open_store(url) as store:
        if save:
            await store.check_name(save)
        # One whose import was cut short is written again.
        known = {each.id for each in await store.list_sessions() if _is_whole(each)}
        removed = {entry.session for entry in await store.list_removed()}
        for path, stored in found:
            session = stored.session.id
            if session in removed:
                undo = command_on(url, "undo", session)
                report_error(
                    f"{path}: was removed as session {session}: `{undo}` restores it; it was not "
                    f"{'stored, nor saved as ' + save if save else 'stored'}"
                )
                complete = False
                continue
            if session in known:
                report(f"{path}: is stored already, as session {session}")
                if tags:
                    having = await store.change_tags(session, add=tags)
                    report(f"tags of session {session}: {' '.join(having)}")
            else:
                await _keep(store, stored, f"imported from {one_line(path.name)}", tags)
                known.add(session)
                runs = format_noun(len(stored.runs), "run")
                report(f"{path}: {runs} stored as session {session}")
            if save:
                await store.name_snapshot(save, session)
                report(f"saved as {save}")
    return complete


def _is_whole(entry: SessionEntry) -> bool:
    """Whether all of it was written; the note is written last."""
    return entry.state != "interrupted" or bool(entry.note)


async def _keep(store: Store, stored: StoredSession, note: str, tags: Sequence[str]) -> None:
    """Writes a session; until all of it is there, it has no note."""
    from cortex_tui.store.names import is_tag
    from cortex_tui.store.records import SessionBatch

    session = stored.session.id
    await store.begin_session(stored.session)
    await store.write(
        SessionBatch(
            session=session,
            runs=stored.runs,
            intervals=stored.intervals,
            rewritten=tuple(run.run for run in stored.runs),
        )
    )
    if own := [*tags, *filter(is_tag, stored.tags)]:
        await store.change_tags(session, add=own)
    # The note keeps it from being pruned as an unsaved one.
    await store.set_note(session, stored.note or note)
    if stored.state != "running":
        await store.finish_session(session, stored.state)
