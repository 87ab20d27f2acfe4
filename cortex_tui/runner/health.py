"""How the measuring loop and its process fare: what may have disturbed an interval."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import time

from cortex_tui.protocol.messages import Health

BEAT_S = 0.01
"""How often it is looked whether the loop still turns: a hold that lasts longer is always seen."""


class HealthMeter:
    """Sums up, between two calls of `take`, what held the loop or took the processor away.

    A beat costs the loop some 2 us, a `take` some 15 us.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._beat: asyncio.TimerHandle | None = None
        self._beat_due_s = 0.0
        self._lag_s = 0.0
        self._gc_began_ns = 0
        self._gc_pause_ns = 0
        self._gc_pauses = 0
        self._usage = resource.getrusage(resource.RUSAGE_SELF)
        self._taken_ns = time.perf_counter_ns()
        self._cpu_ns = time.process_time_ns()
        self._steal = _Steal()

    def begin(self) -> None:
        """Watches from now on."""
        self.take()
        gc.callbacks.append(self._collected)
        self._schedule()

    def end(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
        gc.callbacks.remove(self._collected)

    def close(self) -> None:
        """Gives back what it holds; nothing can be taken any more."""
        self._steal.close()

    @property
    def lag_ns(self) -> int:
        """The longest hold of the loop since the last `take`."""
        # One that goes on right now has not been seen by a beat yet.
        lag_s = max(self._lag_s, self._loop.time() - self._beat_due_s if self._beat else 0.0)
        return round(max(0.0, lag_s) * 1e9)

    def take(self) -> Health:
        """What happened since the last call."""
        now_ns, cpu_ns = time.perf_counter_ns(), time.process_time_ns()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        health = Health(
            loop_lag_ns=self.lag_ns,
            gc_pause_ns=self._gc_pause_ns,
            gc_pauses=self._gc_pauses,
            cpu_ns=cpu_ns - self._cpu_ns,
            wall_ns=now_ns - self._taken_ns,
            voluntary_switches=usage.ru_nvcsw - self._usage.ru_nvcsw,
            involuntary_switches=usage.ru_nivcsw - self._usage.ru_nivcsw,
            steal_ns=self._steal.take_ns(),
        )
        self._taken_ns, self._cpu_ns, self._usage = now_ns, cpu_ns, usage
        self._lag_s, self._gc_pause_ns, self._gc_pauses = 0.0, 0, 0
        return health

    def _schedule(self) -> None:
        self._beat_due_s = self._loop.time() + BEAT_S
        self._beat = self._loop.call_at(self._beat_due_s, self._beaten)

    def _beaten(self) -> None:
        self._lag_s = max(self._lag_s, self._loop.time() - self._beat_due_s)
        self._schedule()

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        now_ns = time.perf_counter_ns()
        if phase == "start":
            self._gc_began_ns = now_ns
        else:
            self._gc_pause_ns += now_ns - self._gc_began_ns
            self._gc_pauses += 1


class _Steal:
    """CPU time that the hypervisor gave to others, from the first line of Linux's /proc/stat."""

    def __init__(self) -> None:
        self._fd: int | None = None
        with contextlib.suppress(OSError):
            self._fd = os.open("/proc/stat", os.O_RDONLY | os.O_CLOEXEC)
        self._tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        self._last = self._ticks()

    def take_ns(self) -> int:
        """Since the last call; in steps of a tick, mostly 10 ms."""
        ticks = self._ticks()
        stolen, self._last = max(0, ticks - self._last), ticks
        return stolen * self._tick_ns

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _ticks(self) -> int:
        if self._fd is None:
            return 0
        # cpu user nice system idle iowait irq softirq steal … (proc_stat(5))
        fields = os.pread(self._fd, 256, 0).split(b"\n", 1)[0].split()
        return int(fields[8]) if len(fields) > 8 else 0
