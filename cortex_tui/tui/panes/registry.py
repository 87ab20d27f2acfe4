"""The panes that there are. To add one, write a module with a `Pane` and add it here."""

from __future__ import annotations

from cortex_tui.tui.panes.details import DetailsPane
from cortex_tui.tui.panes.log import LogPane
from cortex_tui.tui.panes.port import Pane
from cortex_tui.tui.panes.problems import ProblemsPane
from cortex_tui.tui.panes.session import SessionPane

PANES: dict[str, type[Pane]] = {
    pane.NAME: pane for pane in (DetailsPane, SessionPane, LogPane, ProblemsPane)
}
"""By name, in the order of their keys in the key line."""
