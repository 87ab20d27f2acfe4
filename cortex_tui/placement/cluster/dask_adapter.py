"""Machines through Dask: its workers start the agents, and Dask reports when it loses one.

Dask carries no sample, no command and no start of a run: those go over the agents' own links,
which are faster and survive the scheduler. Its client has a thread and a loop of its own here, so
that it does not delay what receives results.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, TypeVar

from cortex_tui.loop_thread import LoopThread
from cortex_tui.placement.cluster import dask_worker
from cortex_tui.placement.cluster.addresses import host_and_port, is_loopback
from cortex_tui.placement.cluster.dask_setup import (
    RUNNER_RESOURCE,
    check_installed,
    reason_of,
    set_up,
)
from cortex_tui.placement.cluster.dask_sources import SOURCES, Source, own_host
from cortex_tui.placement.cluster.dask_versions import PACKAGE, check_versions
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.cluster.ticket import Ticket

_ANSWER_S = 20.0
"""How long a worker may take to start an agent, beyond waiting for another program's."""
_END_S = 8.0
"""How long a worker may take to end an agent."""
_LOOK_S = 2.0

T = TypeVar("T")


class DaskAdapter:
    """`tcp://HOST:PORT`, `tls://HOST:PORT`, `local:N` and `ssh:FILE`."""

    def __init__(self, name: str, source: Source, settings: ClusterSettings) -> None:
        self.name = name
        self.words = source.words
        self._source = source
        self._settings = settings
        self._hosts: list[str] = []
        """Of the workers, once they are known."""

    @classmethod
    def read(cls, text: str, settings: ClusterSettings) -> DaskAdapter:
        """Raises ClusterError for what cannot be meant; ImportError where Dask is missing."""
        check_installed()
        return cls(text, SOURCES[text.partition(":")[0]](text, settings), settings)

    @property
    def listen(self) -> str:
        try:
            here = self._source.listen()
            # The scheduler may run here, and be known to this program as localhost.
            others = (host for host in self._hosts if not is_loopback(host))
            return own_host(next(others, here)) if is_loopback(here) else here
        except ClusterError:
            if not self._settings.listen:
                raise
            return host_and_port(self._settings.listen)[0]

    def slots(self) -> int:
        if self._source.slots is not None:
            return self._source.slots
        return asyncio.run(self._count())

    async def _count(self) -> int:
        async with self.machines() as machines:
            return sum(machine.slots for machine in machines)

    @asynccontextmanager
    async def machines(self) -> AsyncIterator[Sequence[DaskMachine]]:
        thread = LoopThread("dask")
        client = _Client(self._source, self._settings)
        machines: list[DaskMachine] = []
        try:
            members = await _on(thread, client.open())
            self._hosts = [member.host for member in members]
            machines += [DaskMachine(member, client, thread) for member in members]
            yield machines
        finally:
            await asyncio.gather(*(machine.close() for machine in machines))
            await _on(thread, client.close())
            await asyncio.to_thread(thread.close)


async def _on(thread: LoopThread, coroutine: Coroutine[Any, Any, T]) -> T:
    return await asyncio.wrap_future(thread.submit(coroutine))


class _Member(NamedTuple):
    """A worker, as the scheduler knows it."""

    address: str
    name: str
    slots: int
    host: str


class DaskMachine:
    """A worker of Dask."""

    lost_is_certain = False

    def __init__(self, member: _Member, client: _Client, thread: LoopThread) -> None:
        self.name = member.name
        self.slots = member.slots
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._address = member.address
        self._client = client
        self._thread = thread
        self._watching: asyncio.Task[None] | None = None

    async def start_agent(self, ticket: Ticket) -> None:
        starting = self._client.call(dask_worker.start_agent, self._address, ticket)
        try:
            async with asyncio.timeout(_ANSWER_S + dask_worker.TAKEN_S):
                fault = await _on(self._thread, starting)
        except TimeoutError:
            fault = "its Dask worker does not answer"
        except Exception as error:
            fault = f"its Dask worker could not start an agent: {reason_of(error)}"
        if fault:
            raise ClusterError(f"{self.name}: {fault}")
        self._watching = asyncio.ensure_future(self._watch())

    async def close(self) -> None:
        if self._watching is None:
            return
        self._watching.cancel()
        if self.lost.done() or self._client.gone:
            return  # nobody would answer; without a scheduler agents end with their links
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_END_S):
                await _on(self._thread, self._client.call(dask_worker.end_agent, self._address))

    async def _watch(self) -> None:
        """Reports the end of the agent or of its worker. That of the scheduler is neither: whether
        the agent lives on is seen on its link."""
        try:
            reason = await _on(
                self._thread, self._client.call(dask_worker.agent_ended, self._address)
            )
        except Exception:
            if not await _on(self._thread, self._client.answers()):
                return
            reason = "its Dask worker has ended"
        if reason and not self.lost.done():
            self.lost.set_result(reason)


class _Client:
    """A client of Dask. On the thread of Dask."""

    def __init__(self, source: Source, settings: ClusterSettings) -> None:
        self._source = source
        self._settings = settings
        self._stack = AsyncExitStack()
        self._client: Any = None
        self.gone = False
        """Whether the scheduler was found to be gone."""

    async def open(self) -> list[_Member]:
        """The workers that there are, by name."""
        log = set_up()
        # Dask leaves errors of connections behind that nobody asks for.
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        self._client = await self._source.open(self._stack, log)
        found = await self._client.scheduler.identity(n_workers=-1)
        members = members_of(found["workers"])
        if not members:
            raise ClusterError(
                "the scheduler has no workers: start one on each machine with cortex-tui agent "
                f"{found['address']}"
            )
        versions = await self._client.get_versions(check=False, packages=[PACKAGE])
        check_versions(
            versions,
            {member.address: member.name for member in members},
            allow_differences=self._settings.allow_differences,
        )
        return members

    async def call(
        self, function: Callable[..., Coroutine[Any, Any, T]], worker: str, *arguments: object
    ) -> T:
        """Has a worker call a function; raises what it raises, and OSError without an answer."""
        answers = await self._client.run(function, *arguments, workers=[worker])
        answer: T = answers[worker]
        return answer

    async def answers(self) -> bool:
        """Whether the scheduler is there."""
        try:
            async with asyncio.timeout(_LOOK_S):
                await self._client.scheduler.identity(n_workers=0)
        except (OSError, TimeoutError):
            self.gone = True
        return not self.gone

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_END_S):
                await self._stack.aclose()


def members_of(workers: dict[str, Any]) -> list[_Member]:
    """In the order of their names; those without one are known by their host."""
    members = []
    taken: set[str] = set()
    for address, worker in sorted(workers.items(), key=lambda each: _order(each[1]["name"])):
        given = str(worker["name"])
        name = f"worker-{given}" if given.isdecimal() else given
        name = worker["host"] if name == address else name
        number = 2
        unique = name
        while unique in taken:
            unique, number = f"{name}-{number}", number + 1
        taken.add(unique)
        slots = max(1, int(worker["resources"].get(RUNNER_RESOURCE, 1)))
        members.append(_Member(address, unique, slots, worker["host"]))
    return members


def _order(name: object) -> tuple[int, str]:
    return (name, "") if isinstance(name, int) else (0, str(name))
