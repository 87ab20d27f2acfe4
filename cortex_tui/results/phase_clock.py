"""The clock of a run's phase under way, as the messages of the run tell it. All times are in ns."""

from __future__ import annotations


class PhaseClock:
    """Stands still while the run is paused: what is to come is put off by as much."""

    def __init__(self) -> None:
        self.began_ns = 0
        """When the phase began, moved by the pauses since."""
        self.received_ns = 0
        """The time of the last message."""
        self._paused_since_ns: int | None = None

    def begin(self, at_ns: int) -> None:
        """A phase begins."""
        self.began_ns = self.received_ns = at_ns

    def stand(self, at_ns: int, *, paused: bool) -> None:
        """Whether it stands still from now on, without a pause that is made up for."""
        self._paused_since_ns = at_ns if paused else None

    def advance(self, at_ns: int) -> None:
        self.received_ns = max(self.received_ns, at_ns)

    def resume(self, at_ns: int) -> None:
        if self._paused_since_ns is not None:
            self.began_ns += at_ns - self._paused_since_ns
            self._paused_since_ns = None

    def passed_ns(self, at_ns: int | None = None) -> int:
        """How long the phase had lasted then, without pauses; None for the last message."""
        now_ns = self.received_ns if at_ns is None else at_ns
        return (now_ns if self._paused_since_ns is None else self._paused_since_ns) - self.began_ns
