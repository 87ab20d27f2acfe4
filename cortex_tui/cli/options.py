"""Options and arguments that several commands share, and what they are made into."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from cortex_tui.exit_codes import USAGE
from cortex_tui.limits import MAX_PROCESSES, MAX_ROUNDS
from cortex_tui.paths import CONFIG_VARIABLE, STORE, config_file, is_missing
from cortex_tui.starting import without_collections
from cortex_tui.suggestions import suggestion
from cortex_tui.text import one_line
from cortex_tui.toml.reading import RefusedError, read_duration_ns
from cortex_tui.toml.words import shown

if TYPE_CHECKING:
    import asyncio

    from cortex_tui.placement.port import Place
    from cortex_tui.profiles.model import Catalog, Length, Problem
    from cortex_tui.profiles.selection import Selected
    from cortex_tui.protocol.plan import LoopName

PROGRAM = "cortex-tui"

_MOST_DIGITS = 100
"""Of a number; Python refuses to read those of some thousands."""

BARE = "cortex_tui.bare"
"""Set in the context where `launch` was not written: then its words were meant as commands."""

Command = TypeVar("Command", bound=Callable[..., Any])


class StoreError(click.ClickException):
    """What is stored cannot be read or changed; the message says what, where and what to do."""

    exit_code = USAGE


def duration(ctx: click.Context, param: click.Parameter, text: str | None) -> int | None:
    """A callback: nanoseconds of a duration such as `2s`."""
    try:
        return None if text is None else read_duration_ns(text, "")
    except RefusedError as error:
        raise click.BadParameter(error.message, ctx, param) from None


def warmup(
    ctx: click.Context, param: click.Parameter, text: str | None
) -> tuple[Length, bool] | None:
    """A callback: the length of a warm-up, and whether that is only the longest."""
    if text is None:
        return None
    # Not imported by commands that have nothing to do with profiles.
    from cortex_tui.profiles.lengths import read_warmup

    try:
        is_count = text.isdecimal() and len(text) < _MOST_DIGITS
        return read_warmup(int(text) if is_count else text, "")
    except RefusedError as error:
        raise click.BadParameter(error.message, ctx, param) from None


def given(what: str) -> Callable[[click.Context, click.Parameter, str], str]:
    """A callback that refuses an empty text, such as of a variable that is not set; where the
    option is not given at all, its default stands."""

    def check(ctx: click.Context, param: click.Parameter, text: str) -> str:
        if not text and ctx.get_parameter_source(param.name or "") is not ParameterSource.DEFAULT:
            raise click.BadParameter(f"expected {what}", ctx, param)
        return text

    return check


class GivenPath(click.Path):
    """A path; an empty text, which pathlib takes for the working folder, is none."""

    def __init__(self, what: str, *, dir_okay: bool = True) -> None:
        super().__init__(path_type=Path, dir_okay=dir_okay)
        self._what = what

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        if not os.fspath(value):
            self.fail(f"expected {self._what}", param, ctx)
        return super().convert(value, param, ctx)


def _existing(
    ctx: click.Context, param: click.Parameter, paths: tuple[Path, ...]
) -> tuple[Path, ...]:
    for path in paths:
        if is_missing(path):
            raise click.BadParameter(f"{path}: no such file or folder", ctx, param)
    return paths


json_option = click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")


def delivery_options(command: Command) -> Command:
    """What becomes of a session: `save`, `note`, `tags` and `json`."""
    for option in (
        click.option(
            "--json",
            metavar="FILE",
            default="",
            callback=given("a file, or - for stdout"),
            help="Write the session as JSON; - is stdout, and the table goes to stderr.",
        ),
        click.option(
            "--tag",
            "tags",
            metavar="TAG",
            multiple=True,
            help="Tag the session, which is kept then; may be repeated.",
        ),
        click.option("--note", default="", help="A line to keep with the snapshot."),
        click.option(
            "--save",
            metavar="NAME",
            default="",
            callback=given("a name"),
            help="Save the session as a snapshot.",
        ),
    ):
        command = option(command)
    return command


def repeat_option(what: str) -> Callable[[Command], Command]:
    return click.option(
        "--repeat", type=click.IntRange(1, MAX_ROUNDS), default=1, metavar="N", help=what
    )


def store_option(command: Command) -> Command:
    return click.option(
        "--store",
        type=GivenPath("a file", dir_okay=False),
        default=STORE,
        show_default=True,
        metavar="FILE",
        help="Where sessions and snapshots are kept.",
    )(command)


def config_option(command: Command) -> Command:
    return click.option(
        "--config",
        "file",
        type=GivenPath("a file", dir_okay=False),
        default=config_file,
        metavar="FILE",
        help="Settings of the workbench: keys, theme, notices. [default: config.toml in the user's"
        f" config folder, or what {CONFIG_VARIABLE} names]",
    )(command)


def profiles_option(command: Command) -> Command:
    return click.option(
        "--profiles",
        "places",
        type=GivenPath("a file or a folder"),
        multiple=True,
        callback=_existing,
        metavar="PATH",
        help="A suite or a folder of suites, instead of ./profiles and ./cortex-tui.toml; "
        "may be given several times.",
    )(command)


def _installed(ctx: click.Context, param: click.Parameter, name: LoopName) -> LoopName:
    if name == "uvloop":
        loop_factory(name)  # reported here, and not by a runner that ends with a traceback
    return name


def loop_option(command: Command) -> Command:
    return click.option(
        "--loop",
        type=click.Choice(["auto", "asyncio", "uvloop"]),
        callback=_installed,
        default="auto",
        show_default=True,
        help="The event loop to measure on.",
    )(command)


def _known_place(ctx: click.Context, param: click.Parameter, name: str) -> Place:
    with without_collections():
        from cortex_tui.placement.registry import PLACEMENTS

    if name not in PLACEMENTS:
        known = ", ".join(PLACEMENTS)
        raise click.BadParameter(
            f"expected one of {known}, got {shown(name)} {suggestion(name, PLACEMENTS)}", ctx, param
        )
    return PLACEMENTS[name]


def place_options(command: Command) -> Command:
    """One argument, `place`: where the session runs."""
    command = click.option(
        "--in-process",
        "place",
        flag_value="in-process",
        is_eager=True,
        default="process",
        callback=_known_place,
        help="Measure on this program's own loop instead of in a runner process: for breakpoints.",
    )(command)
    return click.option(
        "--placement",
        "place",
        is_eager=True,
        default="process",
        show_default=True,
        callback=_known_place,
        metavar="NAME",
        help="Where the session runs: process, in-process, or a placement that you added.",
    )(command)


def processes_option(command: Command) -> Command:
    """One argument, `processes`: None where the loads say it."""
    return click.option(
        "--processes",
        type=click.IntRange(1, MAX_PROCESSES),
        callback=_where_there_can_be_several,
        metavar="N",
        help="Share the load of each profile between N runner processes, in place of what it says.",
    )(command)


def _where_there_can_be_several(
    ctx: click.Context, param: click.Parameter, processes: int | None
) -> int | None:
    place: Place = ctx.params["place"]
    if processes is not None and processes > 1 and not place.has_fleets:
        raise click.BadParameter(f"there is one process {place.words}", ctx, param)
    return processes


def loop_factory(name: LoopName) -> Callable[[], asyncio.AbstractEventLoop]:
    """A factory of the loop that this process measures on itself."""
    from cortex_tui.runner.serving import new_event_loop

    try:
        return new_event_loop(name)
    except ImportError:
        raise click.UsageError("--loop uvloop: it is not installed") from None


def refuse_with(ctx: click.Context, option: str, names: Sequence[str]) -> None:
    """What would be given for nothing is an error."""
    options = {parameter.name: parameter.opts[0] for parameter in ctx.command.params}
    for name in names:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option}: expected no {options[name]} with it")


def catalog_for(words: Sequence[str], places: Sequence[Path]) -> Catalog:
    """The catalog of the search path, and of the files among the words."""
    from cortex_tui.profiles.loader import load_catalog
    from cortex_tui.profiles.selection import named_files

    return load_catalog(places, named_files=named_files(words))


def selected_from(catalog: Catalog, words: Sequence[str]) -> Selected:
    """What the words mean; a word that means nothing is an error of usage."""
    from cortex_tui.profiles.selection import SelectionError, select

    try:
        return select(catalog, words)
    except SelectionError as error:
        # What is broken may be what was meant.
        report_problems(problem for problem in catalog.problems if not problem.suite)
        raise click.UsageError(str(error)) from None


def report_error(message: str) -> None:
    """An error on a line of stderr; for what does not end the command, or ends it right here."""
    click.echo(f"{PROGRAM}: {one_line(message)}", err=True)


def report_problems(problems: Iterable[Problem]) -> None:
    """Each problem on a line of stderr."""
    for problem in problems:
        click.echo(f"{problem.place}: {problem.message}", err=True)
