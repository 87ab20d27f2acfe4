"""What a soak has found: the flatness of each series, the page and the picture."""

from __future__ import annotations

import platform
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from tests.soak.acts import REFUSED, Event
from tests.soak.books import Booked
from tests.soak.flatness import (
    GROWTH_PER_HOUR,
    LEAST_GROWTH,
    MB,
    PARTS,
    RATIO,
    SHARE,
    WARM_UP_S,
    Flatness,
    flatness,
)
from tests.soak.picture import Panel, in_mb, picture
from tests.soak.sampling import Sample

LIVES_ON = ("long", "busy", "agents")
"""The desks whose workbench is one process from the beginning to the end."""
_STEADY = ("workbench", "agent", "guard")
SPARE_DESCRIPTORS = 4
FAULTS = (
    "runner killed",
    "workbench killed",
    "terminal closed",
    "terminal not read",
    "runner suspended",
    "workbench suspended",
    "terminal resized",
    "disk full",
    "clock stepped",
)

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Found:
    """All that a report is made of."""

    length_s: float
    samples: Sequence[Sample]
    store: Sequence[tuple[float, float]]
    events: Sequence[Event]
    booked: Sequence[Booked]
    problems: Sequence[str]
    key_times_s: Sequence[float]
    seed: int
    commit: str
    missing: Sequence[str]
    """Faults that could not be injected on this machine, and why."""


def resident(sample: Sample) -> int:
    """Bytes, what was written to swap included."""
    return sample.rss + sample.swap


def proportional(sample: Sample) -> int:
    """Bytes, of what several processes share only a share each. It changes with their number."""
    return sample.pss + sample.swap


def sizes(
    samples: Sequence[Sample], measure: Callable[[Sample], int] = resident
) -> dict[str, Points]:
    """The memory of each process that lives over the whole time, by what it is."""
    of: dict[tuple[str, str, int], Points] = defaultdict(list)
    for each in samples:
        if each.desk in LIVES_ON:
            of[each.desk, each.role, each.pid].append((each.at_s, float(measure(each))))
    whole = max((each.at_s for each in samples), default=0.0)
    found: dict[str, Points] = {}
    for (desk, role, pid), points in of.items():
        if role in (*_STEADY, "runner") and points[-1][0] - points[0][0] > 0.8 * whole:
            name = f"{role} of {desk}"
            found[name if name not in found else f"{name} ({pid})"] = points
    return found


def runners_in_turn(samples: Sequence[Sample]) -> dict[str, Points]:
    """The greatest size of each runner that measured one session, by when it began."""
    of: dict[tuple[str, int], Points] = defaultdict(list)
    for each in samples:
        if each.role == "runner" and each.desk != "long":
            of[each.desk, each.pid].append((each.at_s, float(resident(each))))
    found: dict[str, Points] = defaultdict(list)
    for (desk, _), points in of.items():
        found[f"runners of {desk}"].append((points[0][0], max(size for _, size in points)))
    return dict(found)


def memory(found: Found) -> dict[str, Flatness]:
    series = sizes(found.samples) | runners_in_turn(found.samples)
    judged = {name: flatness(points) for name, points in series.items()}
    return {name: each for name, each in judged.items() if each is not None}


def growing(found: Found) -> list[str]:
    """What is not flat, of memory, descriptors and threads."""
    problems = [
        f"{name}: {problem}" for name, each in memory(found).items() for problem in each.problems
    ]
    for what in ("descriptors", "threads"):
        for desk in LIVES_ON:
            first, last = _first_and_last(found, desk, what)
            if last > first + SPARE_DESCRIPTORS:
                problems.append(f"workbench of {desk}: {what} grew from {first:g} to {last:g}")
    return problems


