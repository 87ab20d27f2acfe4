"""How a run is called in files that know names only, and how such a name is read back."""

from __future__ import annotations

import re
from typing import NamedTuple, cast

from cortex_tui.results.interval import TimeName
from cortex_tui.results.run_result import RunResult
from cortex_tui.text import encodable

_LABEL = re.compile(
    r"(?P<full>.*?)(?:@(?P<variant>[^@#:]+))?(?:#(?P<round>[1-9]\d{0,5}))?"
    r"(?P<time>:(?:service|response|lateness|failure))",
    re.DOTALL,
)


class Label(NamedTuple):
    run: str
    """The same for all times of a run."""
    suite: str
    name: str
    time: TimeName = "service"
    round: int = 1
    variant: str = ""


def name_of(run: RunResult) -> str:
    """`suite.profile`, with `@variant` and `#round` where the session has several."""
    variant = f"@{run.variant}" if run.variant else ""
    number = f"#{run.round}" if run.round > 1 else ""
    return str(encodable(f"{run.profile.full_name}{variant}{number}"))


def label_of(run: RunResult, time: TimeName) -> str:
    """The name with the time behind a colon: `mediator.search#2:service`."""
    return f"{name_of(run)}:{time}"


def read_label(text: str, otherwise: str) -> Label:
    """What a label means; one of another program is a profile of the suite `otherwise`."""
    match = _LABEL.fullmatch(text)
    if match is None:
        return Label(text, otherwise, text or otherwise)
    suite, name = split_name(match["full"], otherwise)
    time = cast(TimeName, match["time"][1:])
    run = text.removesuffix(match["time"])
    return Label(run, suite, name, time, int(match["round"] or 1), match["variant"] or "")


def split_name(full_name: str, otherwise: str) -> tuple[str, str]:
    """Suite and profile of a full name: a suite's name has no dot."""
    suite, dot, name = full_name.partition(".")
    return (suite, name) if dot and suite and name else (otherwise, full_name or otherwise)
