"""How the measuring loop and its process fare: what may have disturbed an interval."""

from __future__ import annotations

import gc
import time

from cortex_tui.protocol import Health


class HealthMeter:
    """Sums up garbage collections and CPU time between two calls of `take`."""

    def __init__(self) -> None:
        self._gc_began_ns = 0
        self._gc_pause_ns = 0
        self._gc_pauses = 0
        self._cpu_ns = 0

    def begin(self) -> None:
        """Watches from now on."""
        self._cpu_ns = time.process_time_ns()
        gc.callbacks.append(self._collected)

    def end(self) -> None:
        gc.callbacks.remove(self._collected)

    def take(self, loop_lag_ns: int) -> Health:
        """What happened since the last call, with the lag that the caller saw."""
        cpu_ns = time.process_time_ns()
        health = Health(
            loop_lag_ns=max(0, loop_lag_ns),
            gc_pause_ns=self._gc_pause_ns,
            gc_pauses=self._gc_pauses,
            cpu_ns=cpu_ns - self._cpu_ns,
        )
        self._cpu_ns, self._gc_pause_ns, self._gc_pauses = cpu_ns, 0, 0
        return health

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        now_ns = time.perf_counter_ns()
        if phase == "start":
            self._gc_began_ns = now_ns
        else:
            self._gc_pause_ns += now_ns - self._gc_began_ns
            self._gc_pauses += 1