def _first_and_last(found: Found, desk: str, what: str) -> tuple[float, float]:
    """Medians of the first tenth behind the warm-up and of the last one."""
    values = [
        float(getattr(each, what))
        for each in found.samples
        if each.desk == desk and each.role == "workbench" and each.at_s >= WARM_UP_S
    ]
    if not values:
        return 0.0, 0.0
    tenth = max(1, len(values) // 10)
    return median(values[:tenth]), median(values[-tenth:])


def svg(found: Found) -> str:
    steady = sizes(found.samples)
    panels = [
        Panel("resident memory of the processes that live all the time", "MB", _mb(steady)),
        Panel(
            "greatest resident memory of each runner of one session",
            "MB",
            _mb(runners_in_turn(found.samples)),
            dots=True,
        ),
        Panel("store: database and its log", "MB", {"store": in_mb(found.store)}),
    ]
    faults = [(event.at_s, event.kind) for event in found.events]
    minutes = f"{found.length_s / 60:.0f} minutes"
    return picture(f"{minutes} with faults", panels, faults, found.length_s)


def _memory_rows(found: Found) -> Iterator[str]:
    shared = sizes(found.samples, proportional)
    for name, each in memory(found).items():
        share = flatness(shared.get(name, []))
        yield (
            f"| {name} | {each.first / MB:.1f} MB | {each.last / MB:.1f} MB "
            f"| {each.slope / MB:+.2f} MB/h | {each.at_most / MB:+.2f} MB/h "
            f"| {each.whole / MB:+.2f} MB/h "
            f"| {f'{share.last / MB:.1f} MB' if share else '–'} "
            f"| {'no' if each.problems else 'yes'} |"
        )


def _refusals(found: Found) -> list[str]:
    """A save that was refused with a reason was tried again: nothing was lost by it."""
    refused = [event for event in found.events if event.kind == REFUSED]
    if not refused:
        return []
    return [
        f"{len(refused)} times a save was refused with a reason, and tried again:",
        "",
        *(f"- after {event.at_s:.0f} s, {event.desk}, {event.text}" for event in refused),
        "",
    ]


def _keys(times_s: Sequence[float]) -> str:
    """What the loop of the screens took to take in a key and to draw what it changed."""
    if len(times_s) < 2:
        return ""
    p95_s = quantiles(times_s, n=20)[-1]
    return (
        f"From a key to the tab that it opens: median {median(times_s) * 1e3:.0f} ms, p95 "
        f"{p95_s * 1e3:.0f} ms, of {len(times_s)}; a screen is looked at every 30 ms."
    )


def _mb(series: dict[str, Points]) -> dict[str, Points]:
    return {name: in_mb(points) for name, points in series.items()}


def page(found: Found, picture_path: str) -> str:
    """In Markdown."""
    faults = Counter(event.kind for event in found.events if event.kind in FAULTS)
    done = sum(each.succeeded + each.failed for one in found.booked for each in one.counts)
    kept = [each for each in found.booked if not each.deleted]
    problems = [*found.problems, *growing(found)]
    lines = [
        "# An hour's soak",
        "",
        f"{found.length_s / 60:.0f} minutes, seed {found.seed}, commit {found.commit}, "
        f"{platform.platform()}, Python {platform.python_version()}.",
        "",
        f"![Memory and store over the time of the soak]({picture_path})",
        "",
        "## What was found",
        "",
        *(
            [f"- {text.splitlines()[0]}" for text in problems]
            or ["Nothing was lost, and nothing grew."]
        ),
        "",
        f"{len(found.booked)} sessions were confirmed by the screen or read from the store, "
        f"{len(found.booked) - len(kept)} of them deleted again. Their workloads counted "
        f"{done:,} operations.",
        "",
        *_refusals(found),
        "## Memory",
        "",
        "| process | resident, first tenth | last tenth | fit of the last part | at most "
        "| fit of all | proportional, last tenth | flat |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
        *_memory_rows(found),
        "",
        f"The first {WARM_UP_S:.0f} s are left out. A process is flat if the slope of a robust "
        f"fit (Theil and Sen, on medians of 10 s) to the last {SHARE:.0%} of the rest is shown, at "
        f"95 %, to be at most {GROWTH_PER_HOUR / MB:.0f} MB an hour (of a short time, "
        f"{LEAST_GROWTH / MB:.0f} MB in all), and the median of the last tenth of the rest is at "
        f"most {RATIO} times that of its first. How sure the slope is follows from how far {PARTS} "
        "parts lie off the fit. What rises to a bound is flat once it is there, if it rose little.",
        "",
        "| workbench | descriptors, first and last tenth | threads |",
        "|---|---:|---:|",
        *(
            "| {} | {:g} → {:g} | {:g} → {:g} |".format(
                desk,
                *_first_and_last(found, desk, "descriptors"),
                *_first_and_last(found, desk, "threads"),
            )
            for desk in LIVES_ON
        ),
        "",
        f"The store had {found.store[0][1] / MB:.1f} MB at first and "
        f"{found.store[-1][1] / MB:.1f} MB at last. {_keys(found.key_times_s)}",
        "",
        "## Faults",
        "",
        "| fault | times |",
        "|---|---:|",
        *(f"| {kind} | {faults[kind]} |" for kind in FAULTS),
        "",
        *(f"Not possible on this machine: {text}." for text in found.missing),
        "",
        "| time | workbench | fault | |",
        "|---:|---|---|---|",
        *(
            f"| {event.at_s:.0f} s | {event.desk} | {event.kind} | {event.text} |"
            for event in found.events
            if event.kind in FAULTS
        ),
    ]
    return "\n".join(lines) + "\n"
