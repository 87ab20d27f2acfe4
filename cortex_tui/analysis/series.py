"""The history of a profile: one value a session, and what its changes have to do with.

Only sessions that measured the same thing under the same conditions as the newest one belong to a
series; the others are counted with the reason. A canary, a profile that always does the same work,
can be taken off: what drifts with the machine is in both.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from cortex_tui.analysis.history import Shape, shape_of
from cortex_tui.analysis.verdict import tolerance_of
from cortex_tui.results.differences import Change, environment_changes
from cortex_tui.store.library import Acknowledgement, MeasuredRun, RunFacts

Word = Literal["slower", "faster"]

_MACHINE = ("system", "machine", "cpu", "usable_cores", "cpu_limit", "virtualisation")
_OF_THE_CODE = ("git_commit", "git_dirty", "git_branch")
"""Facts that are reported as the range of commits."""
_RATES = ("throughput",)
"""Statistics of which more is better."""
NEAR = 3
"""How many sessions an acknowledged change may move as more sessions come."""


class HistoryError(ValueError):
    """There is no such series; the text says why."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A session of the series."""

    session: str
    started_at: str
    value: float
    """The geometric mean over its rounds."""
    rounds: int
    revision: str = ""
    dirty: bool = False
    """Whether files differed from that commit."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A change of level between two neighbouring sessions."""

    at: int
    """The place of the first session after it."""
    last: Point
    """The last before it."""
    first: Point
    before: float
    after: float
    p: float
    word: Word
    differs: tuple[Change, ...]
    """What differs in the environments of those two, but for their commits."""
    note: str = ""
    """What a person who knows of it wrote."""
    noted_at: str = ""
    """The session under which that is kept."""

    @property
    def ratio(self) -> float:
        return self.after / self.before


class NewestPoints(msgspec.Struct, frozen=True, kw_only=True):
    """The last sessions lie off their level, and are too few to be a change."""

    count: int
    ratio: float
    word: Literal["high", "low"]


class History(msgspec.Struct, frozen=True, kw_only=True):
    profile: str
    statistic: str
    points: tuple[Point, ...]
    steps: tuple[Step, ...] = ()
    levels: tuple[float, ...] = ()
    """Of the segments between the steps."""
    newest: NewestPoints | None = None
    left_out: dict[str, int] = {}
    """How many sessions do not belong to the series, by reason."""
    canary: str = ""


def history_of(
    profile: str,
    runs: Sequence[MeasuredRun],
    *,
    statistic: str = "",
    variant: str = "",
    everything: bool = False,
    canary: Sequence[MeasuredRun] | None = None,
    canary_name: str = "",
    known: Iterable[Acknowledgement] = (),
) -> History:
    """The series of the profile's `runs`, oldest first; of each the facts are known, or why it
    cannot be read.

    `variant` is by default the code of the working folder, whatever it was compared with;
    `statistic` is by default the percentile that the newest session's targets name, else p95 where
    all sessions have it, else p50. With `everything`, sessions belong to the series whatever
    differs. Raises HistoryError.
    """
    unreadable = {run.session for run in runs if run.unreadable}
    sessions = _by_session((run for run in runs if run.session not in unreadable), variant)
    if not sessions:
        also = " that can be read" if unreadable else ""
        raise HistoryError(f"no session has a finished run of it{also}")
    chosen, left_out = _alike(sessions, everything=everything)
    if unreadable:
        left_out["a record that cannot be read"] = len(unreadable)
    statistic = statistic or _primary(chosen)
    values = {name: _value(found, statistic) for name, found in chosen.items()}
    if canary is not None:
        values = _without(values, {
            name: _value(found, statistic) for name, found in _by_session(canary, variant).items()
        })  # fmt: skip
    there = {name: value for name, value in values.items() if value is not None}
    lacking = len(values) - len(there)
    if not there:
        names = sorted(
            {name for found in chosen.values() for run in found for name in _statistics(run)}
        )
        expected = f"expected one of {', '.join(names)}" if names else "there are none at all"
        raise HistoryError(f"no session has a value of {statistic!r}: {expected}")
    if lacking:
        left_out["no value" if canary is None else "no value, or none of the canary"] = lacking
    points = tuple(_point(chosen[name], value) for name, value in there.items())
    environments = [chosen[name][0].environment for name in there]
    shape = shape_of([point.value for point in points], tolerance_of(statistic))
    notes = _notes(points, [change.at for change in shape.changes], known, statistic)
    return History(
        profile=profile,
        statistic=statistic,
        points=points,
        steps=tuple(
            Step(
                at=change.at,
                last=points[change.at - 1],
                first=points[change.at],
                before=change.before,
                after=change.after,
                p=change.p,
                word="slower" if (change.ratio > 1) != (statistic in _RATES) else "faster",
                differs=_differs(environments[change.at - 1], environments[change.at]),
                note=notes[change.at].note if change.at in notes else "",
                noted_at=notes[change.at].session if change.at in notes else "",
            )
            for change in shape.changes
        ),
        levels=shape.levels,
        newest=_newest(shape),
        left_out=left_out,
        canary=canary_name,
    )  # fmt: skip


