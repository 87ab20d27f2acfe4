"""The staged load: a rate or a number of workers that changes over time."""

from __future__ import annotations

from functools import partial
from itertools import accumulate, pairwise
from typing import Any, Literal

import msgspec

from cortex_tui.limits import MAX_DURATION_NS, MAX_STAGES, MAX_WORKERS
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.levels import Segment
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import ArrivalRules, Arrivals, Load, WorkerRules
from cortex_tui.loads.settings import (
    DEFAULT_MAX_IN_FLIGHT,
    OF_ALL,
    OF_RATES,
    OF_WORKERS,
    processes_lines,
    processes_text,
    with_no_idle_process,
)
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.toml.reading import (
    DURATION,
    FLAG,
    RATE,
    Key,
    RefusedError,
    below,
    counts,
    lists,
    read_any_rate_per_s,
    read_count,
    read_duration_ns,
    read_flag,
    read_keys,
    read_list,
    refuse_all,
    such_as,
    table_schema,
)

_EXAMPLE = '[{ rate = "100/s", for = "5s" }]'
_IN_FULL = 3
"""Of how many stages a row of a table names every level."""

STAGE_KEYS = {
    "rate": Key(read_any_rate_per_s, RATE, "Operations a second; 0/s starts nothing."),
    "workers": Key(
        partial(read_count, at_most=MAX_WORKERS, at_least=0),
        counts(0, MAX_WORKERS),
        "How many workers run at once; 0 starts nothing.",
    ),
    "for": Key(read_duration_ns, DURATION, "How long the stage lasts."),
    "ramp": Key(
        read_flag,
        FLAG,
        "Reach the level in a straight line from that of the stage before, or from none.",
    ),
}


class Stage(msgspec.Struct, frozen=True):
    """A part of a staged load: a level that stays, or with `ramp` is reached in a straight line."""

    level: float
    """Operations a second, or workers."""
    duration_ns: int
    ramp: bool = False
    """From the level of the stage before, or from none, to this one."""


def _read_stages(value: object, path: str) -> list[dict[str, Any]]:
    """The stages' keys, checked one by one and against each other."""
    found = read_list(value, path, _EXAMPLE)
    if not 1 <= len(found) <= MAX_STAGES:
        raise RefusedError(path, f"expected 1 to {MAX_STAGES:,} stages, got {len(found):,}")
    stages: list[dict[str, Any]] = []
    refused: list[RefusedError] = []
    for number, stage in enumerate(found, 1):
        try:
            stages.append(_read_stage(stage, path, number))
        except RefusedError as error:
            refused += [error, *error.others]
    refuse_all(refused)
    if len({_level_of(stage) for stage in stages}) > 1:
        raise RefusedError(path, "expected rate in all stages or workers in all, got both")
    if not any(stage[_level_of(stage)] for stage in stages):
        raise RefusedError(path, "expected a stage above 0, there is none")
    if sum(stage["for"] for stage in stages) > MAX_DURATION_NS:
        raise RefusedError(path, 'expected at most "168h" in all')
    return stages


def _read_stage(value: object, path: str, number: int) -> dict[str, Any]:
    try:
        stage = read_keys(value, "", STAGE_KEYS)
    except RefusedError as error:
        refuse_all([_of_stage(each, path, number) for each in (error, *error.others)])
    refused: list[RefusedError] = []
    levels = [name for name in ("rate", "workers") if name in stage]
    if len(levels) != 1:
        got = "both" if levels else "neither"
        refused.append(RefusedError("", f"expected rate or workers, got {got}"))
    if "for" not in stage:
        refused.append(RefusedError("", 'expected for = "10s" or the like, there is none'))
    refuse_all([_of_stage(each, path, number) for each in refused])
    return stage


def _of_stage(refused: RefusedError, path: str, number: int) -> RefusedError:
    return RefusedError(path, f"stage {number}: {refused}")


def _level_of(stage: dict[str, Any]) -> Literal["rate", "workers"]:
    return "rate" if "rate" in stage else "workers"


