"""Every mark that a row, a detail or a curve may have, and what it means: rows draw from these
tables, and the page of keys lists them."""

from __future__ import annotations

from typing import NamedTuple

from cortex_tui.stats.targets import Verdict
from cortex_tui.tables import Tone


class VerdictMark(NamedTuple):
    mark: str
    word: str
    tone: Tone
    meaning: str


VERDICTS: dict[Verdict, VerdictMark] = {
    "none": VerdictMark(" ", "", "dim", ""),
    "pending": VerdictMark("…", "… pending", "dim", "not decided yet: none missed so far"),
    "met": VerdictMark("✓", "✓ met", "good", "all targets met"),
    "missed": VerdictMark("✗", "✗ missed", "bad", "a target missed"),
    "undecided": VerdictMark("?", "? undec.", "warn", "a target undecided: too few operations"),
}
FAILED = "✗"
"""Before the number of runs that failed."""
BOXES = {"all": "[x]", "some": "[-]", "none": "[ ]"}
EDITED = "*"
CURSOR, WARNED, UNKNOWN, TICK = "▸", "!", "–", "│"
MOMENT, RESCALED, P50, P99, IDLE = "▲", "↕", "○", "●", "_"
MANY_ERRORS, MANY_NEIGHBOURS = "1k+", "9+"
DOWNWARDS, UPWARDS = "▾", "▴"
STALLED, EARLIER = "!", "last"
UNSURE, COMING = "unsure", "…"
GAP, BAND, LIMIT, SERVICE, BASELINE, POINTER = "░", "▒", "┄", "s", "b", "→"

PHASES = {
    "setup": "being set up",
    "wait": "waiting for its turn, or for the others",
    "warm": "warming up; w 40% while its length is known",
    "meas": "measuring; m 62% while its length is known",
    "pause": "paused",
    "stop…": "stopping: what is in flight is awaited",
    "done": "measured to its end",
    "stop": "stopped before its end",
    "intr": "interrupted: its process ended before it did",
    "FAIL": "failed: the details show why",
    f"{STALLED}3.2s": "an operation has taken this long, far more than usual",
    EARLIER: "not in the newest session: the numbers are of an earlier one",
}
"""By the word of the narrow column."""


_TITLES = {
    DOWNWARDS: "sorted by this column, the greatest or worst first",
    UPWARDS: "sorted by it the other way: the smallest first, or A to Z",
}

Legend = dict[str, dict[str, str]]
"""By the place where they stand: marks, and what each means."""


def legend() -> Legend:
    """The marks of the main screen."""
    boxes = ("checked", "some profiles of the suite are checked", "not checked")
    return {
        "Before a name": {
            CURSOR: "the cursor",
            **dict(zip(BOXES.values(), boxes, strict=True)),
            WARNED: "a warning of this run alone: the details have it",
        },
        "Behind a name": {
            EDITED: "edited for once, and not saved: m opens the form",
            "of 256": "percentiles and max are of batches of 256 operations",
        },
        "Phase": PHASES,
        "T, the targets": {
            **{found.mark: found.meaning for found in VERDICTS.values() if found.meaning},
            "+4": "measured with four neighbours on the event loop",
            MANY_NEIGHBOURS: "with more than nine: the details name them",
        },
        "Numbers": {
            UNKNOWN: "too few operations to tell: the details say how many more",
            MANY_ERRORS: "a thousand errors or more: the details count them",
            COMING: "of the part that is looked at: its numbers have not come",
            UNSURE: "the range in which a percentile lies spans tenfold or more",
        },
        "Titles": _TITLES,
        "Trend": {TICK: "something was done to the run"},
        "Percentile curve": {
            "dotted": "fewer than ten operations took longer: chance decides; up to the slowest",
            BAND: "where a percentile lies with 95 % confidence, if it is wider than the curve",
            SERVICE: "service time; the curve without a letter is response time",
            GAP: "the waiting between them, from intended to actual start",
            LIMIT: "a target; ┼ where it is meant for, ↑ ↓ one that lies beyond the picture",
            BASELINE: "the run of the baseline",
            "A B C": "the runs of the checked rows (v)",
        },
        "Timeline, heat map": {
            MOMENT: "the cursor: what it is on stands above",
            "[══]": "the part that is looked at",
            f"{P50} {P99}": "p50 and p99 on the heat map",
            RESCALED: "the scale of the heat map did not fit any more and was made anew",
            IDLE: "in a bar of the timeline: it is 0; a blank is a gap",
        },
    }


def library_legend() -> Legend:
    """The marks of the screen of stored sessions."""
    return {
        "Before a row": {
            CURSOR: "the cursor",
            BOXES["all"]: "checked",
            BOXES["none"]: "not checked",
        },
        "Names": {
            f"{POINTER}main": "a baseline: a name that can be pointed at another session",
            UNKNOWN: "no name: it is deleted when 50 newer ones without a name, tag or note came",
        },
        "State": {
            found.mark: found.meaning
            for verdict, found in VERDICTS.items()
            if verdict not in ("none", "pending")
        }
        | {f"{FAILED} 2 failed": "two runs failed: opened, tab 5 says why"},
        "Titles": _TITLES,
    }
