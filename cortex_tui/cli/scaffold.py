"""`cortex-tui new`: from an empty folder to a suite that runs."""

from __future__ import annotations

from pathlib import Path

import click

from cortex_tui.profiles.loader import OWN_FOLDER, load_catalog
from cortex_tui.profiles.new_suite import NoSuiteError, write_new_suite


@click.command()
@click.argument("name")
def new(name: str) -> int:
    """Write a suite and the code that it measures, to begin with. They are profiles/NAME.toml and
    .py.

    Both run as they are, and say in comments what to change. Nothing of yours is ever overwritten.
    With them comes the JSON Schema of suites, with which an editor completes them.
    """
    try:
        written = write_new_suite(name, Path(OWN_FOLDER), load_catalog())
    except NoSuiteError as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"wrote {written.suite}: two profiles, with comments")
    click.echo(f"wrote {written.code}: the code that they measure")
    click.echo(f"wrote {written.schema}: the keys that there are, for editors")
    click.echo(f"next: cortex-tui run {name}   or live: cortex-tui launch {name}")
    return 0
