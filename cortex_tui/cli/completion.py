"""`cortex-tui completion`: what makes a shell complete commands, options, profiles and sessions."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from cortex_tui.cli.options import PROGRAM

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_CORTEX_TUI_COMPLETE"
"""Where the script asks, with the line as it is: click's name for it."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print a script that makes a shell complete what is typed. It completes commands, options,
    profiles and stored sessions.

    \b
    bash: echo 'eval "$(cortex-tui completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(cortex-tui completion zsh)"' >> ~/.zshrc
    fish: cortex-tui completion fish > ~/.config/fish/completions/cortex-tui.fish
    """
    click.echo(completion_script(shell))
    return 0


def completion_script(shell: str) -> str:
    """What one of SHELLS evaluates, or loads from a file."""
    from cortex_tui.cli.group import program

    make = get_completion_class(shell)
    assert make is not None
    return make(program, {}, PROGRAM, VARIABLE).source()
