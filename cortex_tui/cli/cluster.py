"""Measuring on the machines of a cluster: what `--cluster` and its companions mean."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cortex_tui.cli.options import Command, duration, given

if TYPE_CHECKING:
    from cortex_tui.placement.port import Place

LOST_AFTER = "10s"
_NEEDS_CLUSTER = ("lost_after_ns", "listen", "tls", "allow_differences", "loose_clock")


def tls_option(name: str, what: str) -> Callable[[Command], Command]:
    """One argument, `tls`: the files of the authority, the certificate and its key, or None."""
    return click.option(
        name,
        "tls",
        type=(_file("CA"), _file("CERT"), _file("KEY")),
        metavar="CA CERT KEY",
        default=None,
        help=what,
    )


def _file(name: str) -> click.Path:
    return click.Path(exists=True, dir_okay=False, resolve_path=True)


_OPTIONS = (
    click.option(
        "--cluster",
        metavar="WHERE",
        default="",
        callback=given("a cluster, such as local:2"),
        help="Measure on the machines of a cluster: tcp://HOST:PORT or tls://HOST:PORT (the "
        "workers of a Dask scheduler), local:N, ssh:FILE or asyncssh:FILE (a hosts.toml), or "
        "agents:N.",
    ),
    tls_option(
        "--cluster-tls",
        "With tls://HOST:PORT: the files of the authority, of your certificate and of its key.",
    ),
    click.option(
        "--cluster-listen",
        "listen",
        metavar="HOST:PORT",
        default="",
        callback=given("an address of this machine, such as 10.0.0.5:8790"),
        help="With --cluster: where its machines reach this one, such as a port that a firewall "
        "lets through; otherwise a free port.",
    ),
    click.option(
        "--lost-after",
        "lost_after_ns",
        callback=duration,
        default=LOST_AFTER,
        show_default=True,
        metavar="DURATION",
        help="With --cluster: how long a machine may be silent before it counts as lost.",
    ),
    click.option(
        "--allow-differences",
        is_flag=True,
        help="With --cluster: measure although versions of Python or packages differ.",
    ),
    click.option(
        "--loose-clock",
        is_flag=True,
        help="With --cluster: measure although a machine's clock is not known to 5 ms.",
    ),
)


def cluster_options(command: Command) -> Command:
    """The argument `place` becomes the cluster that is named."""

    @wraps(command)
    def on_cluster(*args: Any, cluster: str, place: Place, **options: Any) -> Any:
        chosen = {name: options.pop(name) for name in _NEEDS_CLUSTER}
        if cluster:
            place = _place_on(cluster, chosen)
        else:
            _refuse_without()
        return command(*args, place=place, **options)

    wrapped: Any = on_cluster
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    found: Command = wrapped
    return found


def _place_on(cluster: str, chosen: dict[str, Any]) -> Place:
    from cortex_tui.placement.cluster.adapters import adapter_of
    from cortex_tui.placement.cluster.port import ClusterError
    from cortex_tui.placement.cluster.settings import ClusterSettings
    from cortex_tui.placement.registry import place_on

    if _is_given("place"):
        raise click.UsageError("--cluster: expected no --placement or --in-process with it")
    settings = ClusterSettings(**chosen)
    try:
        adapter = adapter_of(cluster, settings)
        return place_on(adapter, settings, adapter.slots())
    except ClusterError as error:
        raise click.UsageError(f"--cluster: {error}") from None


def _refuse_without() -> None:
    """What would be given for nothing is an error."""
    context = click.get_current_context()
    options = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    for name in _NEEDS_CLUSTER:
        if _is_given(name):
            raise click.UsageError(f"{options[name]}: expected --cluster with it")


def _is_given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE
