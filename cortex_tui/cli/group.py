"""`cortex-tui` itself: its commands, and what happens to a word that is none of them."""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import Any

import click

from cortex_tui import __version__
from cortex_tui.cli.options import BARE
from cortex_tui.exit_codes import BROKEN_PIPE, USAGE
from cortex_tui.starting import without_collections
from cortex_tui.suggestions import suggestion
from cortex_tui.toml.words import shown

COMMANDS = {
    "launch": "launching",
    "serve": "serving",
    "run": "running",
    "pytest": "pytest_suite:pytest_suite",
    "list": "listing:list_profiles",
    "check": "checking",
    "new": "scaffold",
    "schema": "checking",
    "agent": "agent",
    "doctor": "doctor",
    "config": "config",
    "completion": "completion",
    "snapshots": "snapshots",
    "show": "snapshots",
    "save": "saving",
    "screenshot": "picturing",
    "compare": "comparing",
    "noise": "noise",
    "diff": "diffing",
    "history": "history",
    "export": "exporting",
    "import": "importing:import_file",
    "baseline": "saving",
    "tag": "saving",
    "note": "saving",
    "rm": "removing",
    "undo": "removing",
    "gc": "removing",
}
"""By name, the module of this package that has it, and behind a colon what it is called there if
that is not its name. A module is imported when its command is needed, or help lists them all."""

GROUPS = {
    "Measure": ("launch", "run", "pytest", "noise", "doctor"),
    "Look at stored sessions": (
        "snapshots", "show", "compare", "diff", "history", "screenshot", "export", "import",
    ),
    "Keep stored sessions": ("save", "baseline", "tag", "note", "rm", "undo", "gc"),
    "Suites": ("new", "list", "check", "schema"),
    "Elsewhere, and settings": ("serve", "agent", "config", "completion"),
}  # fmt: skip
"""The commands as help lists them: by what one does with them, in the order of use."""

_OWN_OPTIONS = frozenset({"-h", "--help", "--version"})

_UNWRITABLE = frozenset({errno.ENOSPC, errno.EIO, errno.EDQUOT})


class OutputError(click.ClickException):
    """The results were made, and could not be delivered."""

    exit_code = USAGE


def _abandon_stdout() -> None:
    """Lets the interpreter's last flush go nowhere instead of failing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class Workbench(click.Group):
    """Without a command, `launch` is meant, with its options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A shell that completes the first word is offered commands.
        bare = not args and not ctx.resilient_parsing
        if bare or (args and args[0].startswith("-") and not self._is_own(ctx, args[0])):
            ctx.meta[BARE] = True
            args = ["launch", *args]
        return super().parse_args(ctx, args)

    def _is_own(self, ctx: click.Context, option: str) -> bool:
        """Whether it is an option of the program itself, or the beginning of one and none of
        `launch`: then those of the program are suggested."""
        if option in _OWN_OPTIONS:
            return True
        launch = self.get_command(ctx, "launch")
        known = [name for each in launch.params for name in each.opts] if launch else []
        own = len(option) > len("--x") and any(name.startswith(option) for name in _OWN_OPTIONS)
        return own and not any(name.startswith(option) for name in known)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _abandon_stdout()
            return BROKEN_PIPE
        except OSError as error:
            if error.errno not in _UNWRITABLE or error.filename is not None:
                raise
            _abandon_stdout()
            raise OutputError(f"stdout cannot be written: {error.strerror}") from None
        return result

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.commands, *COMMANDS})

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        known = self.list_commands(ctx)
        grouped = [name for names in GROUPS.values() for name in names]
        others = [name for name in known if name not in grouped]
        widest = max(map(len, known))
        for heading, names in (*GROUPS.items(), ("Others", others)):
            commands = [(name, self.get_command(ctx, name)) for name in names]
            rows = [
                (name.ljust(widest), command.get_short_help_str(formatter.width - widest - 4))
                for name, command in commands
                if command is not None
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return super().get_command(ctx, name)
        module, _, attribute = COMMANDS[name].partition(":")
        with without_collections():
            command = getattr(import_module(f"cortex_tui.cli.{module}"), attribute or name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # A line that is being completed is not refused: the error would be in the middle of it.
        if args and not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            known = suggestion(args[0], self.list_commands(ctx))
            raise click.UsageError(f"no command {shown(args[0])} {known}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Workbench,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command the workbench opens, and takes the options of launch.",
)
@click.version_option(__version__, message="cortex-tui %(version)s")
def program() -> None:
    """A terminal workbench for latency: run async benchmarks together, watch their percentiles."""
