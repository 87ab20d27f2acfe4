"""Keeps the raw values of one run in one phase until they are handed on, a tenth of a second each.

Everything here runs on the measuring loop between two operations, so it only appends and copies:
folding, percentiles and encoding are the intake's.
"""

from __future__ import annotations

import traceback
from array import array
from typing import Literal

from cortex_tui.protocol.messages import Samples
from cortex_tui.workloads.operation import WorkloadError

_MAX_ERROR_TYPES = 32
"""Failures of further types are counted together, so that a workload cannot grow the messages."""

_MAX_TRACEBACK_CHARS = 4_000

OTHER_ERRORS = "(other)"


def describe_error(error: BaseException) -> str:
    """`TypeName: text` in one line of bounded length."""
    text = " ".join(str(error).split())
    if isinstance(error, WorkloadError):
        return text
    name = type(error).__qualname__
    return f"{name}: {text}"[:300] if text else name


def format_traceback(error: BaseException) -> str:
    """The traceback as Python prints it, its middle left out where it is very long."""
    text = "".join(traceback.format_exception(error))
    if len(text) <= _MAX_TRACEBACK_CHARS:
        return text
    half = _MAX_TRACEBACK_CHARS // 2
    return f"{text[:half]}\n  …\n{text[-half:]}"


class Recorder:
    """Values by interval. The buffers stay the same objects, so that callers may keep `append`."""

    def __init__(
        self, run: int, phase: Literal["warmup", "measure"], start_ns: int, interval_ns: int
    ) -> None:
        self.service_ns: array[int] = array("q")
        self.response_ns: array[int] = array("q")
        self.lateness_ns: array[int] = array("q")
        self.failures_ns: array[int] = array("q")
        self.unstarted = 0
        self.boundary_ns = start_ns + interval_ns
        """Where the current interval ends: a value that ends there or later needs `reach` first."""
        self.batch = 1
        """How many operations a value stands for."""
        self.frozen_ns: int | None = None
        """While the run is paused: when that began. What ends later belongs to that moment."""
        self._run = run
        self.phase: Literal["warmup", "measure"] = phase
        self._start_ns = start_ns
        self._interval_ns = interval_ns
        self._interval = 0
        self._errors: dict[str, int] = {}
        self._tracebacks: dict[str, str] = {}
        self._seen: set[str] = set()
        self._values_before = 0
        self.sealed = False
        self._closed: list[Samples] = []

    @property
    def ended(self) -> int:
        """How many operations have ended up to now, well or not."""
        values = self._values_before + len(self.service_ns) + len(self.failures_ns)
        return values * self.batch

    def fail(self, error: BaseException, duration_ns: int) -> None:
        """Records a failed operation, with the first traceback of its type."""
        name = type(error).__qualname__
        if name not in self._seen:
            if len(self._seen) < _MAX_ERROR_TYPES:
                self._seen.add(name)
                self._tracebacks[name] = format_traceback(error)
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

    def reach(self, now_ns: int) -> None:
        """Closes the current interval if `now_ns` lies beyond it."""
        if self.frozen_ns is not None:
            now_ns = min(now_ns, self.frozen_ns)
        if now_ns < self.boundary_ns:
            return
        self._close()
        self._interval = (now_ns - self._start_ns) // self._interval_ns
        self.boundary_ns = self._start_ns + (self._interval + 1) * self._interval_ns

    def shift(self, by_ns: int) -> None:
        """Puts the boundaries to come off, after a pause of that length."""
        self._start_ns += by_ns
        self.boundary_ns += by_ns

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
                    unstarted=self.unstarted,
                )
            )
        self._values_before += len(self.service_ns) + len(self.failures_ns)
        for buffer in buffers:
            del buffer[:]
        self._errors, self._tracebacks, self.unstarted = {}, {}, 0
