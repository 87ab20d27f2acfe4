"""`cortex-tui export`, `import`, and the option `--export` of `run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

import click
import msgspec

from cortex_tui.cli.completing import offer_sessions
from cortex_tui.cli.options import (
    PROGRAM,
    Command,
    GivenPath,
    StoreError,
    given,
    report_error,
    store_option,
)
from cortex_tui.cli.stored import REF, answer, report
from cortex_tui.files import cannot_write, write_whole
from cortex_tui.text import one_line
from cortex_tui.toml.words import shown, suggestion

if TYPE_CHECKING:
    from cortex_tui.analysis.sessions import Compared
    from cortex_tui.formats.port import Format, Recording
    from cortex_tui.store.port import Store
    from cortex_tui.store.records import StoredSession

STDOUT = "-"
_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_MAX_FILES = 1_000
"""Of a folder of files to import."""


class Export(NamedTuple):
    """A file to be written of a session, `-` for stdout."""

    format: str
    target: str


def _exports(
    ctx: click.Context, param: click.Parameter, texts: Sequence[str]
) -> tuple[Export, ...]:
    """A callback: each `FORMAT=FILE`, looked at before anything is measured."""
    found = []
    for text in texts:
        name, equals, target = text.partition("=")
        if not equals or not target:
            raise click.BadParameter(f"expected FORMAT=FILE, got {text!r}", ctx, param)
        _known(name, writing=True)
        problem = "" if target == STDOUT else cannot_write(target)
        if problem:
            raise click.BadParameter(f"{target}: {problem}", ctx, param)
        found.append(Export(name, target))
    if sum(each.target == STDOUT for each in found) > 1:
        raise click.BadParameter("expected at most one on stdout", ctx, param)
    return tuple(found)


def export_option(command: Command) -> Command:
    return click.option(
        "--export",
        "exports",
        multiple=True,
        callback=_exports,
        metavar="FORMAT=FILE",
        help="Write the session in another format (`cortex-tui export --list`); - is stdout; may "
        "be given several times.",
    )(command)


def table_stream(exports: Sequence[Export], json: str) -> TextIO | None:
    """Where the table of results goes, None for stdout: not where a file goes.

    Raises UsageError where two of them go to stdout.
    """
    if not to_stdout(exports):
        return None
    if json == STDOUT:
        raise click.UsageError("--export: expected a file, stdout is that of --json")
    return sys.stderr


def to_stdout(exports: Sequence[Export]) -> bool:
    """Whether one of them goes to stdout, where nothing else may then be written."""
    return any(each.target == STDOUT for each in exports)


@click.command()
@click.argument(
    "ref",
    metavar=REF,
    required=False,
    callback=given("a name or the start of an id"),
    shell_complete=offer_sessions,
)
@click.option("--format", "name", metavar="FORMAT", help="One of those that --list shows.")
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    default=STDOUT,
    callback=given("a file, or - for stdout"),
    help="The file to write; stdout if not given.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="Only this profile; * and ? stand for any text; may be repeated.",
)
@click.option("--list", "listed", is_flag=True, help="List the formats, and what each lacks.")
@store_option
def export(
    ref: str | None,
    name: str | None,
    target: str,
    profiles: tuple[str, ...],
    listed: bool,
    store: Path,
) -> int:
    """Write a stored session in a format that others read.

    A session with variants is written with how they compare.
    """
    if listed:
        for line in _table():
            click.echo(line)
        return 0
    if not ref:
        raise click.UsageError(f"expected {REF}: `{PROGRAM} snapshots --all` lists them")
    if not name:
        raise click.UsageError(f"expected --format FORMAT: `{PROGRAM} export --list` lists them")
    _known(name, writing=True)
    problem = "" if target == STDOUT else cannot_write(target)
    if problem:
        raise click.UsageError(f"-o {target}: {problem}")
    return export_stored(store, ref, [Export(name, target)], profiles=profiles)


def export_stored(
    store: Path,
    ref: str,
    exports: Sequence[Export],
    compared: Sequence[Compared] = (),
    profiles: Sequence[str] = (),
) -> int:
    """Writes the files of a stored session; `compared` is how it stands against others.

    The exit code is 2 where one could not be written.
    """
    from cortex_tui.formats.port import FormatError

    recording = _recording(store, ref, compared)
    if profiles:
        recording = _only(recording, profiles)
    code = 0
    for each in exports:
        write = _known(each.format, writing=True).write
        assert write is not None
        try:
            _deliver(write(recording), each.target)
        except FormatError as error:
            report_error(f"{each.format}: {error}")
            code = StoreError.exit_code
        except OSError as error:
            if each.target == STDOUT:
                raise
            report_error(f"{each.target}: cannot be written: {error.strerror or error}")
            code = StoreError.exit_code
    return code


def _recording(store: Path, ref: str, compared: Sequence[Compared]) -> Recording:
    from cortex_tui.library.exporting import recording_of
    from cortex_tui.store.port import open_store

    async def load() -> Recording:
        async with await open_store(store, "read") as opened:
            report(opened.notice)
            return recording_of(ref, await opened.load(ref), compared)

    return answer(load())


def _only(recording: Recording, patterns: Sequence[str]) -> Recording:
    """The recording with the profiles that any of the patterns means."""
    from cortex_tui.profiles.selection import name_pattern

    expressions = [name_pattern(pattern) for pattern in patterns]
    runs = tuple(
        run
        for run in recording.result.runs
        if any(each.fullmatch(run.profile.full_name) for each in expressions)
    )
    if not runs:
        names = dict.fromkeys(run.profile.full_name for run in recording.result.runs)
        raise click.UsageError(
            f"--profile {patterns[0]}: the session has no such profile "
            f"{suggestion(patterns[0], list(names))}"
        )
    result = msgspec.structs.replace(recording.result, runs=runs)
    return recording._replace(result=result)


def _deliver(data: bytes, target: str) -> None:
    if target != STDOUT:
        write_whole(Path(target), data)
        return
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        click.echo(data.decode(), nl=False)
    else:
        sys.stdout.flush()
        stream.write(data)
        stream.flush()


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
@click.option("--save", metavar="NAME", default="", help="Save the session under this name.")
@click.option("--tag", "tags", multiple=True, help="A tag of the session; may be repeated.")
@store_option
def import_file(
    files: Sequence[Path],
    name: str | None,
    unit: str,
    save: str,
    tags: tuple[str, ...],
    store: Path,
) -> int:
    """Store what other programs measured as sessions that can be shown, listed and compared.

    FILE is a file, or a folder such as .benchmarks, of which all JSON files are taken. The same
    file is stored once. A file without single times is stored with its summary.

    Exit codes: 0 all of it is stored; 2 a file could not be read.
    """
    from cortex_tui.formats.port import FormatError, Origin
    from cortex_tui.formats.registry import read_file
    from cortex_tui.limits import MAX_IMPORT_BYTES

    if name:
        _known(name, writing=False)
    found: list[tuple[Path, StoredSession]] = []
    code = 0
    paths = list(_files(files))
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
    if found:
        answer(_store(store, found, save, tags))
    return code


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are meant; of a folder its JSON files, also those one folder deeper."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted([*path.glob("*.json"), *path.glob("*/*.json")])
        if not inside:
            report_error(f"{path}: there is no JSON file in this folder")
        if len(inside) > _MAX_FILES:
            raise click.UsageError(
                f"{path}: {len(inside):,} files: expected at most {_MAX_FILES:,}"
            )
        yield from inside


async def _store(
    url: Path, found: Sequence[tuple[Path, StoredSession]], save: str, tags: Sequence[str]
) -> None:
    from cortex_tui.store.port import open_store

    async with await open_store(url) as store:
        if save:
            await store.check_name(save)
        # One whose import was cut short is written again.
        known = {each.id for each in await store.list_sessions() if each.state == "finished"}
        removed = {entry.session for entry in await store.list_removed()}
        for path, stored in found:
            session = stored.session.id
            if session in removed:
                undo = f"`{PROGRAM} undo {session}` restores it"
                report(f"{path}: was removed as session {session}: {undo}")
                continue
            if session in known:
                report(f"{path}: is stored already, as session {session}")
            else:
                await _keep(store, stored, f"imported from {one_line(path.name)}", tags)
                known.add(session)
                runs = len(stored.runs)
                report(f"{path}: {runs} run{'' if runs == 1 else 's'} stored as session {session}")
            if save:
                await store.name_snapshot(save, session)
                report(f"saved as {save}")


async def _keep(store: Store, stored: StoredSession, note: str, tags: Sequence[str]) -> None:
    """Writes a session; until all of it is there, it is not a finished one."""
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
    # The note keeps it from being pruned as an unsaved one.
    await store.set_note(session, stored.note or note)
    if own := [*tags, *filter(is_tag, stored.tags)]:
        await store.change_tags(session, add=own)
    await store.finish_session(session, "finished")


def _known(name: str, *, writing: bool) -> Format:
    from cortex_tui.formats.registry import FORMATS

    found = FORMATS.get(name)
    able: Callable[[Format], bool] = lambda each: bool(each.write if writing else each.read)  # noqa: E731
    if found is None or not able(found):
        names = [each.name for each in FORMATS.values() if able(each)]
        verb = "written" if writing else "read"
        what = f"no format {shown(name)}" if found is None else f"{name} cannot be {verb}"
        raise click.UsageError(f"{what} {suggestion(name, names)}")
    return found


def _table() -> list[str]:
    from cortex_tui.formats.registry import FORMATS

    name_width = max(map(len, FORMATS))
    lines = []
    for each in FORMATS.values():
        ways = " ".join(word for word, way in (("in", each.read), ("out", each.write)) if way)
        lines.append(f"{each.name:{name_width}}  {ways:>6}  {each.suffix:6}  {each.about}")
        if each.lost:
            lines.append(f"{'':{name_width + 2}}lacks: {each.lost}")
    return lines
