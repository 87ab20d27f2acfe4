"""Runs that measure together: set up, warmed up and measured at common moments."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cortex_tui.isolation import asyncio, own_task, replaced_names
from cortex_tui.protocol.messages import RunMeasured
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.runner.barrier import Barrier, Gate
from cortex_tui.runner.driver import find_driver
from cortex_tui.runner.handover import HandOver, Outbox
from cortex_tui.runner.health import HealthMeter
from cortex_tui.runner.host import WorkloadHost
from cortex_tui.runner.members import Barriers, Member, finished, neighbours_of
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.timer import ArrivalTimer
from cortex_tui.workloads.api import Workload
from cortex_tui.workloads.context import RunContext, current_run
from cortex_tui.workloads.loading import ModuleLoader, why_stray
from cortex_tui.workloads.operation import WorkloadError
from cortex_tui.workloads.resolving import resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionParts:
    """What the groups of a session have in common."""

    plan: SessionPlan
    outbox: Outbox
    health: HealthMeter
    timer: ArrivalTimer
    modules: ModuleLoader
    shared: dict[Any, Any]
    """What workloads share with each other."""
    gate_of: Callable[[str, Sequence[int]], Gate]
    """The gate of a barrier that these runs, over all runners, arrive at."""


class Group:
    """Runs its members, once."""

    def __init__(self, parts: SessionParts, members: Sequence[Member], runs: Sequence[int]) -> None:
        """`members` are those of this runner, `runs` the numbers of all."""
        self._parts = parts
        self._members = members
        self._runs = runs
        self._put_off: list[Member] = []

    async def run(self) -> list[Member]:
        """Runs them to their end; those that turned out not to bear neighbours are returned: they
        are to follow, each alone."""
        outbox, health = self._parts.outbox, self._parts.health
        if all(member.run.life.stopping for member in self._members):
            # Told to end before they began: nobody has to wait for them at any barrier.
            for member in self._members:
                outcome = finished(member, None, "setup")
                outbox.report([RunMeasured(outcome)])
                member.run.change(member.run.life.to("measured", outcome.state))
                member.run.change(member.run.life.to("ended", outcome.state))
                outbox.report([outcome])
            return []
        # Groups follow one another over all runners.
        begin = Barrier([0], self._parts.gate_of("begin", self._runs))
        await begin.arrive(0)
        # In a process that has frozen its own objects, that is not ours to undo. Asked once: Python
        # counts them one by one, 10 ms for 80,000.
        was_frozen = gc.get_freeze_count() > 0

        def prepare() -> None:
            """Keeps what is alive now out of the collections that the measure phase will see."""
            gc.collect()
            if not was_frozen:
                gc.freeze()

        def gate_of(name: str) -> Gate:
            return self._parts.gate_of(name, self._runs)

        barriers = Barriers(self._members, gate_of, prepare)
        handing_on = own_task(
            HandOver(outbox, health, self._parts.timer, self._parts.plan.interval_ns).keep_on(
                self._members
            )
        )
        health.begin()
        try:
            await asyncio.gather(
                *(own_task(self._run_member(member, barriers)) for member in self._members)
            )
        finally:
            handing_on.cancel()
            await asyncio.wait([handing_on])
            health.end()
            if not was_frozen:
                gc.unfreeze()
        return self._put_off

    async def _run_member(self, member: Member, barriers: Barriers) -> None:
        run = member.run
        failure: BaseException | None = None
        try:
            if not run.life.stopping:
                await self._measure(member, barriers)
        except _NeedsToBeAloneError:
            run.change(run.life.to("planned"))
            barriers.withdraw(run.number)
            await self._tear_down(member)
            self._put_off.append(member)
            return
        except BaseException as error:
            # A stop cancels a set-up; every other error is the workload's own.
            if not (isinstance(error, asyncio.CancelledError) and run.life.stopping):
                failure = error
        where = run.life.phase or "setup"
        # Runs that end together end one after the other: none of them was alone for that.
        self._finish_phase(member, max(member.neighbours, neighbours_of(member, self._members)))
        if len(self._members) > 1 and (names := replaced_names()):
            run.warnings.append(
                f"{', '.join(names)}: replaced by a workload, for all runs of this process"
            )
        outcome = finished(member, failure, where)
        self._parts.outbox.report([RunMeasured(outcome)])
        run.change(run.life.to("measured", outcome.state))
        barriers.withdraw(run.number)
        await barriers.measured.wait()
        run.change(run.life.to("teardown"))
        late = await self._tear_down(member)
        if late is not None and failure is None:
            outcome = finished(member, late, "teardown")
        run.change(run.life.to("ended", outcome.state))
        self._parts.outbox.report([outcome])

    async def _measure(self, member: Member, barriers: Barriers) -> None:
        """From set-up to the end of measure; raises what fails on the way, and what became of a
        workload that ended before."""
        run = member.run
        run.change(run.life.to("setup"))
        host = member.host = self._host_of(member)
        operations = await host.opened()
        self._check(member, operations)
        working = own_task(self._through_phases(member, barriers, operations))
        lost = own_task(host.lost.wait())
        try:
            await asyncio.wait((working, lost), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise host.failure
        finally:
            lost.cancel()
            working.cancel()
            await asyncio.wait((working, lost))
        working.result()

    async def _through_phases(
        self, member: Member, barriers: Barriers, operations: Operations
    ) -> None:
        run = member.run
        find_driver(run.profile.load.driver)
        run.change(run.life.to("set_up"))
        start_ns = await barriers.set_up.arrive(run.number)
        if not run.life.stopping and (run.profile.warmup or run.profile.batch == 0):
            await run.warm_up(operations, start_ns)
            self._finish_phase(member)
        run.change(run.life.to("warm"))
        start_ns = await barriers.warmed_up.arrive(run.number)
        if run.life.stage == "measure":
            await run.measure(operations, start_ns)

    def _host_of(self, member: Member) -> WorkloadHost:
        profile = member.run.profile
        current_run.set(
            RunContext(
                run=member.run.number,
                scratch=Path(self._parts.plan.scratch),
                cache=Path(self._parts.plan.cache),
                database=self._parts.plan.addresses.get(profile.database, profile.database),
                shared=self._parts.shared,
            )
        )

        def find() -> Workload:
            return resolve(profile.workload, profile.source, self._parts.modules)

        return WorkloadHost(profile, find, member.run.share)

    def _check(self, member: Member, operations: Operations) -> None:
        """What is known of the operations only when they are set up."""
        profile, spec = member.run.profile, self._parts.plan.spec
        if why := why_stray(spec.variant, spec.foreign, spec.own):
            raise WorkloadError(why)
        if not operations.first.awaits:
            if len(self._members) > 1:
                raise _NeedsToBeAloneError
            if profile.timeout_ns is not None:
                raise WorkloadError(
                    f"{profile.workload} is not async: nothing can end it when its time is up; "
                    "leave the timeout out"
                )
            member.run.warnings.append(
                "not async: it blocks the loop, so it ran without neighbours"
            )
        member.run.warnings.extend(profile.load.cautions)

    async def _tear_down(self, member: Member) -> BaseException | None:
        """What failed in it, if anything did."""
        try:
            if member.host is not None:
                await member.host.close()
        except BaseException as error:
            return error
        return None

    def _finish_phase(self, member: Member, neighbours: int = 0) -> None:
        # The rest of what happened is sent with the values of the runs that have not ended.
        samples = member.run.finish_samples(neighbours, self._parts.health.report())
        if samples:
            self._parts.outbox.report(samples)


class _NeedsToBeAloneError(Exception):
    """The run cannot have neighbours: its operations block the loop."""
