"""`cortex-tui serve`: the workbench in a browser."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cortex_tui.cli.launching import SERVED_ADDRESS, SERVED_DRIVER, launch_options, open_suites
from cortex_tui.cli.options import duration, report_error
from cortex_tui.exit_codes import USAGE
from cortex_tui.passwords import completed
from cortex_tui.paths import usual_config_file
from cortex_tui.protocol.plan import LoopName

LOOPBACK = "127.0.0.1"
_OF_A_TERMINAL = ("COLUMNS", "LINES", "ROWS", "TERM", "TERM_PROGRAM", "TMUX", "STY")
"""What describes the terminal of the server, which is not that of a visitor."""


class CannotServeError(click.ClickException):
    """The server cannot be started; the message says why, and what to do."""

    exit_code = USAGE


@click.command()
@launch_options
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    metavar="ADDRESS",
    help="The IP address to listen on.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 for one that is free.",
)
@click.option(
    "--allow-remote",
    is_flag=True,
    help="Listen on an address that others can reach. Whoever has the token can then run code "
    "here, and it travels unencrypted.",
)
@click.option(
    "--keep",
    "keep_ns",
    callback=duration,
    default="60s",
    show_default=True,
    metavar="TIME",
    help="How long a workbench is kept that no page shows any more. One with a session that is "
    "running is kept until that has ended, at least.",
)
def serve(
    select: tuple[str, ...],
    tests: str | None,
    places: Sequence[Path],
    store: Path,
    file: Path,
    database: str,
    loop: LoopName,
    host: str,
    port: int,
    allow_remote: bool,
    keep_ns: int,
) -> int:
    """Open the workbench in a browser. Each tab has a workbench of its own.

    The address is printed on stdout, with a token that lets its visitor in. A tab that is loaded
    again shows the same workbench, with the session that is running. One that is closed leaves it
    behind: a session is measured to its end and stored, then the workbench leaves, too.

    It needs the extra `web`: pip install 'cortex-tui[web]'.
    """
    _check_address(host, allow_remote=allow_remote)
    if host != LOOPBACK:
        click.echo(
            "whoever has the address can run code here as you, and can read it on the way", err=True
        )
    try:
        from cortex_tui.web.server import Served
        from cortex_tui.web.server import serve as serve_site
    except ImportError as error:
        raise CannotServeError(
            f"serve needs the extra web ({error.name} is not installed): "
            "pip install 'cortex-tui[web]'"
        ) from None
    # What is wrong with the words is reported here, and not to each visitor.
    open_suites(select, tests, places, database=database)
    served = Served(
        command=_command(select, tests, places, store, file, database, loop),
        environment=_environment(database),
        address=host,
        port=port,
        keep_s=keep_ns / 1e9,
    )
    try:
        asyncio.run(serve_site(served, ready=_ready, report=report_error))
    except OSError as error:
        raise CannotServeError(_why_not(error, host, port)) from None
    return 0


def _check_address(host: str, *, allow_remote: bool) -> None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise click.UsageError(f"--host: expected an IP address, got {host!r}") from None
    if host != LOOPBACK and not allow_remote:
        raise click.UsageError(
            f"--host {host}: expected --allow-remote, too: whoever reaches the workbench can run "
            f"code as you (a tunnel is safer: ssh -L 8000:{LOOPBACK}:8000 this-machine)"
        )


def _command(
    select: Sequence[str],
    tests: str | None,
    places: Sequence[Path],
    store: Path,
    file: Path,
    database: str,
    loop: LoopName,
) -> list[str]:
    """The command line of a visitor's workbench; it is started without a shell."""
    # -P: nothing in the working folder may shadow a module of the program.
    command = [sys.executable, "-P", "-m", "cortex_tui", "launch"]
    command += [f"--store={store}", f"--loop={loop}"]
    command += [] if file == usual_config_file() else [f"--config={file}"]
    command += [f"--database={database}"] if database else []
    command += [f"--profiles={place}" for place in places]
    command += [] if tests is None else [f"--pytest={tests}"]
    return [*command, "--", *select]


def _environment(database: str) -> dict[str, str]:
    """That of the server, which workloads may read, without what is about its terminal; with the
    whole address of a database that has a password."""
    whole = completed(database)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _OF_A_TERMINAL and not name.startswith("TEXTUAL")
    }
    return {
        **kept,
        **({} if whole == database else {SERVED_ADDRESS: whole}),
        "TEXTUAL_DRIVER": SERVED_DRIVER,
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TERM_PROGRAM": "textual",
    }


def _ready(address: str) -> None:
    click.echo(address)
    sys.stdout.flush()
    click.echo("open this address in a browser; press Ctrl+C to stop", err=True)


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken: expected a free one (--port 0 finds one)"
    return f"cannot listen on {host}, port {port}: {error.strerror or error}"
