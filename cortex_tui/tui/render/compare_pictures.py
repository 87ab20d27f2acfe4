"""Which lines each picture of a profile has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cortex_tui.analysis.comparison import ProfileComparison
from cortex_tui.analysis.sessions import Compared
from cortex_tui.tui.render.compare_head import besides, message_lines, values
from cortex_tui.tui.render.difference_map import difference_map
from cortex_tui.tui.render.history_lines import history_lines
from cortex_tui.tui.render.round_plot import round_plot
from cortex_tui.tui.render.shift_plot import shift_plot
from cortex_tui.tui.render.side_plot import curves_plot, sides_plot
from cortex_tui.tui.render.text import Line

if TYPE_CHECKING:
    from cortex_tui.analysis.close_up import CloseUp
    from cortex_tui.analysis.over_time import OverTime
    from cortex_tui.analysis.series import History


def picture_lines(
    tab: str,
    compared: Compared,
    profile: ProfileComparison,
    close_up: CloseUp | str,
    history: History | str,
    over_time: tuple[OverTime, OverTime] | str,
    width: int,
    height: int,
) -> list[Line]:
    """Those of the tab of that name; a text in place of what there is not, or not yet."""
    match tab:
        case "values":
            return values(compared, profile, width)
        case "besides":
            return besides(compared, profile.profile, width)
        case "history":
            if isinstance(history, str):
                return message_lines(history, width)
            return history_lines(history, width)
    names = compared.a.name, compared.b.name
    if tab == "heat":
        if isinstance(over_time, str):
            return message_lines(over_time, width)
        return difference_map(*over_time, names, width, height)
    if isinstance(close_up, str):
        return message_lines(close_up, width)
    match tab:
        case "curves":
            return curves_plot(close_up.a, close_up.b, names, width, height)
        case "rounds":
            return round_plot(close_up.rounds, names, width, height)
        case "sides":
            return sides_plot(close_up.sides, names, width)
    return shift_plot(close_up.shift, width, height)
