"""Looking back in time: which part of a run is seen, and how keys move it. Pure."""

from __future__ import annotations

from cortex_tui.results.series import TimeWindow

LENGTHS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600)
"""The lengths that a window is given by keys; by the mouse it may have any."""
_FIRST_SHARE = 0.1
"""Of the run: about how long the first window is."""


def first_window(end_ns: int) -> TimeWindow:
    """The window with which looking back begins: the last tenth of the run, or about that."""
    wanted_s = end_ns * _FIRST_SHARE / 1e9
    length_s = min(LENGTHS_S, key=lambda each: abs(each - wanted_s))
    return _placed(end_ns - _ns(length_s), _ns(length_s), end_ns)


def moved(window: TimeWindow, end_ns: int, *, back: bool) -> TimeWindow:
    """By half its length, within the run."""
    step = max(1, window.length_ns // 2)
    return _placed(window.from_ns + (-step if back else step), window.length_ns, end_ns)


def resized(window: TimeWindow, end_ns: int, *, longer: bool) -> TimeWindow:
    """With the next length, around the same middle, and never longer than the run."""
    now_s = window.length_ns / 1e9
    if longer:
        length_s: float = next((each for each in LENGTHS_S if each > now_s), LENGTHS_S[-1])
    else:
        length_s = next((each for each in reversed(LENGTHS_S) if each < now_s), LENGTHS_S[0])
    return _placed(window.middle_ns - _ns(length_s) // 2, _ns(length_s), end_ns)


def window_text(window: TimeWindow) -> str:
    """Such as `12.5–14.5 s`."""
    return f"{_seconds(window.from_ns)}–{_seconds(window.until_ns)} s"


def _seconds(ns: int) -> str:
    return f"{ns / 1e9:.2f}".rstrip("0").rstrip(".")


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)


def _placed(from_ns: int, length_ns: int, end_ns: int) -> TimeWindow:
    length_ns = min(length_ns, max(end_ns, _ns(LENGTHS_S[0])))
    from_ns = max(0, min(from_ns, end_ns - length_ns))
    return TimeWindow(from_ns, from_ns + length_ns)
