"""Keeps the raw values of one run in one phase until they are handed on, a tenth of a second each.

Everything here runs on the measuring loop between two operations, so it only appends and copies:
folding, percentiles and encoding are the intake's.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Literal, NamedTuple

from cortex_tui.limits import MAX_ERROR_TYPES
from cortex_tui.protocol.messages import Samples
from cortex_tui.runner.clock import NEVER_NS
from cortex_tui.workloads.failures import format_traceback, text_of, type_name

OTHER_ERRORS = "(other)"


class Recorder:
    """Values by interval. The buffers stay the same objects, so that callers may keep `append`."""

    def __init__(
        self,
        run: int,
        phase: Literal["warmup", "measure"],
        start_ns: int,
        interval_ns: int,
        end_ns: int = NEVER_NS,
    ) -> None:
        """`end_ns` is where the window ends: what ends later is drained."""
        self.service_ns: array[int] = array("q")
        self.response_ns: array[int] = array("q")
        self.lateness_ns: array[int] = array("q")
        self.failures_ns: array[int] = array("q")
        self.unstarted = 0
        self.end_ns = end_ns
        self.boundary_ns = min(start_ns + interval_ns, end_ns)
        """Where the current interval ends, or the window within it: a value that ends there or
        later needs `reach` first."""
        self.batch = 1
        """How many operations a value stands for."""
        self.pause_ns = (0, 0)
        """From and until of the newest pause, until NEVER_NS while it lasts. What ends within it
        belongs to the moment at which it began."""
        self._pauses_ns: list[tuple[int, int]] = []
        """Those before it."""
        self.worker_ns: Callable[[], int] = int
        """For how long workers have been at work while the clock ran, in all, where there are
        any."""
        self._paused_work_ns = 0
        """For how long they have been at work while it stood."""
        self._during_pauses: list[_Value] = []
        """What was in flight in a pause and has ended in the current interval."""
        self._newly_paused_work_ns = 0
        """That of it for which nothing is drained yet."""
        self._to_drain = 0.0
        """How many operations are still to be drained for pauses."""
        self._values_before = 0
        """How many values the intervals before have."""
        self._failed_in_batches = 0
        """Failures within the values of the current interval, where a value is of a batch."""
        self._run = run
        self.phase: Literal["warmup", "measure"] = phase
        self.began_ns = self._start_ns = start_ns
        self._interval_ns = interval_ns
        self._interval = 0
        self._errors: dict[str, int] = {}
        self._tracebacks: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._draining = False
        self._seen: set[str] = set()
        self._ended_before = 0
        self.sealed = False
        self._closed: list[Samples] = []

    @property
    def ended(self) -> int:
        """How many operations have ended up to now, well or not."""
        failed = len(self.failures_ns) - self._failed_in_batches
        failed -= sum(each.failed for each in self._during_pauses)
        values = len(self.service_ns) + len(self._during_pauses)
        return self._ended_before + values * self.batch + failed

    def fail(self, error: BaseException, duration_ns: int) -> None:
        """Records a failed operation, with the first traceback of its type."""
        name = type_name(error)
        if name not in self._seen:
            if len(self._seen) < MAX_ERROR_TYPES:
                self._seen.add(name)
                self._tracebacks[name] = format_traceback(error)
                self._texts[name] = text_of(error)
            else:
                name = OTHER_ERRORS
        self._errors[name] = self._errors.get(name, 0) + 1
        self.failures_ns.append(duration_ns)

    def record(self, start_ns: int, end_ns: int, intended_ns: int | None = None) -> None:
        """Records an operation that succeeded; in an open load, with when it was meant to start."""
        if end_ns >= self.boundary_ns:
            self.reach(end_ns)
        self.service_ns.append(end_ns - start_ns)
        if intended_ns is not None:
            self.response_ns.append(end_ns - intended_ns)
            self.lateness_ns.append(start_ns - intended_ns)

    def record_of_worker(self, start_ns: int, end_ns: int, failed: int = 0) -> None:
        """Records an operation behind which its worker starts the next one, or a batch of which
        that many operations have failed.

        While a run is paused its clock stands, but operations continue: what workers do then takes
        no time of the window. Throughput is that of their work with it and without it alike, so as
        many operations are drained as they do in that time, at the rate at which they have worked
        up to now. (Operations that end in a pause are not that: how much of an operation was done
        by then depends on the distribution of how long they take.)
        """
        if end_ns >= self.boundary_ns:
            self.reach(end_ns)
        if start_ns >= self.pause_ns[1] or self._draining:
            self.service_ns.append(end_ns - start_ns)
            self._failed_in_batches += failed
        else:
            self._newly_paused_work_ns += self.paused_ns(start_ns, end_ns)
            self._during_pauses.append(_Value(end_ns - start_ns, failed))

    def paused_ns(self, start_ns: int, end_ns: int) -> int:
        """How much of that time the clock stood."""
        paused_ns = 0
        for from_ns, until_ns in (self.pause_ns, *reversed(self._pauses_ns)):
            if until_ns <= start_ns:
                break
            paused_ns += max(0, min(until_ns, end_ns) - max(from_ns, start_ns))
        return paused_ns

    def reach(self, now_ns: int) -> None:
        """Closes the current interval if `now_ns` lies beyond it."""
        paused_ns, resumed_ns = self.pause_ns
        if resumed_ns == NEVER_NS:
            now_ns = min(now_ns, paused_ns)
        if now_ns < self.boundary_ns:
            return
        self._close()
        self._draining = now_ns >= self.end_ns
        self._interval = self.interval_at(now_ns)
        boundary_ns = self._start_ns + (self._interval + 1) * self._interval_ns
        self.boundary_ns = boundary_ns if self._draining else min(boundary_ns, self.end_ns)

    def interval_at(self, at_ns: int) -> int:
        """The number of the interval in which a moment lies, 0 for one before the first; one within
        the newest pause lies where that began."""
        paused_ns, resumed_ns = self.pause_ns
        if resumed_ns == NEVER_NS:
            at_ns = min(at_ns, paused_ns)
        elif at_ns < resumed_ns:
            # The intervals were put off by the pause.
            at_ns = min(at_ns + resumed_ns - paused_ns, resumed_ns)
        return max(0, (at_ns - self._start_ns) // self._interval_ns)

    def pause(self, at_ns: int) -> None:
        """Stops the clock at that moment."""
        self.reach(at_ns)
        self._pauses_ns.append(self.pause_ns)
        self.pause_ns = (at_ns, NEVER_NS)

    def resume(self, at_ns: int) -> None:
        """Starts the clock again."""
        paused_ns, _ = self.pause_ns
        self.pause_ns = (paused_ns, at_ns)
        self.shift(at_ns - paused_ns)

    def shift(self, by_ns: int) -> None:
        """Puts the boundaries to come off."""
        self._start_ns += by_ns
        self.boundary_ns += by_ns
        if self.end_ns != NEVER_NS:
            self.end_ns += by_ns

    def end_window(self, end_ns: int) -> None:
        """The window ends at that moment, where it was to end later."""
        if end_ns < self.end_ns:
            self.end_ns = end_ns
            self.boundary_ns = min(self.boundary_ns, end_ns)

    def seal(self) -> None:
        """Closes the current interval, complete or not; what is recorded later is not handed on."""
        self._close()
        self.sealed = True

    def take(self) -> list[Samples]:
        """The intervals that were closed since the last call."""
        closed = self._closed
        self._closed = []
        return closed

    @property
    def interval(self) -> int:
        """The number of the current interval."""
        return self._interval

    def _close(self) -> None:
        self._ended_before = self.ended
        drained = self._take_drained()
        self._values_before += len(self.service_ns) + len(drained)
        buffers = (self.service_ns, self.response_ns, self.lateness_ns, self.failures_ns)
        service, response, lateness, failures = (buffer.tobytes() for buffer in buffers)
        if not self.sealed and (service or failures or self.unstarted):
            self._closed.append(
                Samples(
                    run=self._run,
                    phase=self.phase,
                    interval=self._interval,
                    service=service,
                    response=response,
                    lateness=lateness,
                    failures=failures,
                    errors=self._errors,
                    tracebacks=self._tracebacks,
                    texts=self._texts,
                    unstarted=self.unstarted,
                    drained=len(self.service_ns) if self._draining else 0,
                    failed_in_batches=self._failed_in_batches,
                )
            )
        if not self.sealed and drained:
            self._closed.append(
                Samples(
                    run=self._run,
                    phase=self.phase,
                    interval=self._interval,
                    service=array("q", [each.service_ns for each in drained]).tobytes(),
                    drained=len(drained),
                    failed_in_batches=sum(each.failed for each in drained),
                )
            )
        for buffer in buffers:
            del buffer[:]
        self._errors, self._tracebacks, self._texts = {}, {}, {}
        self.unstarted = self._failed_in_batches = 0

    def _take_drained(self) -> list[_Value]:
        """What has no part in throughput for what workers did in pauses; the other operations that
        were in flight in one are put to the values of the interval."""
        ended, self._during_pauses = self._during_pauses, []
        if ended:
            newly_ns, self._newly_paused_work_ns = self._newly_paused_work_ns, 0
            self._paused_work_ns += newly_ns
            values = self._values_before + len(self.service_ns) + len(ended)
            in_all_ns = max(1, self.worker_ns() + self._paused_work_ns)
            self._to_drain += newly_ns * values / in_all_ns
        wanted = round(self._to_drain)
        if wanted > len(ended) and not self._failed_in_batches and not self._draining:
            # A long operation may take as much of a pause as many others.
            others = self.service_ns[len(ended) - wanted :]
            del self.service_ns[len(ended) - wanted :]
            ended += (_Value(each, 0) for each in others)
        wanted = min(wanted, len(ended))
        self._to_drain -= wanted
        for each in ended[wanted:]:
            self.service_ns.append(each.service_ns)
            self._failed_in_batches += each.failed
        return ended[:wanted]


class _Value(NamedTuple):
    """Of a worker: how long an operation or a batch took, and how many of the batch failed."""

    service_ns: int
    failed: int
