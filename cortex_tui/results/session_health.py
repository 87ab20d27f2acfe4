"""How the measuring process of a session fares, from the pulses that it sends."""

from __future__ import annotations

from collections import deque
from statistics import mean

from cortex_tui.protocol.messages import Health

_LATELY = 10
"""How many pulses are looked at together: a second's."""


class SessionHealth:
    """Of the last second, and of the session in all."""

    def __init__(self) -> None:
        self.gc_pauses = 0
        self.gc_pause_ns = 0
        """In all, as the number of pauses is."""
        self._cpu_shares: deque[float] = deque(maxlen=_LATELY)
        self._lags_ns: deque[int] = deque(maxlen=_LATELY)

    @property
    def cpu_share(self) -> float | None:
        """Of one core, in the last second; None before the first pulse."""
        return mean(self._cpu_shares) if self._cpu_shares else None

    @property
    def loop_lag_ns(self) -> int:
        """The longest of the last second."""
        return max(self._lags_ns, default=0)

    def add(self, health: Health) -> None:
        if health.wall_ns:
            self._cpu_shares.append(health.cpu_ns / health.wall_ns)
            self._lags_ns.append(health.loop_lag_ns)
            self.gc_pauses += health.gc_pauses
            self.gc_pause_ns += health.gc_pause_ns
