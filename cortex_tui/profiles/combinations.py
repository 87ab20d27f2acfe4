"""Keys that are right by themselves, but not together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.port import Load
from cortex_tui.profiles.matrix import Cell
from cortex_tui.profiles.model import sharing_refusals
from cortex_tui.stats.statistics import find_statistic
from cortex_tui.stats.targets import SCALING, Target, parse_target
from cortex_tui.stats.verdicts import least_operations
from cortex_tui.suggestions import suggestion
from cortex_tui.toml.reading import RefusedError, below
from cortex_tui.toml.words import shown

STOP_RULE = frozenset({"duration", "iterations", "precision"})
"""They are one rule: a profile that states any of them takes none from the defaults. Stages say
how long they last, and so are a stop rule too."""


def states_stop_rule(keys: Mapping[str, Any]) -> bool:
    return not STOP_RULE.isdisjoint(keys) or _load(keys).duration_ns is not None


def _load(keys: Mapping[str, Any]) -> Load:
    load: Load = keys.get("load", ClosedLoad())
    return load


def refusals(keys: Mapping[str, Any], path: str) -> list[RefusedError]:
    """What cannot be, of keys that were read; `path` is that of their table."""
    return [
        RefusedError(below(path, key), message)
        for key, message in (
            *_stop_rule(keys),
            *_batch(keys),
            *_processes(keys),
            *_matrix(keys),
            *_targets(keys),
        )
    ]


def stop_rule_refusals(keys: Mapping[str, Any], path: str) -> list[RefusedError]:
    """Of those, what would be wrong whatever a profile adds: the part for the defaults."""
    return [RefusedError(below(path, key), message) for key, message in _stop_rule(keys)]


def _stop_rule(keys: Mapping[str, Any]) -> list[tuple[str, str]]:
    of_stages = "expected none with stages, which have durations of their own"
    of_precision = "expected none with precision, whose bound is at_most"
    found = []
    if _load(keys).duration_ns is not None:
        found += [(key, of_stages) for key in ("duration", "precision") if key in keys]
    elif "precision" in keys:
        found += [(key, of_precision) for key in ("duration", "iterations") if key in keys]
    return found


def _batch(keys: Mapping[str, Any]) -> list[tuple[str, str]]:
    batch = keys.get("batch", 1)
    if batch == 1:
        return []
    found = []
    if not _load(keys).has_workers:
        found.append(("batch", "expected a load of workers (arrivals start one by one)"))
    if "timeout" in keys:
        found.append(("timeout", "expected none with batch (its own cost would be measured)"))
    if "precision" in keys:
        found.append(("precision", f"expected none with batch ({_OF_BATCHES})"))
    if "iterations" in keys and keys["iterations"] < batch:
        found.append(("iterations", f"expected at least a batch of {batch:,}"))
    return found


def _processes(keys: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sharing_refusals(
        _load(keys).shared_by, keys.get("batch", 1), keys.get("database"), keys.get("iterations")
    )


_OF_BATCHES = "a batch is timed as one, so there are no percentiles of operations"


def _matrix(keys: Mapping[str, Any]) -> list[tuple[str, str]]:
    cells: tuple[Cell, ...] = keys.get("matrix", ())
    both = [name for name in (cells[0] if cells else ()) if name in keys.get("params", {})]
    return [("matrix", f"{name} is in params, too: expected it in one of them") for name in both]


def _targets(keys: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (key, f"target {number}, {shown(text)}: {lacking}")
        for key in ("targets", "warn_targets")
        for number, text in enumerate(keys.get(key, ()), 1)
        if (lacking := _lacking(parse_target(text), keys))
    ]


def _scaling(name: str, cells: tuple[Cell, ...]) -> str:
    """What keeps the growth over a parameter from having a value; "" if nothing."""
    if not cells:
        return "expected a matrix in the same profile, whose cells it compares"
    if name not in cells[0]:
        return f"{name} is not in the matrix {suggestion(name, cells[0])}"
    values = {cell[name] for cell in cells}
    if any(isinstance(v, bool | str) or v <= 0 for v in values):
        return f"expected numbers above 0 for {name} in the matrix"
    if len(values) < 2:
        return f"expected at least two values for {name} in the matrix"
    return ""


def _lacking(target: Target, keys: Mapping[str, Any]) -> str:
    """What keeps the target from ever having a value, and so from being met; "" if nothing."""
    if target.statistic == SCALING:
        return _scaling(target.parameter, keys.get("matrix", ()))
    if target.subject == "lateness" and not _load(keys).has_schedule:
        return "expected a load with a rate (a closed load has no lateness)"
    statistic = find_statistic(target.statistic)
    of_each = statistic is not None and statistic.of_times is not None and statistic.name != "mean"
    if keys.get("batch", 1) != 1 and of_each and target.subject != "failure":
        return f"expected mean or throughput ({_OF_BATCHES})"
    iterations: int | None = keys.get("iterations")
    if iterations and (least := least_operations(target)) > iterations:
        return f"expected at least {least:,} iterations for it, got {iterations:,}"
    return ""
