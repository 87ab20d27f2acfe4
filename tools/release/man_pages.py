"""The man pages, made from the commands: one of the program, and one of each command.

Written in the macros of man(7), which groff and mandoc read.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator

import click

from cortex_tui.cli.group import program
from cortex_tui.cli.options import PROGRAM
from cortex_tui.paths import CONFIG_VARIABLE, STATE_VARIABLE, STORE

_FILES = (
    ("profiles/*.toml, cortex-tui.toml", "The suites of the working folder."),
    (str(STORE), "Sessions and snapshots of the working folder; --store names another file."),
    ("config.toml", "Your settings; `cortex-tui config` prints where the file is."),
)
_ENVIRONMENT = (
    (CONFIG_VARIABLE, "Another file of settings."),
    (STATE_VARIABLE, "Another folder for what the workbench was left with; empty for none."),
)


def man_pages(version: str, date: str = "") -> dict[str, str]:
    """The text of each page by the name of its file, such as `cortex-tui-run.1`.

    `date` is that of the release, as 2026-03-31.
    """
    context = click.Context(program, info_name=PROGRAM, **program.context_settings)
    commands = {
        name: command
        for name in program.list_commands(context)
        if (command := program.get_command(context, name)) is not None
    }
    pages = {f"{PROGRAM}.1": _page(program, context, version, date, _whole(commands))}
    for name, command in commands.items():
        inner = click.Context(command, info_name=name, parent=context)
        see = (".SH SEE ALSO", f".BR {_plain(PROGRAM)} (1)")
        pages[f"{PROGRAM}-{name}.1"] = _page(command, inner, version, date, see)
    return pages


def _page(
    command: click.Command,
    context: click.Context,
    version: str,
    date: str,
    ending: Iterable[str],
) -> str:
    name = context.command_path.replace(" ", "-")
    text = inspect.cleandoc(command.help or "")
    lines = [
        f'.TH "{name.upper()}" "1" "{date}" "{PROGRAM} {version}" "User Commands"',
        ".SH NAME",
        *_lines(f"{_plain(name)} \\- {_plain(first_sentence(text))}"),
        ".SH SYNOPSIS",
        f".B {_plain(context.command_path)}",
        *_lines(_plain(" ".join(command.collect_usage_pieces(context)))),
        ".SH DESCRIPTION",
        *_paragraphs(f"{text}\n\n{command.epilog or ''}"),
        ".SH OPTIONS",
        *_items(_records(command, context)),
        *ending,
    ]
    return "\n".join(lines) + "\n"


def _whole(commands: dict[str, click.Command]) -> Iterator[str]:
    """What only the page of the program has."""
    yield ".SH COMMANDS"
    yield "Each has a page of its own:"
    yield f".BR {_plain(f'{PROGRAM}-run')} (1),"
    yield "for example."
    described = ((name, inspect.cleandoc(each.help or "")) for name, each in commands.items())
    yield from _items((name, first_sentence(text)) for name, text in described)
    yield ".SH FILES"
    yield from _items(_FILES)
    yield ".SH ENVIRONMENT"
    yield from _items(_ENVIRONMENT)


def _records(command: click.Command, context: click.Context) -> Iterable[tuple[str, str]]:
    records = (parameter.get_help_record(context) for parameter in command.get_params(context))
    return (record for record in records if record is not None and record[1])


def _items(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for title, text in pairs:
        yield ".TP"
        yield f"\\fB{_plain(title)}\\fR"
        yield from _lines(_formatted(text))


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of a help text; click leaves the lines of one that begins with \\b as they are."""
    paragraphs = (part.strip("\n") for part in text.split("\n\n"))
    for number, paragraph in enumerate(filter(None, paragraphs)):
        if number:
            yield ".PP"
        if paragraph.startswith("\b"):
            yield ".nf"
            yield from map(_formatted, paragraph.split("\n")[1:])
            yield ".fi"
        else:
            yield from _lines(_formatted(" ".join(paragraph.split())))


def first_sentence(text: str) -> str:
    """Of a help text, without its full stop."""
    first = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[^.])\. ", first)[0].rstrip(".")


def _lines(text: str) -> list[str]:
    """Text of roff in lines of a readable length, of which none begins like a request."""
    lines = textwrap.wrap(text, 79, break_long_words=False, break_on_hyphens=False)
    return [f"\\&{line}" if line.startswith(".") else line for line in lines]


def _formatted(text: str) -> str:
    """Text in which what stands between backticks is bold."""
    return re.sub(r"\\\(ga(.+?)\\\(ga", r"\\fB\1\\fR", _plain(text))


_ESCAPES = str.maketrans(
    {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
)


def _plain(text: str) -> str:
    """Text without anything that roff would take for an escape, or has another sign for."""
    escaped = text.translate(_ESCAPES)
    return re.sub(r"[^\x00-\x7f]", lambda found: f"\\[u{ord(found[0]):04X}]", escaped)
