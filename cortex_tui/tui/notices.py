"""Notices at the end of a session, for somebody who looks elsewhere: a bell, one on the desktop."""

from __future__ import annotations

from collections.abc import Mapping

from cortex_tui.quantities import format_duration
from cortex_tui.results.view import SessionView
from cortex_tui.text import one_line

_TITLE = "cortex-tui"
_BELL, _ESC, _END = "\a", "\x1b", "\x1b\\"


def end_text(view: SessionView) -> str:
    """`Finished after 2.00m: 4 runs, 1 missed`."""
    runs = f"{len(view.runs)} run{'s' * (len(view.runs) != 1)}"
    counts = (
        (view.missed, "missed"),
        (view.undecided, "undecided"),
        (view.failed, "failed"),
    )
    facts = [runs, *(f"{count} {word}" for count, word in counts if count)]
    if view.died:
        facts.append(view.died)
    elapsed = format_duration(view.elapsed_ns)
    return one_line(f"{view.outcome.capitalize()} after {elapsed}: {', '.join(facts)}")


def desktop_notice(text: str, environment: Mapping[str, str]) -> str:
    """What asks the terminal for a notice: OSC 777 where it is known to understand that, else OSC
    9, which most others do; both would be two notices in some. tmux passes it on only in its own
    wrapping, and if it is set to allow that."""
    if "VTE_VERSION" in environment or environment.get("TERM", "").startswith(("rxvt", "foot")):
        asked = f"{_ESC}]777;notify;{_TITLE};{text.replace(';', ',')}{_BELL}"
    else:
        asked = f"{_ESC}]9;{_TITLE}: {text}{_BELL}"
    if environment.get("TMUX"):
        return f"{_ESC}Ptmux;{asked.replace(_ESC, _ESC * 2)}{_END}"
    return asked