def step_at(history: History, session: str) -> Step:
    """The step that a person means by a session, which may be a few off it.

    Raises HistoryError.
    """
    places = {point.session: at for at, point in enumerate(history.points)}
    at = places.get(session)
    near = [] if at is None else [step for step in history.steps if abs(step.at - at) <= NEAR]
    if at is None or not near:
        first = ", ".join(step.first.session for step in history.steps)
        hint = f"the changes begin at {first}" if first else "it has none"
        raise HistoryError(f"no change of {history.statistic} near session {session}: {hint}")
    return min(near, key=lambda step: abs(step.at - at))


def _by_session(runs: Iterable[MeasuredRun], variant: str) -> dict[str, list[MeasuredRun]]:
    found: dict[str, list[MeasuredRun]] = {}
    for run in runs:
        wanted = (variant,) if variant else run.as_it_is
        facts = _facts(run)
        if facts.state == "finished" and not facts.partial and facts.variant in wanted:
            found.setdefault(run.session, []).append(run)
    return found


def _facts(run: MeasuredRun) -> RunFacts:
    return run.facts or RunFacts()


def _statistics(run: MeasuredRun) -> Mapping[str, float]:
    return _facts(run).statistics


def _alike(
    sessions: Mapping[str, list[MeasuredRun]], *, everything: bool
) -> tuple[dict[str, list[MeasuredRun]], dict[str, int]]:
    """Those under the conditions of the newest, and how many are not, by the first reason."""
    *_, newest = sessions.values()
    wanted, left_out = _conditions(newest[0]), Counter[str]()
    chosen = {}
    for name, runs in sessions.items():
        own = _conditions(runs[0])
        reason = next((key for key in wanted if own[key] != wanted[key]), "")
        if reason and not everything:
            left_out[reason] += 1
        else:
            chosen[name] = runs
    return chosen, dict(left_out)


def _conditions(run: MeasuredRun) -> dict[str, Any]:
    """What must be the same, by the words for what is not."""
    return {
        "another definition": _facts(run).definition,
        "other neighbours": sorted(set(_facts(run).neighbours)),
        "another machine": [run.environment.get(fact) for fact in _MACHINE],
        "another event loop": run.loop,
        "another placement": run.placement,
    }


def _primary(sessions: Mapping[str, list[MeasuredRun]]) -> str:
    *_, newest = sessions.values()
    if named := _facts(newest[0]).primary:
        return named
    runs = [run for found in sessions.values() for run in found]
    return "p95" if all("p95" in _statistics(run) for run in runs) else "p50"


def _value(runs: Sequence[MeasuredRun], statistic: str) -> float | None:
    """Of one operation: percentiles of batches are shared out. None where a round has none."""
    logs = []
    for run in runs:
        value = _statistics(run).get(statistic)
        if not value or not 0 < value < math.inf:
            return None
        whole_batch = statistic not in ("mean", *_RATES)
        logs.append(math.log(value / (max(1, _facts(run).batch) if whole_batch else 1)))
    return math.exp(math.fsum(logs) / len(logs))


def _without(
    values: Mapping[str, float | None], canary: Mapping[str, float | None]
) -> dict[str, float | None]:
    """Each value over that of the canary in its session, on the canary's mean level."""
    both = {name: found for name, value in values.items() if value and (found := canary.get(name))}
    logs = [math.log(value) for value in both.values()]
    level = math.exp(math.fsum(logs) / len(logs)) if logs else 1.0
    return {
        name: value / both[name] * level if value and name in both else None
        for name, value in values.items()
    }


def _point(runs: Sequence[MeasuredRun], value: float) -> Point:
    first = runs[0]
    return Point(
        session=first.session,
        started_at=first.started_at,
        value=value,
        rounds=len(runs),
        revision=first.revision,
        dirty=bool(first.environment.get("git_dirty")),
    )


def _newest(shape: Shape) -> NewestPoints | None:
    found = shape.newest
    if found is None:
        return None
    word: Literal["high", "low"] = "high" if found.ratio > 1 else "low"
    return NewestPoints(count=found.count, ratio=found.ratio, word=word)


def _differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    found = environment_changes(before, after)
    return tuple(change for change in found if change.key not in _OF_THE_CODE)


def _notes(
    points: Sequence[Point], steps: Sequence[int], known: Iterable[Acknowledgement], statistic: str
) -> dict[int, Acknowledgement]:
    """By step: the note on it. A note belongs to the step nearest to its session."""
    places = {point.session: at for at, point in enumerate(points)}
    notes: dict[int, Acknowledgement] = {}
    for each in known:
        at = places.get(each.session)
        if each.statistic != statistic or at is None or not steps:
            continue
        nearest = min(steps, key=lambda step: abs(step - at))
        if abs(nearest - at) <= NEAR:
            notes[nearest] = each
    return notes
