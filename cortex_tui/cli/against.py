"""The options of `run` that have it compare, and what they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from cortex_tui.cli.options import Command, given


class Wanted(NamedTuple):
    """What is to be compared, in the words of the command line."""

    against: str
    variants: Sequence[str]
    python: str

    def __bool__(self) -> bool:
        """Whether anything is to be compared."""
        return any(self)

    @property
    def option(self) -> str:
        """The option that asked for it."""
        return "--against" if self.against else "--variant" if self.variants else "--python"


class VersionRounds(NamedTuple):
    """How versions are measured in turns."""

    wanted: Wanted
    rounds: int | None
    """At most, with `decide_ns`; None for as many as are usual."""
    shorten: bool
    """Whether profiles that would measure for long measure shorter: all versions are to meet the
    same machine."""
    settle: bool
    """Whether all warm up for the same short time, where their own warm-up is longer."""
    decide_ns: int | None
    """For how long at most, until there is a verdict on each profile; None for all rounds."""


def version_rounds(ctx: click.Context, wanted: Wanted) -> VersionRounds:
    """As the options of the command say, which has --repeat, --duration, --warmup and
    --until-decided, too."""
    by_default = ctx.get_parameter_source("repeat") is ParameterSource.DEFAULT
    return VersionRounds(
        wanted,
        rounds=None if by_default else ctx.params["repeat"],
        shorten=ctx.params["duration_ns"] is None,
        settle=ctx.params["warmup"] is None,
        decide_ns=ctx.params["decide_ns"],
    )


def against_options(command: Command) -> Command:
    """Of a command that runs profiles: it is given `wanted`."""
    return _options(
        command,
        "Compare with a variant: a [variant.NAME] of the suite, or one that has rev:REV, "
        "folder:PATH, python:PATH, loop:asyncio, database:URL, env:VARIABLE=VALUE or "
        "param:NAME=VALUE; again with the same name, it has several.",
    )


def against_options_for_tests(command: Command) -> Command:
    """Of a command that runs tests, and is given `wanted`: pytest decides on the rest."""
    return _options(
        command,
        "Compare with a variant that has rev:REV, folder:PATH, python:PATH or "
        "env:VARIABLE=VALUE; again with the same name, it has several.",
        metavar="NAME=KEY:VALUE",
    )


def _options(command: Command, variants: str, metavar: str = "NAME[=KEY:VALUE]") -> Command:
    @wraps(command)
    def with_wanted(
        *args: Any, against: str, variants: Sequence[str], python: str, **kwargs: Any
    ) -> Any:
        return command(*args, wanted=Wanted(against, variants, python), **kwargs)

    comparing: Any = click.option(
        "--python",
        metavar="PATH",
        default="",
        callback=given("the path of an interpreter"),
        help="Compare with the same code on another interpreter, in which this program is "
        "installed, too.",
    )(with_wanted)
    comparing = click.option(
        "--variant",
        "variants",
        metavar=metavar,
        multiple=True,
        help=variants,
    )(comparing)
    found: Command = click.option(
        "--against",
        metavar="REV",
        default="",
        callback=given("a revision of git"),
        help="Compare the code as it is with that of a revision, in alternating rounds: 12 of 2s "
        "for each profile, unless --repeat and --duration say otherwise; as needed with "
        "--until-decided.",
    )(comparing)
    return found
