"""The panes that there are. To add one, write a module with a `Pane` and add it here."""

from __future__ import annotations

from cortex_tui.tui.panes.distribution import DistributionPane
from cortex_tui.tui.panes.errors import ErrorsPane
from cortex_tui.tui.panes.heatmap import HeatMapPane
from cortex_tui.tui.panes.log import LogPane
from cortex_tui.tui.panes.machine import MachinePane
from cortex_tui.tui.panes.percentiles import PercentilesPane
from cortex_tui.tui.panes.port import Pane
from cortex_tui.tui.panes.problems import ProblemsPane
from cortex_tui.tui.panes.shards import ShardsPane
from cortex_tui.tui.panes.timeline import TimelinePane

PANES: dict[str, type[Pane]] = {
    pane.NAME: pane
    for pane in (
        PercentilesPane,
        TimelinePane,
        HeatMapPane,
        DistributionPane,
        ErrorsPane,
        MachinePane,
        LogPane,
        ProblemsPane,
        ShardsPane,
    )
}
"""By name, in the order of their keys in the key line."""


SHARDS = ShardsPane.NAME
"""What enter opens on a run that several processes share."""


def tabs() -> list[type[Pane]]:
    """Those that have a number, in its order."""
    return sorted((pane for pane in PANES.values() if pane.TAB), key=lambda pane: pane.TAB)


def first_tab() -> type[Pane]:
    """The pane that is there when no other was opened."""
    return tabs()[0]


def tab_after(name: str, *, back: bool = False) -> str:
    """The name of the next tab or the one before, around the ends."""
    names = [pane.NAME for pane in tabs()]
    if name not in names:
        return names[0]
    return names[(names.index(name) + (-1 if back else 1)) % len(names)]
