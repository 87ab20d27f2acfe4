"""What the facts of an environment do to the numbers that are measured in it."""

from __future__ import annotations

from cortex_tui.environment.findings.finding import Facts, Finding
from cortex_tui.environment.findings.machine import machine_findings
from cortex_tui.environment.findings.software import software_findings

__all__ = ["Facts", "Finding", "findings"]


def findings(facts: Facts) -> list[Finding]:
    """One for each thing that matters, whether it is fine, not fine, or not known.

    `facts` are those of `describe_environment`, fresh or stored, perhaps with `longest_gap_ns`.
    """
    return [*machine_findings(facts), *software_findings(facts)]
