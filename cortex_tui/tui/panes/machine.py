"""The pane about where it is measured: runner, event loop, machine, and what the screen costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cortex_tui.placement.registry import place_of
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.results.blocked import Blocks
from cortex_tui.results.machines import clocks_text, machines_of
from cortex_tui.results.series import RunSeries
from cortex_tui.results.view import SessionView
from cortex_tui.results.waits import Waits
from cortex_tui.store.records import BlockCause
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.panes.port import LinesPane, PaneInput
from cortex_tui.tui.render.line_builder import LABEL_WIDTH, LineBuilder
from cortex_tui.tui.render.status import cost_text, stage_of
from cortex_tui.tui.render.text import Line, Span, width_of
from cortex_tui.tui.render.trend import trend
from cortex_tui.tui.state.cost import ScreenCost
from cortex_tui.tui.state.pace import FULL, pace_text

BLOCKED_NS = 10_000_000
"""From here on a block of the measuring loop is worth a warning: open loads start so late."""

_AT_MOST_WIDTH = 18
_LEVELS: dict[str, Tone] = {"warning": "warn", "note": "plain", "ok": "dim"}
"""In the order in which they are shown."""


def _runner(builder: LineBuilder, view: SessionView) -> None:
    facts = [view.where or place_of(view.placement).words, *filter(None, [view.loop])]
    if view.timer:
        facts.append(f"arrivals woken by {view.timer}")
    builder.fact("runner", ", ".join(facts))
    if view.clock_cost_ns:
        reading = f"reading it adds {format_duration(view.clock_cost_ns)} to an operation"
        builder.fact(
            "clock", f"{reading}; an empty await takes {format_duration(view.await_cost_ns)}"
        )


_STATES: dict[str, Tone] = {"connected": "good", "silent": "warn", "lost": "bad"}


def _machines(builder: LineBuilder, view: SessionView) -> None:
    """Each machine of a cluster on a line, and why one was lost below it."""
    width = max((width_of(one_line(machine.name)) for machine in view.machines), default=0)
    label = "machines"
    for machine in view.machines:
        runners = f"{machine.runners} runner{'s' * (machine.runners != 1)}"
        bound_ns = machine.clock_bound_ns
        clock = f"clock ±{format_duration(bound_ns)}" if bound_ns is not None else "clock unknown"
        since_ns = machine.since_ns if machine.state != "connected" else None
        since = f" since {format_duration(since_ns)}" if since_ns is not None else ""
        name = one_line(machine.name)
        facts = f"{name}{' ' * (width - width_of(name))}  {runners:<10}  {clock:<14}  "
        state = Span(f"{machine.state}{since}", _STATES[machine.state])
        builder.row((Span(label.ljust(LABEL_WIDTH), "dim"), Span(facts), state))
        label = ""
        if machine.reason:
            builder.fact(label, machine.reason, "bad")


def _health(builder: LineBuilder, view: SessionView, cost: ScreenCost, cores: int) -> None:
    """How it is now, which nothing is of a session that has ended."""
    if not view.is_live:
        return
    lag = view.loop_lag_ns
    blocked = f"blocked for at most {format_duration(lag)}" if lag else "not blocked"
    text = f"{blocked} within the last second"
    builder.fact("loop", text, "warn" if lag >= BLOCKED_NS else "plain")
    if view.gc_pauses:
        pauses = "1 pause" if view.gc_pauses == 1 else f"{format_count(view.gc_pauses)} pauses"
        text = f"{pauses} in the runner, {format_duration(view.gc_pause_ns)} together"
    else:
        text = "no pause in the runner"
    builder.fact("GC", text)
    runner = view.runner_cpu_share
    if runner is not None:
        own = cost.cpu_share or 0.0
        busy = runner + own if place_of(view.placement).own_process else max(runner, own)
        text = f"the runner uses {runner:.2f} of {cores} usable core{'s' * (cores > 1)}"
        builder.fact("CPU", text, "warn" if busy >= FULL * cores else "plain")


def _screen(builder: LineBuilder, view: SessionView, cost: ScreenCost) -> None:
    text = cost_text(cost).removeprefix("screen ")
    if text and not place_of(view.placement).own_process:
        text += ", together with what is measured"
    builder.fact("screen", text or "not known yet")


def _over_time(builder: LineBuilder, series: RunSeries) -> None:
    """What happened around the run under the cursor, interval by interval: the newest that fit."""
    room = max(0, builder.width - LABEL_WIDTH - _AT_MOST_WIDTH)
    found = series.interruptions
    rows = (
        ("blocked", found.blocked_ns),
        ("GC pauses", found.gc_pause_ns),
        ("steal", found.steal_ns),
    )
    for label, values in rows:
        if not any(values):
            continue
        known = [value or None for value in values]
        text = f"{trend(known, min(room, len(known)))}  at most {format_duration(max(values))}"
        builder.fact(label, text)


def _causes(builder: LineBuilder, blocks: Blocks) -> None:
    """What blocked the loop in the run under the cursor, where any of it is known."""
    if not any(each.cause for each in blocks.causes):
        return
    shown = list(blocks.causes)
    if blocks.other_causes:
        shown.append(BlockCause("elsewhere", blocks.other_causes, 0))
    for number, each in enumerate(shown):
        count = f"{each.intervals} interval{'s' * (each.intervals != 1)}"
        longest = f", up to {format_duration(each.longest_ns)}" if each.longest_ns else ""
        builder.fact("" if number else "blocks", f"{each.words}: {count}{longest}")


def _waits(builder: LineBuilder, waits: Waits) -> None:
    """Where operations of the run under the cursor were while they were in flight."""
    for number, each in enumerate(waits.places):
        text = f"{waits.share_text(each)} of {format_count(waits.seen)} looks: {each.place}"
        builder.fact("" if number else "in flight", text)


def _findings(builder: LineBuilder, environment: Mapping[str, Any]) -> None:
    """What the doctor would report of the machine, or of all machines of a cluster, as they were
    when the session started. What is not so on all of them has their names."""
    # Brings sqlite3, which the first frame need not wait for.
    from cortex_tui.environment.findings import Finding, findings

    machines = machines_of(environment) or {"": environment}
    found: dict[Finding, list[str]] = {}
    for name, facts in machines.items():
        for finding in findings({**environment, **facts}):
            found.setdefault(finding, []).append(name)
    for level, tone in _LEVELS.items():
        for finding, names in found.items():
            if finding.level != level:
                continue
            whose = f" ({', '.join(names)})" if len(names) < len(machines) else ""
            builder.fact(finding.topic, f"{finding.what}{whose}", tone)
            if level != "ok":
                for text in filter(None, (finding.effect, finding.advice)):
                    builder.fact("", text, "dim")


class MachinePane(LinesPane):
    """Facts that are the same whichever run the cursor is on, and what happened around that run."""

    NAME = "machine"
    TAB = 7
    KEY = "i"
    LABEL = "machine"
    TOOLTIP = "Show what is measured on: runner, event loop, machine, screen; i closes it again"
    WANTS_SERIES = True
    HEADING = "session and machine"
    NEEDS = ("cortex_tui.environment.findings",)

    @staticmethod
    def lines_of(now: PaneInput, width: int) -> list[Line]:
        builder, view, cost = LineBuilder(width), now.latest.view, now.cost
        if view is None:
            builder.add("Nothing was run yet. A session starts by examining the machine.", "dim")
            builder.add("cortex-tui doctor does so at any time.", "dim")
            return builder.lines
        state = [stage_of(view)]
        if view.elapsed_ns:  # not known of a stored session
            state.append(format_duration(view.elapsed_ns))
        if view.rounds > 1:
            state.insert(1, f"round {view.current_round} of {view.rounds}")
        builder.fact("session", ", ".join(state))
        if view.died:
            builder.fact("", view.died, "bad")
        for warning in now.latest.shared:
            text = f"! {warning.text}; seen by {', '.join(warning.profiles)}"
            builder.add(text, "warn", indent="  ")
        _runner(builder, view)
        _machines(builder, view)
        _health(builder, view, cost, now.cores)
        if now.series is not None:
            _over_time(builder, now.series)
        if now.run is not None:
            _causes(builder, now.run.blocks)
            _waits(builder, now.run.waits)
        _screen(builder, view, cost)
        if text := pace_text(now.pace):
            builder.fact("", text, "warn")
        if view.store_error:
            builder.fact("store", f"not stored: {view.store_error}", "bad")
        elif view.stored:
            builder.fact("store", "everything up to now is on disk")
        if view.started_at:
            builder.fact("started", f"{view.started_at}, as {view.session}")
        if view.environment:
            count = len(machines_of(view.environment))
            what = "machine" if count < 2 else f"{count} machines"
            builder.add(f"{what}, when the session started", "head")
            if text := clocks_text(view.environment):
                builder.fact("clocks", f"known within {text}")
            _findings(builder, view.environment)
        return builder.lines
