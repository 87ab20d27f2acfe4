"""Measuring on the machines of a cluster: what `--cluster` and its companions mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cortex_tui.cli.options import Command, duration, given

if TYPE_CHECKING:
    from cortex_tui.placement.port import Place

LOST_AFTER = "10s"


def cluster_options(command: Command) -> Command:
    """Two arguments: `cluster`, "" for none, and `lost_after_ns`."""
    command = click.option(
        "--lost-after",
        "lost_after_ns",
        callback=duration,
        default=LOST_AFTER,
        show_default=True,
        metavar="DURATION",
        help="With --cluster: how long a machine may be silent before it counts as lost.",
    )(command)
    return click.option(
        "--cluster",
        metavar="WHERE",
        default="",
        callback=given("a cluster, such as agents:2"),
        help="Measure on the machines of a cluster: agents:N for N agents on this machine.",
    )(command)


def place_with(
    cluster: str, lost_after_ns: int, place: Place, processes: int | None
) -> tuple[Place, int | None]:
    """Where a session runs, and among how many runners each load is shared: with a cluster and no
    number, as many as its machines have room for."""
    if not cluster:
        return place, processes
    from cortex_tui.placement.cluster.adapters import adapter_of
    from cortex_tui.placement.cluster.port import ClusterError
    from cortex_tui.placement.cluster.settings import ClusterSettings
    from cortex_tui.placement.registry import place_on

    settings = ClusterSettings(lost_after_ns=lost_after_ns)
    try:
        adapter = adapter_of(cluster, settings)
        return place_on(adapter, settings), processes or adapter.slots()
    except ClusterError as error:
        raise click.UsageError(f"--cluster: {error}") from None
