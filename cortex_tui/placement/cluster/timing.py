"""How often the two sides of a cluster look after each other."""

from __future__ import annotations

from cortex_tui.placement.cluster.link import Timing

BEAT_S = 0.1
"""How often each side of a link sends something, if only a sign of life."""
SILENT_BEATS = 6
"""After as many without a sign of life a machine is reported as silent."""
_GIVE_UP_S = 5.0
"""A connection on which nothing is received for that long is given up, and made anew."""


def link_timing(lost_after_ns: int) -> Timing:
    """That of all links: one whose connection is broken waits for the next as long as a machine
    may be silent."""
    lost_after_s = lost_after_ns / 1e9
    return Timing(beat_s=BEAT_S, silence_s=min(_GIVE_UP_S, lost_after_s), patience_s=lost_after_s)
