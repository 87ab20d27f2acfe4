"""The environment of a session on the machines of a cluster: what they have in common, and each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cortex_tui.quantities import format_duration

MACHINES = "machines"
"""The key of the environment under which the facts of each machine are, by its name."""
CLOCK_BOUND = "clock_bound_ns"
"""The fact how well the clock of a machine was known when the session began."""
_OF_THE_CODE = "git_"
"""What begins so is known of the user's working folder, which no machine has."""


def with_machine(
    environment: Mapping[str, Any], machine: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """The environment with one more machine.

    Next to `machines` are the facts that all of them have in common, where those of this machine
    would be without a cluster: it does not measure.
    """
    machines = {**environment.get(MACHINES, {}), machine: dict(facts)}
    first, *others = machines.values()
    common = {
        name: fact
        for name, fact in first.items()
        if all(name in each and each[name] == fact for each in others)
    }
    own = {name: fact for name, fact in environment.items() if name.startswith(_OF_THE_CODE)}
    return {**common, **own, MACHINES: machines}


def machines_of(environment: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The facts by machine; none where there is no cluster."""
    found = environment.get(MACHINES)
    if not isinstance(found, Mapping):
        return {}
    return {str(name): facts for name, facts in found.items() if isinstance(facts, Mapping)}


def fleet_facts(environment: Mapping[str, Any]) -> dict[str, Any]:
    """The environment without the names of machines: how many there are, and of each fact in which
    they differ, which ones there are."""
    machines = machines_of(environment)
    found = {name: fact for name, fact in environment.items() if name != MACHINES}
    if not machines:
        return found
    for name in dict.fromkeys(name for facts in machines.values() for name in facts):
        if name not in found:
            found[name] = sorted({str(facts.get(name, "–")) for facts in machines.values()})
    return {**found, MACHINES: len(machines)}


def clocks_text(environment: Mapping[str, Any]) -> str:
    """How well the machines' clocks were known: `±0.21ms (m1) to ±0.4ms (m3)`; "" without a
    cluster."""
    bounds = {
        name: facts[CLOCK_BOUND]
        for name, facts in machines_of(environment).items()
        if isinstance(facts.get(CLOCK_BOUND), int)
    }
    if not bounds:
        return ""
    least, most = min(bounds, key=bounds.__getitem__), max(bounds, key=bounds.__getitem__)
    if least == most:
        return f"±{format_duration(bounds[most])}"
    return (
        f"±{format_duration(bounds[least])} ({least}) to ±{format_duration(bounds[most])} ({most})"
    )
