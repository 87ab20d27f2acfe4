"""`cortex-tui export`, and the option `--export` of `run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

import click
import msgspec

from cortex_tui.cli.completing import offer_sessions
from cortex_tui.cli.documents import check_targets
from cortex_tui.cli.options import (
    PROGRAM,
    Command,
    StoreError,
    given,
    report_error,
    store_option,
)
from cortex_tui.cli.stored import REF, answer, report
from cortex_tui.files import STDOUT, cannot_write, write_whole
from cortex_tui.paths import command_on
from cortex_tui.suggestions import suggestion
from cortex_tui.toml.words import shown

if TYPE_CHECKING:
    from cortex_tui.analysis.sessions import Compared
    from cortex_tui.formats.port import Format, Recording


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
        known_format(name, writing=True)
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
        listing = command_on(store, "snapshots", "--all")
        raise click.UsageError(f"expected {REF}: `{listing}` lists them")
    if not name:
        raise click.UsageError(f"expected --format FORMAT: `{PROGRAM} export --list` lists them")
    known_format(name, writing=True)
    problem = "" if target == STDOUT else cannot_write(target)
    if problem:
        raise click.UsageError(f"-o {target}: {problem}")
    check_targets([("-o", target)], store)
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
        write = known_format(each.format, writing=True).write
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
    """The recording with the profiles that any of the patterns means; each has to mean one."""
    from cortex_tui.profiles.selection import name_pattern

    names = dict.fromkeys(run.profile.full_name for run in recording.result.runs)
    wanted: set[str] = set()
    for pattern in patterns:
        found = set(filter(name_pattern(pattern).fullmatch, names))
        if not found:
            raise click.UsageError(
                f"--profile {pattern}: the session has no such profile "
                f"{suggestion(pattern, list(names))}"
            )
        wanted |= found
    runs = tuple(run for run in recording.result.runs if run.profile.full_name in wanted)
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


def known_format(name: str, *, writing: bool) -> Format:
    """The format of that name. Raises UsageError where it cannot be written, or read."""
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
