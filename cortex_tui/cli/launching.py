"""`cortex-tui launch`: opens the workbench, and leaves a summary behind."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cortex_tui.cli.cluster import cluster_options
from cortex_tui.cli.completing import offer_selected
from cortex_tui.cli.databases import database_option
from cortex_tui.cli.options import (
    BARE,
    PROGRAM,
    Command,
    StoreError,
    config_option,
    loop_factory,
    loop_option,
    place_options,
    processes_option,
    profiles_option,
    report_error,
    selected_from,
    store_option,
)
from cortex_tui.exit_codes import USAGE
from cortex_tui.passwords import taken_from
from cortex_tui.paths import state_folder, usual_config_file
from cortex_tui.profiles.model import Catalog, Problem
from cortex_tui.profiles.search_path import SearchPath, SuiteReader, search_path
from cortex_tui.profiles.selection import named_files
from cortex_tui.quantities import format_duration
from cortex_tui.starting import pause_collections, without_collections
from cortex_tui.suggestions import suggestion
from cortex_tui.toml.words import shown

if TYPE_CHECKING:
    import asyncio

    from cortex_tui.placement.port import Place
    from cortex_tui.protocol.plan import LoopName
    from cortex_tui.session.control import Control
    from cortex_tui.tui.config.model import Config
    from cortex_tui.tui.state.memory import Memory


class NoTerminalError(click.ClickException):
    """The workbench cannot be drawn where it was started."""

    exit_code = USAGE


_OF_THE_SCREEN = {"select", "tests", "file", "fresh"}
"""The parameters that `run` has not, or not as an option."""
SERVED_DRIVER = "cortex_tui.tui.served_driver:ServedDriver"
"""What draws for a browser; as TEXTUAL_DRIVER in the environment, it is meant to."""
SERVED_ADDRESS = "CORTEX_TUI_SERVED_ADDRESS"
"""In the environment of what is served: the address of `--database` with its password. Other users
of a machine see the words of a command, and not its environment."""


def launch_options(command: Command) -> Command:
    """What is opened, and how: `select`, `tests`, `places`, `store`, `file` (the settings),
    `database` and `loop`."""
    tests = click.option(
        "--pytest",
        "tests",
        metavar='"PATH ..."',
        help="Show the tests that use pytest-benchmark's fixture, too; quoted words for pytest.",
    )
    select = click.argument(
        "select", nargs=-1, metavar="[SELECT]...", shell_complete=offer_selected
    )
    options = (
        loop_option, config_option, database_option, tests, store_option, profiles_option, select,
    )  # fmt: skip
    for option in options:
        command = option(command)
    return command


@click.command()
@launch_options
@click.option(
    "--fresh", is_flag=True, help="Do not open what was open the last time in this folder."
)
@place_options
@processes_option
@cluster_options
@click.pass_context
def launch(
    ctx: click.Context,
    select: tuple[str, ...],
    tests: str | None,
    places: Sequence[Path],
    store: Path,
    file: Path,
    fresh: bool,
    database: str,
    place: Place,
    processes: int | None,
    loop: LoopName,
) -> int:
    """Open the workbench, with the selected profiles checked."""
    if select and ctx.meta.get(BARE):
        raise _no_command(ctx, select[0])
    # Taken away, as what is started from here has no need of it.
    if address := os.environ.pop(SERVED_ADDRESS, ""):
        taken_from(address)
    with without_collections():
        config = _read_config(file)
        reader, catalog, checked = open_suites(select, tests, places, config.problems, database)
        if not _is_served():
            _check_terminal(_instead(ctx, select, tests))
        memory = _memory(fresh=fresh, selected=bool(select))
    if memory is not None and tests is not None:
        # The tests stand before all other suites.
        memory.found = memory.found.with_cursor(catalog.profiles[0].full_name)
    return _launch(
        reader, catalog, checked, store, config, memory, place=place, processes=processes, loop=loop
    )


def open_suites(
    select: Sequence[str],
    tests: str | None,
    places: Sequence[Path],
    problems: Sequence[Problem] = (),
    database: str = "",
) -> tuple[SuiteReader, Catalog, Sequence[str]]:
    """The suites, as they are now, with these problems before their own, and with this database in
    place of what their profiles say; and the full names of the selected profiles."""
    path = search_path(places, named_files=named_files(select))
    if problems:
        path = _with_problems(path, problems)
    if tests is not None:
        path = _with_tests(path, tests)
    if database:
        path = _with_database(path, database)
    reader = SuiteReader(path)
    catalog = reader.read()
    checked = [p.full_name for p in selected_from(catalog, select).profiles] if select else []
    return reader, catalog, checked


def _is_served() -> bool:
    return os.environ.get("TEXTUAL_DRIVER") == SERVED_DRIVER


def _with_tests(path: SearchPath, words: str) -> SearchPath:
    """The suites, with the tests that pytest collects now for these words before all others."""
    from cortex_tui.cli.pytest_suite import suites_named

    tests = suites_named(words)
    names = {suite.name for suite in tests}

    def load() -> Catalog:
        catalog = path.load()
        others = (suite for suite in catalog.suites if suite.name not in names)
        return Catalog((*tests, *others), catalog.problems)

    return path._replace(load=load)


def _with_database(path: SearchPath, database: str) -> SearchPath:
    """The suites, with all of their workloads' data kept there."""

    return path._replace(load=lambda: path.load().kept_in(database))


