"""What the phases of a run have come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cortex_tui.runner.endings import left_behind, stalled
from cortex_tui.runner.phase import ActivePhase


@dataclass
class Totals:
    """Of warm-up and measure, each once it has ended."""

    measured_ns: int = 0
    """From the beginning of measure to its end, which is that of the last operation where no
    moment was the end."""
    drain_ns: int = 0
    """How long after the end of measure its last operation ended."""
    unfinished_ns: tuple[int, ...] = ()
    """The ages of the operations that measure did not wait for any longer, the oldest first."""
    warmup_ns: int = 0
    warmup_iterations: int = 0

    def take(
        self,
        phase: ActivePhase,
        over_ns: int,
        unfinished_ns: tuple[int, ...],
        iterations: int | None,
        stall_ns: int,
    ) -> Sequence[str]:
        """Takes a phase that started nothing new from `over_ns` on; what its reader should know.

        It was to have that number of `iterations`, None where time was to end it; where `stalled`,
        none of them had ended for `stall_ns`."""
        # Where no moment was the end, the last operations are what was measured, too; the wait for
        # others that never ended is not.
        last_ns = max(over_ns, phase.last_ended_ns)
        ended_ns = phase.end_ns if over_ns >= phase.end_ns else min(last_ns, phase.end_ns)
        took_ns = ended_ns - phase.start_ns
        if phase.name == "warmup":
            self.warmup_ns, self.warmup_iterations = took_ns, phase.recorder.ended
            return [left_behind(unfinished_ns)] if unfinished_ns else []
        self.measured_ns, self.unfinished_ns = took_ns, unfinished_ns
        self.drain_ns = max(0, last_ns - ended_ns)
        return [stalled(phase.recorder.ended, iterations or 0, stall_ns)] if phase.stalled else []

    def take_broken(self, phase: ActivePhase) -> None:
        """Takes a phase that something ended: what it measured until now is kept, with the time
        that it took."""
        if phase.name == "measure":
            self.measured_ns = min(phase.now_ns(), phase.end_ns) - phase.start_ns
