"""Options and arguments that several commands share, and what they are made into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cortex_tui.paths import STORE
from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.model import Catalog, Problem
from cortex_tui.profiles.reading import MAX_DURATION_NS
from cortex_tui.profiles.selection import Selected, SelectionError, named_files, select
from cortex_tui.profiles.words import shown
from cortex_tui.quantities import parse_duration_ns

if TYPE_CHECKING:
    import asyncio

    from cortex_tui.protocol import LoopName

Command = TypeVar("Command", bound=Callable[..., Any])


def duration(
    ctx: click.Context, param: click.Parameter, text: str | None, *, at_least_ns: int = 1
) -> int | None:
    """A callback: nanoseconds of a duration such as `2s`."""
    if text is None:
        return None
    try:
        value_ns = parse_duration_ns(text)
    except (ValueError, OverflowError):
        expected = 'expected a duration such as "2s" or "500ms"'
        raise click.BadParameter(f"{expected}, got {shown(text)}", ctx, param) from None
    if value_ns < at_least_ns:
        raise click.BadParameter(f"expected a duration above 0, got {shown(text)}", ctx, param)
    if value_ns > MAX_DURATION_NS:
        raise click.BadParameter(f"expected at most 168h, got {shown(text)}", ctx, param)
    return value_ns


def _existing(
    ctx: click.Context, param: click.Parameter, paths: tuple[Path, ...]
) -> tuple[Path, ...]:
    for path in paths:
        if not path.exists():
            raise click.BadParameter(f"{path}: no such file or folder", ctx, param)
    return paths


def store_option(command: Command) -> Command:
    return click.option(
        "--store",
        type=click.Path(path_type=Path, dir_okay=False),
        default=STORE,
        show_default=True,
        metavar="FILE",
        help="Where sessions and snapshots are kept.",
    )(command)


def profiles_option(command: Command) -> Command:
    return click.option(
        "--profiles",
        "places",
        type=click.Path(path_type=Path),
        multiple=True,
        callback=_existing,
        metavar="PATH",
        help="A suite or a folder of suites, instead of ./profiles and ./cortex-tui.toml; "
        "may be given several times.",
    )(command)


def loop_option(command: Command) -> Command:
    return click.option(
        "--loop",
        type=click.Choice(["auto", "asyncio", "uvloop"]),
        default="auto",
        show_default=True,
        help="The event loop to measure on.",
    )(command)


def in_process_option(command: Command) -> Command:
    return click.option(
        "--in-process",
        is_flag=True,
        help="Measure on this program's own loop instead of in a runner process: for breakpoints.",
    )(command)


def loop_factory(name: LoopName) -> Callable[[], asyncio.AbstractEventLoop]:
    """A factory of the loop that this process measures on itself."""
    from cortex_tui.runner.process import new_event_loop

    try:
        return new_event_loop(name)
    except ImportError:
        raise click.UsageError("--loop uvloop: it is not installed") from None


def catalog_for(words: Sequence[str], places: Sequence[Path]) -> Catalog:
    """The catalog of the search path, and of the files among the words."""
    return load_catalog(places, named_files=named_files(words))


def selected_from(catalog: Catalog, words: Sequence[str]) -> Selected:
    """What the words mean; a word that means nothing is an error of usage."""
    try:
        return select(catalog, words)
    except SelectionError as error:
        # What is broken may be what was meant.
        say_problems(problem for problem in catalog.problems if not problem.suite)
        raise click.UsageError(str(error)) from None


def say_problems(problems: Iterable[Problem]) -> None:
    """Each problem on a line of stderr."""
    for problem in problems:
        click.echo(str(problem), err=True)