def _read_config(file: Path) -> Config:
    # One that was named has to be there; most people have none.
    required = file != usual_config_file()
    if not required and not os.path.lexists(file):
        from cortex_tui.tui.config.model import DEFAULTS

        return DEFAULTS
    from cortex_tui.tui.config.reading import read_config

    return read_config(file, required=required)


def _memory(*, fresh: bool, selected: bool) -> Memory | None:
    folder = state_folder()
    if folder is None or _is_served():  # a visitor should not find what another one left
        return None
    from cortex_tui.tui.state.memory import NOTHING, Memory

    memory = Memory(folder, Path.cwd())
    if fresh:
        memory.found = NOTHING
    elif selected:
        memory.found = memory.found.with_selection()
    return memory


def _with_problems(path: SearchPath, problems: Sequence[Problem]) -> SearchPath:
    """The suites, with these problems before those of their own."""

    def load() -> Catalog:
        catalog = path.load()
        return Catalog(catalog.suites, (*problems, *catalog.problems))

    return path._replace(load=load)


def _no_command(ctx: click.Context, word: str) -> click.UsageError:
    group = ctx.find_root()
    assert isinstance(group.command, click.Group)
    known = group.command.list_commands(group)
    if word in known:
        message = f"{shown(word)}: expected the command first, then its options"
    else:
        message = f"no command {shown(word)} {suggestion(word, known)}"
    return click.UsageError(message, group)


def _instead(ctx: click.Context, select: Sequence[str], tests: str | None) -> str:
    """The command that measures the same without a terminal."""
    if tests is not None and not select:
        words, known = ["pytest", *shlex.split(tests)], {"store"}
    else:
        words = ["run", *(select or ["*"])]
        known = {each.name for each in ctx.command.params if each.name not in _OF_THE_SCREEN}
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name not in known or ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        known.remove(name)
        words += _as_written(parameter, ctx.params[name])
    return shlex.join([PROGRAM, *words])


def _as_written(parameter: click.Parameter, value: Any) -> list[str]:
    """The words of an option for its value."""
    option = parameter.opts[0]
    if parameter.name == "place":
        return ["--placement", value.name]
    if parameter.name == "lost_after_ns":
        return [option, format_duration(value)]
    if value is True:
        return [option]
    if parameter.multiple:
        return [word for each in value for word in (option, str(each))]
    return [option, *map(str, value if isinstance(value, tuple) else [value])]


def _check_terminal(command: str) -> None:
    from cortex_tui.report.stream import is_terminal

    instead = f"run instead: {command}"
    for name, stream in (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr)):
        if not is_terminal(stream):
            raise NoTerminalError(f"the workbench needs a terminal, {name} is none; {instead}")
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise NoTerminalError(f"the workbench needs a terminal that can draw; {instead}")


def _launch(
    reader: SuiteReader,
    catalog: Catalog,
    checked: Sequence[str],
    store: Path,
    config: Config,
    memory: Memory | None,
    *,
    place: Place,
    processes: int | None,
    loop: LoopName,
) -> int:
    # Next to nothing that is made until the first frame is garbage, and looking for it takes a
    # tenth of the time until then. The workbench has it looked for again behind that frame.
    pause_collections()
    from cortex_tui.tui.launch import launch as launch_workbench

    def make_control(screen_loop: asyncio.AbstractEventLoop) -> Control:
        # Brings numpy, which the first frame need not wait for.
        from cortex_tui.session.controller import SessionController

        return SessionController(
            store,
            place=place,
            loop=loop,
            processes=processes,
            measuring_loop=screen_loop if place.shares_loop else None,
            warm=True,
        )

    outcome = launch_workbench(
        catalog,
        make_control,
        checked=checked,
        store=str(store),
        reader=reader,
        config=config,
        memory=memory,
        # In process, the screen's loop is the one to measure on.
        loop_factory=loop_factory(loop) if place.shares_loop else None,
        interrupted=_interrupted if place.shares_loop else None,
    )
    if outcome.failure:
        report_error(outcome.failure)
    if (view := outcome.view) is None or _is_served():  # there stdout is what is drawn on
        return outcome.exit_code
    from cortex_tui.report.stream import wants_colour, width_of
    from cortex_tui.report.summary import not_stored, summary

    colour = wants_colour(sys.stdout)
    text = summary(view, width=width_of(sys.stdout), colour=colour, store=store)
    click.echo(text, color=colour)
    if view.store_error:
        report_error(not_stored(view.store_error))
    return outcome.exit_code or (StoreError.exit_code if view.store_error else 0)


def _interrupted(error: BaseException | None) -> None:
    # Brings the runner, which the first frame need not wait for.
    from cortex_tui.placement.in_process import interrupted

    interrupted(error)
