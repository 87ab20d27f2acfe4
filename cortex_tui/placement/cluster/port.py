"""What the machines of a cluster are reached by: one small interface, so that adapters are
interchangeable.

An adapter lists machines, starts one agent on each, and reports when it knows that a machine is
lost. All that agents and this program have to say to each other goes over their own link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.cluster.ticket import Ticket

AGENT_MODULE = "cortex_tui.placement.cluster.agent"
"""Run with `python -P -m`. It reads its ticket from stdin, whose end is the agent's, too."""


class ClusterError(Exception):
    """A cluster cannot be used as it was asked for; the text names which, where and what to do."""


class Machine(Protocol):
    """One machine, on which nothing is measured before its agent was started."""

    @property
    def name(self) -> str:
        """As a person knows it; no two machines of a cluster have the same."""

    @property
    def slots(self) -> int:
        """How many runners it has room for, 1 at least."""

    @property
    def lost(self) -> asyncio.Future[str]:
        """Has a result as soon as the adapter knows that the agent is gone: the reason, in words
        that follow "machine NAME was lost: "."""

    @property
    def lost_is_certain(self) -> bool:
        """Whether `lost` is known of the agent itself. Otherwise it is of what started the agent,
        which may only be out of reach: a link on which the agent still answers, or which is only
        silent, counts for more."""

    async def start_agent(self, ticket: Ticket) -> None:
        """Starts the agent and hands it its ticket; whether it connects is seen on the link.

        Raises ClusterError.
        """

    async def close(self) -> None:
        """Ends the agent, however it fares, and with it all that it has started."""


class Adapter(Protocol):
    """A cluster that was named by a person, such as `agents:2`; nothing is started before
    `machines` is entered."""

    @property
    def name(self) -> str:
        """What the person wrote behind `--cluster`."""

    @property
    def words(self) -> str:
        """Where its sessions run: `on 2 agents of this machine`."""

    @property
    def listen(self) -> str:
        """The host of this machine on which agents can reach the program."""

    def slots(self) -> int:
        """How many runners its machines have room for together.

        Blocks while they are asked, so it is not called on an event loop. Raises ClusterError.
        """

    def machines(self) -> AbstractAsyncContextManager[Sequence[Machine]]:
        """The machines, in an order that stays; on the intake's loop. Leaving the context closes
        them, and gives up what the adapter itself has started.

        Raises ClusterError.
        """


class Kind(NamedTuple):
    """A kind of adapter, by what stands before the colon in `--cluster KIND:REST`."""

    shape: str
    """What a person writes: `agents:N`."""
    words: str
    """What that is: `N agents as processes of this machine`."""
    make: Callable[[str, ClusterSettings], Adapter]
    """Given all that a person wrote, the kind included. Raises ClusterError for what cannot be
    meant; ImportError where an extra is not installed."""
