"""Says in the summary where benchmarks were checked, but not measured."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    checked = sum(("checked only", True) in r.user_properties for r in passed)
    if checked:
        terminalreporter.section("benchmarks")
        terminalreporter.line(
            f"{checked} benchmarks: results checked, nothing measured, no target held. "
            "pytest-benchmark is off (it always is under xdist): run without -n to measure."
        )
