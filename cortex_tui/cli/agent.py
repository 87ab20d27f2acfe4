"""`cortex-tui agent`: serves a Dask scheduler with this machine, on which sessions measure then."""

from __future__ import annotations

import socket
import sys
from datetime import datetime

import click

from cortex_tui.cli.cluster import tls_option
from cortex_tui.cli.options import duration, given, report_error
from cortex_tui.exit_codes import FAILED, INTERRUPTED
from cortex_tui.limits import MAX_PROCESSES


class AgentError(click.ClickException):
    """The machine cannot serve the scheduler."""

    exit_code = FAILED


@click.command()
@click.argument("scheduler", metavar="tcp://HOST:PORT")
@click.option(
    "--name",
    default=socket.gethostname,
    callback=given("a name"),
    help="What the machine is called.  [default: its host's name]",
)
@click.option(
    "--runners",
    type=click.IntRange(1, MAX_PROCESSES),
    default=1,
    show_default=True,
    metavar="N",
    help="How many processes may measure here at a time; each needs a core of its own, and the "
    "system one, too.",
)
@tls_option(
    "--tls",
    "With tls://HOST:PORT: the files of the authority, of this machine's certificate and of its "
    "key; without them, those of Dask's own configuration.",
)
@click.option(
    "--wait",
    "wait_ns",
    callback=duration,
    default="60s",
    show_default=True,
    metavar="DURATION",
    help="How long a scheduler that does not answer, or is gone, is waited for.",
)
def agent(
    scheduler: str, name: str, runners: int, tls: tuple[str, str, str] | None, wait_ns: int
) -> int:
    """Measure on this machine what others ask for. They do so with `cortex-tui run --cluster
    tcp://HOST:PORT`.

    Connects to a Dask scheduler, which `dask scheduler` starts on any machine, and serves its
    sessions one after the other until it is interrupted. A session that is running is not disturbed
    by the end of the scheduler. Whoever can reach the scheduler can run code here.
    """
    from cortex_tui.placement.cluster.dask_setup import check_installed
    from cortex_tui.placement.cluster.dask_sources import ByAddress
    from cortex_tui.placement.cluster.port import ClusterError
    from cortex_tui.placement.cluster.settings import ClusterSettings

    try:
        check_installed()
        address = ByAddress.read(scheduler, ClusterSettings(tls=tls)).address
    except ImportError as error:
        raise click.UsageError(
            f"agent needs the extra cluster ({error.name} is not installed): "
            "pip install 'cortex-tui[cluster]'"
        ) from None
    except ClusterError as error:
        raise click.UsageError(str(error)) from None
    import asyncio

    from cortex_tui.placement.cluster.dask_host import serve

    try:
        asyncio.run(
            serve(address, name, runners, tls=tls, patience_s=wait_ns / 1e9, report=_report)
        )
    except ClusterError as error:
        raise AgentError(str(error)) from None
    report_error("interrupted")
    return INTERRUPTED


def _report(line: str) -> None:
    click.echo(f"{datetime.now():%H:%M:%S} {line}", file=sys.stderr)
