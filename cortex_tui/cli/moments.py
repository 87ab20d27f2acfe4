"""An option whose value is a moment of the past."""

from __future__ import annotations

import click

from cortex_tui.library.moments import moment_of


def moment(ctx: click.Context, param: click.Parameter, text: str | None) -> str:
    """A callback; "" where the option is not given."""
    if text is None:
        return ""
    try:
        return moment_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None
