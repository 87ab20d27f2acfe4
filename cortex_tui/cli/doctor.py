"""`cortex-tui doctor`: is this machine fit to measure on?"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cortex_tui.cli.documents import json_of
from cortex_tui.cli.options import json_option, store_option
from cortex_tui.quantities import format_noun
from cortex_tui.text import one_line

if TYPE_CHECKING:
    from cortex_tui.environment.findings import Finding

SCHEMA = "cortex-tui/doctor@1"
WATCH_S = 0.5
GAP_WATCH_S = 0.25
_WIDEST = 100
_INDENT = " " * 9


@click.command()
@json_option
@store_option
def doctor(as_json: bool, store: Path) -> int:
    """Check whether this machine is fit to measure on. The report has its state, the effect on the
    numbers, and what to do. Watches for almost a second which other programs are busy."""
    from cortex_tui.environment import describe_environment
    from cortex_tui.environment.activity import longest_gap_ns
    from cortex_tui.environment.findings import findings

    facts = describe_environment(store.absolute().parent, watch_s=WATCH_S)
    facts["longest_gap_ns"] = longest_gap_ns(GAP_WATCH_S)
    found = findings(facts)
    if as_json:
        document = {"schema": SCHEMA, "facts": facts, "findings": found}
        click.echo(json_of(document), nl=False)
        return 0
    for line in _lines(found):
        click.echo(line)
    return 0


def _lines(found: Sequence[Finding]) -> Iterator[str]:
    from cortex_tui.report.stream import toned, wants_colour
    from cortex_tui.tables import Tone

    colour = wants_colour(sys.stdout)
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    tones: dict[str, Tone] = {"ok": "good", "warning": "bad"}
    for finding in found:
        word = toned(f"{finding.level:<7}", tones.get(finding.level, "plain"), colour=colour)
        first, *more = _wrapped(f"{finding.topic}: {one_line(finding.what)}", width)
        yield f"{word}  {first.strip()}"
        yield from more
        if finding.effect:
            yield from _wrapped(finding.effect, width)
        if finding.advice:
            yield from _wrapped(f"→ {finding.advice}", width)
    warnings = sum(finding.level == "warning" for finding in found)
    notes = sum(finding.level == "note" for finding in found)
    yield f"{_counted(warnings, 'warning')}, {_counted(notes, 'note')}"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _counted(count: int, noun: str) -> str:
    return format_noun(count, noun) if count else f"no {noun}s"
