"""The headless twin of the workbench: progress, the final table, and what they come to."""

from cortex_tui.report.headless import FAIL_ON, Delivery, run_headless, worst
from cortex_tui.report.summary import summary

__all__ = ["FAIL_ON", "Delivery", "run_headless", "summary", "worst"]
