"""The key `load`: workers, a rate, or stages of either."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from cortex_tui.profiles.model import (
    DEFAULT_MAX_IN_FLIGHT,
    Arrivals,
    ClosedLoad,
    Load,
    OpenLoad,
    Stage,
    StagedLoad,
)
from cortex_tui.profiles.reading import (
    DURATION,
    FLAG,
    MAX_DURATION_NS,
    RATE,
    Key,
    RefusedError,
    counts,
    lists,
    read_any_duration_ns,
    read_any_rate_per_s,
    read_count,
    read_duration_ns,
    read_flag,
    read_keys,
    read_list,
    read_rate_per_s,
    table_schema,
)
from cortex_tui.profiles.words import shown

MAX_WORKERS = 100_000
MAX_IN_FLIGHT = 10_000_000
MAX_STAGES = 1_000

_STAGES_EXAMPLE = '[{ rate = "100/s", for = "5s" }]'


def _read_arrivals(value: object, path: str) -> Arrivals:
    if value == "constant" or value == "poisson":
        return value
    raise RefusedError(path, f'expected "constant" or "poisson", got {shown(value)}')


STAGE_KEYS = {
    "rate": Key(read_any_rate_per_s, RATE, "Operations a second; 0/s starts nothing."),
    "workers": Key(
        partial(read_count, at_most=MAX_WORKERS, at_least=0),
        counts(0, MAX_WORKERS),
        "How many workers go on at once; 0 starts nothing.",
    ),
    "for": Key(read_duration_ns, DURATION, "How long the stage lasts."),
    "ramp": Key(
        read_flag,
        FLAG,
        "Reach the level in a straight line from that of the stage before, or from none.",
    ),
}


def _read_stages(value: object, path: str) -> list[dict[str, Any]]:
    """The stages' keys, checked one by one and against each other."""
    found = read_list(value, path, _STAGES_EXAMPLE)
    if not 1 <= len(found) <= MAX_STAGES:
        raise RefusedError(path, f"expected 1 to {MAX_STAGES:,} stages, got {len(found):,}")
    stages = [_read_stage(stage, path, number) for number, stage in enumerate(found, 1)]
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
    except RefusedError as refused:
        key = refused.key.removeprefix(".")
        message = f"{key}: {refused.message}" if key else refused.message
        raise RefusedError(path, f"stage {number}: {message}") from None
    levels = [name for name in ("rate", "workers") if name in stage]
    if len(levels) != 1:
        got = "both" if levels else "neither"
        raise RefusedError(path, f"stage {number}: expected rate or workers, got {got}")
    if "for" not in stage:
        raise RefusedError(path, f'stage {number}: expected for = "10s" or the like, there is none')
    return stage


def _level_of(stage: dict[str, Any]) -> str:
    return "rate" if "rate" in stage else "workers"


_OF_RATES = ("arrivals", "max_in_flight", "precise")
_OF_WORKERS = ("think_time",)
_KINDS = ("workers", "rate", "stages")

LOAD_KEYS = {
    "workers": Key(
        partial(read_count, at_most=MAX_WORKERS),
        counts(1, MAX_WORKERS),
        "Closed: so many workers, each starting its next operation when its last has ended.",
    ),
    "think_time": Key(
        read_any_duration_ns, DURATION, "How long a worker rests after each operation."
    ),
    "rate": Key(
        read_rate_per_s,
        RATE,
        "Open: operations start on a schedule, whatever has become of the earlier ones.",
    ),
    "arrivals": Key(
        _read_arrivals,
        {"enum": ["constant", "poisson"]},
        "Evenly spaced, or at random (a Poisson process) at that rate on average.",
    ),
    "max_in_flight": Key(
        partial(read_count, at_most=MAX_IN_FLIGHT),
        counts(1, MAX_IN_FLIGHT),
        "An arrival that finds so many under way is counted as unstarted.",
    ),
    "precise": Key(
        read_flag,
        FLAG,
        "Turn the loop for the last 100 µs before an arrival: it starts on time, at the expense "
        "of everything else on the loop.",
    ),
    "stages": Key(
        _read_stages,
        lists(
            {
                **table_schema(STAGE_KEYS, required=["for"]),
                "oneOf": [{"required": ["rate"]}, {"required": ["workers"]}],
            },
            at_least=1,
        ),
        "Levels over time, one stage after the other.",
    ),
}

LOAD_SCHEMA = {
    **table_schema(LOAD_KEYS),
    "oneOf": [{"required": [kind]} for kind in _KINDS],
}


def read_load(value: object, path: str) -> Load:
    """`{ workers, … }`, `{ rate, … }` or `{ stages, … }`, with the settings of that kind."""
    keys = read_keys(value, path, LOAD_KEYS)
    kinds = [kind for kind in _KINDS if kind in keys]
    if len(kinds) > 1:
        raise RefusedError(
            path, f"expected one of workers, rate and stages, got {' and '.join(kinds)}"
        )
    stages = keys.get("stages", ())
    rates = "rate" in keys or any("rate" in stage for stage in stages)
    workers = "workers" in keys or any("workers" in stage for stage in stages)
    _refuse(keys, _OF_RATES, rates, path, "a rate beside it (only an open load has it)")
    _refuse(keys, _OF_WORKERS, workers, path, "workers beside it (only a closed load has it)")
    if not kinds:
        raise RefusedError(
            path, 'expected { workers = 1 }, { rate = "500/s" } or { stages = […] }, got none'
        )
    if workers and not stages:
        return ClosedLoad(keys["workers"], keys.get("think_time", 0))
    settings = {
        "arrivals": keys.get("arrivals", "constant"),
        "max_in_flight": keys.get("max_in_flight", DEFAULT_MAX_IN_FLIGHT),
        "precise": keys.get("precise", False),
    }
    if not stages:
        return OpenLoad(keys["rate"], **settings)
    return StagedLoad(
        of="rate" if rates else "workers",
        stages=tuple(
            Stage(float(stage[_level_of(stage)]), stage["for"], stage.get("ramp", False))
            for stage in stages
        ),
        think_time_ns=keys.get("think_time", 0),
        **settings,
    )


def _refuse(
    keys: dict[str, Any], names: Sequence[str], there: bool, path: str, expected: str
) -> None:
    for name in names:
        if name in keys and not there:
            raise RefusedError(f"{path}.{name}", f"expected {expected}")