class StagedLoad(Load, msgspec.Struct, frozen=True, tag_field="model", tag="staged"):
    """A load whose rate or number of workers changes over time.

    `arrivals`, `max_in_flight` and `precise` speak of rates, `think_time_ns` of workers.
    """

    of: Literal["rate", "workers"]
    stages: tuple[Stage, ...]
    arrivals: Arrivals = "constant"
    max_in_flight: int = DEFAULT_MAX_IN_FLIGHT
    precise: bool = False
    think_time_ns: int = 0
    processes: int = 1

    key = "stages"
    example = "{ stages = […] }"
    keys = {
        "stages": Key(
            _read_stages,
            lists(
                such_as(
                    {
                        **table_schema(STAGE_KEYS, required=["for"]),
                        "oneOf": [{"required": ["rate"]}, {"required": ["workers"]}],
                    },
                    {"rate": "100/s", "for": "5s"},
                ),
                at_least=1,
            ),
            "Levels over time, one stage after the other.",
        ),
        **OF_RATES,
        **OF_WORKERS,
    }

    @classmethod
    def read(cls, keys: dict[str, Any], path: str) -> StagedLoad:
        stages = keys.pop("stages")
        of = _level_of(stages[0])
        others, wanted = (OF_WORKERS, "workers") if of == "rate" else (OF_RATES, "a rate")
        for name in keys:
            if name in others and name not in OF_ALL:
                raise RefusedError(below(path, name), f"expected {wanted} in the same stages")
        keys["think_time_ns"] = keys.pop("think_time", 0)
        found = tuple(
            Stage(float(stage[of]), stage["for"], stage.get("ramp", False)) for stage in stages
        )
        return with_no_idle_process(StagedLoad(of, found, **keys), path)

    @property
    def arrival_rules(self) -> ArrivalRules | None:
        if self.of == "workers":
            return None
        return ArrivalRules(self.arrivals, self.max_in_flight, self.precise)

    @property
    def worker_rules(self) -> WorkerRules | None:
        return WorkerRules(self.think_time_ns) if self.of == "workers" else None

    @property
    def duration_ns(self) -> int:
        return sum(stage.duration_ns for stage in self.stages)

    def segments(self, start_ns: int) -> list[Segment]:
        found, level = [], 0.0
        for stage in self.stages:
            first, until_ns = level if stage.ramp else stage.level, start_ns + stage.duration_ns
            found.append(Segment(start_ns, until_ns, first, stage.level))
            start_ns, level = until_ns, stage.level
        return found

    def steady(self) -> ClosedLoad | OpenLoad:
        """Its first level that is above none."""
        level = next((stage.level for stage in self.stages if stage.level), 1.0)
        if self.of == "workers":
            return ClosedLoad(max(1, round(level)), self.think_time_ns, self.processes)
        return OpenLoad(level, self.arrivals, self.max_in_flight, self.precise, self.processes)

    def stretched(self, duration_ns: int) -> StagedLoad:
        """The stages keep their shares of the time."""
        whole_ns = self.duration_ns
        ends_ns = accumulate((stage.duration_ns for stage in self.stages), initial=0)
        spans_ns = pairwise(end_ns * duration_ns // whole_ns for end_ns in ends_ns)
        return msgspec.structs.replace(
            self,
            stages=tuple(
                msgspec.structs.replace(stage, duration_ns=end_ns - start_ns)
                for stage, (start_ns, end_ns) in zip(self.stages, spans_ns, strict=True)
            ),
        )

    @property
    def text(self) -> str:
        levels = [stage.level for stage in self.stages]
        if len(levels) > _IN_FULL:
            text = f"{len(levels)} stages, up to {self.level_text(max(levels))}"
        else:
            *first, last = levels
            earlier = [format_count(level) for level in first]
            if self.has_schedule:
                earlier = [self.level_text(level) for level in first]
            text = " → ".join([*earlier, self.level_text(last)])
        if self.think_time_ns:
            text += f", think {format_duration(self.think_time_ns)}"
        poisson = " poisson" if self.arrivals == "poisson" else ""
        return text + poisson + processes_text(self)

    @property
    def lines(self) -> tuple[str, ...]:
        stages = (
            f"{'to' if stage.ramp else 'at'} {self.level_text(stage.level)} for "
            f"{format_duration(stage.duration_ns)}"
            for stage in self.stages
        )
        if self.has_schedule:
            most = f"at most {format_count(self.max_in_flight)} in flight"
            kind = f"in stages, open, {self.arrivals} arrivals"
            return (kind, *stages, most, *processes_lines(self))
        kind = "in stages, closed: cannot see queueing"
        think = [f"think time {format_duration(self.think_time_ns)}"] if self.think_time_ns else []
        return (kind, *stages, *think, *processes_lines(self))
