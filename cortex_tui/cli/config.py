"""`cortex-tui config`: where a person's settings are, and what can stand there."""

from __future__ import annotations

from pathlib import Path

import click

from cortex_tui.cli.options import config_option, report_error
from cortex_tui.exit_codes import GOOD, USAGE
from cortex_tui.paths import is_missing


@click.command()
@config_option
@click.option("--example", is_flag=True, help="Print a file with every setting, as comments.")
def config(file: Path, example: bool) -> int:
    """Print where the settings are, and what is wrong with them."""
    if example:
        from cortex_tui.tui.config.example import example as text

        click.echo(text(), nl=False)
        return 0
    click.echo(file)
    if is_missing(file):
        click.echo("There is no such file; cortex-tui config --example prints one.", err=True)
        return 0
    from cortex_tui.tui.config.reading import read_config

    problems = read_config(file, required=True).problems
    for problem in problems:
        report_error(f"{problem.where}: {problem.message}")
    return USAGE if problems else GOOD
