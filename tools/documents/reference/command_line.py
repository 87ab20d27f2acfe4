"""Every command with its options, as `--help` has them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from cortex_tui.cli.group import program
from cortex_tui.cli.options import PROGRAM
from tools.documents.reference.markdown import code, prose, table
from tools.release.man_pages import first_sentence

_INTRODUCTION = """\
# Command line

Every command and its options, as `cortex-tui COMMAND --help` prints them. `cortex-tui` alone opens
the workbench, and takes the options of [launch](#launch). Results go to stdout, everything else to
stderr. [Exit codes](exit-codes.md) says how commands end.
"""


def page() -> str:
    context = click.Context(program, info_name=PROGRAM, **program.context_settings)
    commands = {
        name: command
        for name in program.list_commands(context)
        if (command := program.get_command(context, name)) is not None
    }
    listed = table(
        ("command", "does"),
        (
            (
                f"[{code(name)}](#{name})",
                prose(first_sentence(inspect.cleandoc(command.help or ""))),
            )
            for name, command in commands.items()
        ),
    )
    return "\n\n".join(
        [
            _INTRODUCTION.strip(),
            listed,
            *(
                part
                for name, command in commands.items()
                for part in _command(name, command, context)
            ),
        ]
    )


def _command(name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"## {name}"
    yield f"```text\n{usage}\n```"
    yield from _paragraphs(inspect.cleandoc(command.help or ""))
    yield table(
        ("option", "what it does"),
        (
            (code(option), prose(text))
            for parameter in command.get_params(context)
            if (record := parameter.get_help_record(context)) is not None
            for option, text in [record]
        ),
    )


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of a help text; click leaves the lines of one that begins with \\b as they are."""
    for paragraph in filter(None, (part.strip("\n") for part in text.split("\n\n"))):
        if paragraph.startswith("\b"):
            yield "```text\n" + "\n".join(paragraph.split("\n")[1:]) + "\n```"
        else:
            yield prose(paragraph)
