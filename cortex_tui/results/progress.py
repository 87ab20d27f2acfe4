"""How far the phase of a run is, towards whichever of its bounds comes first."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.quantities import format_duration, format_half_width, format_noun
from cortex_tui.results.run_fold import RunFold
from cortex_tui.stats.confidence import MIN_TO_END
from cortex_tui.stats.targets import TargetResult


def progress_of(run: RunFold) -> float | None:
    """0 to 1; None where the length of the phase is not known."""
    profile = run.profile
    length = {"warmup": profile.warmup, "measure": profile.stop}.get(run.life.phase or "")
    if length is None:
        return None
    shares = []
    if length.duration_ns:
        shares.append(run.phase_ns / length.duration_ns)
    if length.iterations:
        shares.append(run.phase_iterations / length.iterations)
    half_width = run.findings().half_width
    if run.life.phase == "measure" and profile.precision is not None and half_width is not None:
        # The width shrinks with the square root of the time.
        known = (profile.precision.half_width / half_width) ** 2 if half_width else 1.0
        known = min(known, len(run.intervals) / MIN_TO_END)
        at_least_ns = profile.precision.at_least_ns
        shares.append(min(known, run.phase_ns / at_least_ns) if at_least_ns else known)
    return min(1.0, max(shares)) if shares else None


def progress_note(run: RunFold, targets: Sequence[TargetResult]) -> str:
    """What ends the phase, where that is neither a time nor a number; "" otherwise."""
    if run.life.phase == "warmup" and run.profile.auto_warmup:
        return f"settling: {format_noun(len(run.settling), 'interval')}"
    own = run.profile.until_decided
    if run.life.phase == "measure" and own is not None:
        return _undecided_note(targets)
    wanted = run.profile.precision
    if run.life.phase != "measure" or wanted is None:
        return ""
    half_width = run.findings().half_width
    reached = "not known yet" if half_width is None else format_half_width(half_width)
    return f"{wanted.statistic} {reached}, wanted {wanted.half_width * 100:.3g} %"


def _undecided_note(targets: Sequence[TargetResult]) -> str:
    open_ = [each for each in targets if each.verdict == "pending" and not each.warn]
    if not open_:
        return ""
    times = [each.more_ns for each in open_]
    known = [more_ns for more_ns in times if more_ns is not None]
    count = f"{format_noun(len(open_), 'target')} undecided"
    if len(known) < len(times):
        return f"{count}, too close to the limit"
    return f"{count}, about {format_duration(max(known))} more"
