"""Runs a command, and makes of whatever comes of it an exit code and lines on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from cortex_tui.cli.group import program
from cortex_tui.cli.options import PROGRAM, report_error
from cortex_tui.exit_codes import INTERRUPTED, USAGE
from cortex_tui.suggestions import nearest


def run_command(arguments: Sequence[str] | None = None) -> int:
    """The exit code; each error is one line on stderr."""
    _fill_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A table must not fail for a µ that an old locale lacks.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    return _exit_code(arguments)


def _fill_closed_streams() -> None:
    """Puts nothing where a standard stream was closed.

    Otherwise the store's file would get that number, and with it whatever is printed.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Stays open as long as the process does, as the stream would have.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _exit_code(arguments: Sequence[str] | None) -> int:
    try:
        code = program.main(
            args=None if arguments is None else list(arguments),
            prog_name=PROGRAM,
            standalone_mode=False,
        )
    except click.ClickException as error:
        report_error(_one_line(error))
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except OSError as error:
        report_error(_what_failed(error))
        return USAGE
    return code if isinstance(code, int) else 0


def _what_failed(error: OSError) -> str:
    """What the system refused, with the name of the file or folder where it said one."""
    why = error.strerror or str(error) or type(error).__name__
    if isinstance(error, FileNotFoundError) and not error.filename:
        try:
            os.getcwd()
        except OSError:
            return "the working folder was removed: change to one that is there"
    return f"{error.filename}: {why}" if error.filename else why


def _one_line(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        names = (name for each in error.ctx.command.params for name in each.opts)
        near = nearest(error.option_name, [name for name in names if name.startswith("--")])
        likely = [near] if near else []
        error = click.NoSuchOption(error.option_name, possibilities=likely, ctx=error.ctx)
    message = " ".join(error.format_message().split())
    # An error of ours that ends in a suggestion needs no second one.
    if isinstance(error, click.UsageError) and error.ctx and not message.endswith(")"):
        return f"{message.rstrip('.')} (see {error.ctx.command_path} -h)"
    return message
