"""Findings on the processor, its clocking, and what shares it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cortex_tui.environment.findings.finding import Facts, Finding, unknown
from cortex_tui.quantities import format_duration

_NOISY_GAP_NS = 1_000_000
_BUSY_SHARE = 0.5
"""From half a core on, other processes are in the way of a program that needs two."""
_STEAL_SHARE = 0.005
_SLOW_CLOCK_NS = 150.0


def machine_findings(facts: Facts) -> Iterator[Finding]:
    yield _cores(facts)
    if facts.get("cpu_limit") is not None:
        yield _limit(facts)
    yield _governor(facts)
    for share in _SHARED:
        yield _shared(facts, share)
    yield _steal(facts)
    yield _busy(facts)
    if "longest_gap_ns" in facts:
        yield _gap(facts)
    yield _power(facts)
    yield _clock(facts)


def _cores(facts: Facts) -> Finding:
    cores, usable = facts.get("cores"), facts.get("usable_cores")
    if not cores or not usable:
        return unknown("processor")
    what = f"{facts.get('cpu') or facts.get('machine')}, {cores} core{'' if cores == 1 else 's'}"
    if usable < cores:
        what += f", {usable} usable"
    if usable == 1:
        return Finding(
            "warning", "processor", what,
            "Runner, screen and the threads of a database share one core and wait for each other.",
            "Give it a second core (taskset, cpuset); without one, measure without the screen.",
        )  # fmt: skip
    if usable < cores:
        return Finding(
            "note", "processor", what,
            "Bound to some cores: threads move less, but have fewer cores.",
            "Compare only runs with the same binding.",
        )  # fmt: skip
    return Finding("ok", "processor", what)


def _limit(facts: Facts) -> Finding:
    limit = float(facts["cpu_limit"])
    what = f"a control group allows {limit:g} cores"
    if limit >= facts.get("usable_cores", 1):
        return Finding("ok", "quota", what)
    return Finding(
        "warning", "quota", what,
        "When it is used up, every thread stops until the end of the period, up to 100 ms.",
        "Raise the limit of the container, or bind it to whole cores instead.",
    )  # fmt: skip


def _governor(facts: Facts) -> Finding:
    governor = facts.get("governor")
    if not governor:
        return unknown("governor", "no frequency scaling is visible: the host may do it")
    if governor == "performance":
        return Finding("ok", "governor", "performance")
    return Finding(
        "warning", "governor", str(governor),
        "The frequency follows the load: light loads are measured at a lower one, and are slower.",
        "sudo cpupower frequency-set -g performance",
    )  # fmt: skip


class _Share(NamedTuple):
    """What a machine may share with others, and its finding where it does."""

    fact: str
    topic: str
    not_shared: str
    consequence: str
    advice: str


_SHARED = (
    _Share(
        "turbo", "turbo", "off",
        "The frequency depends on temperature and on how many cores are busy: results drift.",
        "Turn it off to compare small differences; leave it on to see what users see.",
    ),
    _Share(
        "smt", "SMT", "off",
        "Two threads share a core: one runs slower while the other is busy.",
        "Bind to one thread of each core (taskset), or turn it off, to compare small differences.",
    ),
    _Share(
        "virtualisation", "virtualisation", "none",
        "Other guests of the host use time and caches, which cannot be seen from here.",
        "Repeat runs (--repeat), and compare only those of one machine and one day.",
    ),
    _Share(
        "container", "container", "none",
        "Its neighbours on the host cannot be seen from here; its limits apply to every thread.",
        "Keep the store on a volume: layered file systems are slower to write.",
    ),
)  # fmt: skip


def _shared(facts: Facts, share: _Share) -> Finding:
    found = facts.get(share.fact)
    if found is None:
        return unknown(share.topic)
    if not found or found == "none":
        return Finding("ok", share.topic, share.not_shared)
    what = "on" if found is True else str(found)
    return Finding("note", share.topic, what, share.consequence, share.advice)


def _steal(facts: Facts) -> Finding:
    share = facts.get("steal_share")
    if share is None:
        return unknown("steal")
    if share < _STEAL_SHARE:
        return Finding("ok", "steal", "no time given to other guests")
    return Finding(
        "warning", "steal", f"{share:.1%} of all cores given to other guests of the host",
        "Operations stop meanwhile, which raises p99 and above.",
        "Wait, or use a machine with dedicated cores.",
    )  # fmt: skip


def _busy(facts: Facts) -> Finding:
    busy = facts.get("busy")
    if busy is None:
        return unknown("other processes")
    if not busy:
        return Finding("ok", "other processes", "all idle")
    what = ", ".join(f"{entry['name']} {entry['share']:.0%}" for entry in busy)
    total = sum(entry["share"] for entry in busy)
    return Finding(
        "warning" if total >= _BUSY_SHARE else "note", "other processes", f"{what} of a core",
        "They take the processor from the runner, the screen, or the threads of a database.",
        "End them, or wait for them.",
    )  # fmt: skip


def _gap(facts: Facts) -> Finding:
    gap_ns = int(facts["longest_gap_ns"])
    what = f"a thread that only reads the clock was stopped for {format_duration(gap_ns)} at most"
    if gap_ns < _NOISY_GAP_NS:
        return Finding("ok", "standstill", what)
    return Finding(
        "warning", "standstill", what,
        "Any operation may take that much longer.",
        "See above which programs are busy; repeat runs and compare their medians.",
    )  # fmt: skip


def _power(facts: Facts) -> Finding:
    power = facts.get("power")
    if power is None:
        return unknown("power")
    if power != "battery":
        return Finding("ok", "power", "mains")
    return Finding(
        "warning", "power", "battery",
        "The frequency is low, and changes with the charge.",
        "Plug it in.",
    )  # fmt: skip


def _clock(facts: Facts) -> Finding:
    cost_ns = facts.get("clock_cost_ns")
    if cost_ns is None:
        return unknown("clock")
    source = facts.get("clock_source")
    what = (
        f"{f'{source}, ' if source else ''}{cost_ns:.0f} ns a reading, "
        f"resolution {facts.get('clock_resolution_ns', 0):g} ns"
    )
    if cost_ns < _SLOW_CLOCK_NS:
        return Finding("ok", "clock", what)
    return Finding(
        "warning", "clock", what,
        "The clock is read twice for each operation: one of a microsecond appears much longer.",
        'Time short operations in batches (batch = "auto"); see dmesg for why tsc is not used.',
    )  # fmt: skip
