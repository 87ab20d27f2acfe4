"""The placements that there are. To add one, add its `Place` to `PLACEMENTS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cortex_tui.placement.port import Place, Placement

if TYPE_CHECKING:
    import asyncio

    from cortex_tui.placement.cluster.port import Adapter
    from cortex_tui.placement.cluster.settings import ClusterSettings


def _runner_process(measuring_loop: asyncio.AbstractEventLoop | None) -> Placement:
    from cortex_tui.placement.local_process import InRunnerProcess

    return InRunnerProcess()


def _in_process(measuring_loop: asyncio.AbstractEventLoop | None) -> Placement:
    from cortex_tui.placement.in_process import InProcess

    if measuring_loop is None:
        raise ValueError("a session in this process needs the loop to measure on")
    return InProcess(measuring_loop)


def _no_cluster(measuring_loop: asyncio.AbstractEventLoop | None) -> Placement:
    raise ValueError("expected a cluster to measure on")


PROCESS = Place(
    name="process",
    words="in a process of its own",
    make=_runner_process,
    own_process=True,
    can_be_killed=True,
    has_fleets=True,
)
IN_PROCESS = Place(
    name="in-process", words="in this process", make=_in_process, shares_loop=True
)  # fmt: skip

CLUSTER = Place(
    name="cluster",
    words="on a cluster",
    make=_no_cluster,
    own_process=True,
    can_be_killed=True,
    has_fleets=True,
    has_machines=True,
)
"""What is known of a session of any cluster, by which it is stored."""

PLACEMENTS: dict[str, Place] = {place.name: place for place in (PROCESS, IN_PROCESS)}
"""Those that are opened by their name, under which a session is stored."""


def place_of(name: str) -> Place:
    """The place of that name. A stored session may come from one that is not here: all that is
    known of that is its name."""
    known = {CLUSTER.name: CLUSTER, **PLACEMENTS}
    return known.get(name) or Place(name=name, words=f"by {name}", make=_unknown)


def place_on(adapter: Adapter, settings: ClusterSettings, slots: int) -> Place:
    """The place of that cluster, whose machines have room for that number of runners."""

    def make(measuring_loop: asyncio.AbstractEventLoop | None) -> Placement:
        from cortex_tui.placement.cluster.placement import OnCluster

        return OnCluster(adapter, settings)

    return CLUSTER._replace(words=adapter.words, make=make, cluster=adapter.name, slots=slots)


def _unknown(measuring_loop: asyncio.AbstractEventLoop | None) -> Placement:
    raise LookupError("nothing can run there: it is no placement of this program")
