"""How long it takes until the workbench can be used, against an empty Textual app.

Both are started as processes of their own on a terminal of 120x40, until the frame that a person
waits for has been written: the shipped suites with their keys, and a single line of text.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cortex_tui.profiles.loader import load_catalog
from tests.performance._measure import Measurements, Round
from tests.performance._workbench import workbench

OURS = [sys.executable, "-m", "cortex_tui"]
EMPTY = [
    sys.executable,
    "-c",
    """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("an empty app")

Empty().run()
""",
]


def first_frame(command: Sequence[str], text: str, folder: Path) -> Round:
    def once() -> float:
        with workbench(command, folder) as bench:
            seen_ns = bench.wait_for(text)
            return (seen_ns - bench.started_ns) / 1e6

    return once


def again(reference: Round) -> Round:
    """On a busy machine an empty Textual app sometimes stays empty: such a round is taken again."""

    def once() -> float:
        while True:
            with contextlib.suppress(TimeoutError):
                return reference()

    return once


def measure(measurements: Measurements, goal: float) -> None:
    """The first usable frame, which has a goal."""
    what = "first usable frame, against an empty Textual app"
    if not measurements.wants(what):
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # An installed program has its bytecode, which a checkout may be kept from writing.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = f"{name}/bytecode"
        # As for everybody, what was open comes back: a file to be read.
        os.environ["CORTEX_TUI_STATE"] = f"{name}/state"
        first = load_catalog(working_folder=folder).profiles[0].name
        ours = first_frame(OURS, first, folder)
        empty = again(first_frame(EMPTY, "an empty app", folder))
        ours(), empty()  # writes it
        rounds = measurements.rounds(quick=9, full=31)
        measurements.at_most(what, ours, empty, unit="ms", goal=goal, rounds=rounds)


def main() -> None:
    measurements = Measurements("The first usable frame, against an empty Textual app.")
    measure(measurements, 2.0)
    measurements.exit()


if __name__ == "__main__":
    main()
