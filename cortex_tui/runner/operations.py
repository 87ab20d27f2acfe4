"""The operations of a run: one for all its workers, or one for each."""

from __future__ import annotations

import contextvars
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext

from cortex_tui.loads.share import Share
from cortex_tui.profiles.model import Profile
from cortex_tui.workloads.api import PerWorker
from cortex_tui.workloads.operation import Operation, WorkloadError


class Operations:
    """What a workload yielded, set up for the workers that its load begins with."""

    def __init__(self, profile: Profile, found: Operation | PerWorker, share: Share) -> None:
        """Raises WorkloadError where the load cannot have such operations."""
        self._per_worker = found if isinstance(found, PerWorker) else None
        self._ready = [found] if isinstance(found, Operation) else []
        if self._per_worker is not None and not profile.load.has_workers:
            raise WorkloadError(
                f"{self._per_worker.name}: @per_worker needs workers, and this load has none"
            )
        self._workers = max(1, share.count(round(profile.load.levels().most)))
        self._share = share
        self.context = contextvars.copy_context()
        """What set-up left in context variables: operations run in copies of it."""

    async def set_up(self, stack: AsyncExitStack) -> None:
        """Sets the workers up that are known of; they are taken down with `stack`."""
        if self._per_worker is not None:
            for worker in range(self._workers):
                opened = self._per_worker.opened(self._share.number(worker))
                self._ready.append(await stack.enter_async_context(opened))
        self.context = contextvars.copy_context()

    @property
    def first(self) -> Operation:
        """The operation, or that of the first worker: all have the same shape."""
        return self._ready[0]

    def for_worker(self, worker: int) -> AbstractAsyncContextManager[Operation]:
        """That of a worker of this runner; one that joins later is set up when it is entered."""
        if self._per_worker is None:
            return nullcontext(self._ready[0])
        if worker < len(self._ready):
            return nullcontext(self._ready[worker])
        return self._per_worker.opened(self._share.number(worker))
