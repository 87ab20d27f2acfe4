"""The headless twin of the workbench: progress, the final table, and what they come to."""

from cortex_tui.report.headless import Delivery, encoded, run_headless, worst
from cortex_tui.report.summary import summary

__all__ = ["Delivery", "encoded", "run_headless", "summary", "worst"]
