"""The noise floor: how far sessions of equal code come out apart, for one profile on one machine.

Two stored sessions were measured at different times, in different processes, with other memory
layouts and hash seeds: what that does to a statistic is in neither of them, and has to be measured.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from cortex_tui.analysis.arms import Arm
from cortex_tui.analysis.comparison import DECIDING, PERCENTILES, values_of
from cortex_tui.analysis.evidence import Floor
from cortex_tui.analysis.stored_arms import keeps_enough, lost_share, stored_arms
from cortex_tui.analysis.verdict import ALPHA, POWER, rounds_for
from cortex_tui.stats.beta import chi_square, t_critical
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.records import SessionRecord, StoredSession

MIN_SESSIONS = 5
"""The spread of fewer is hardly known."""

MOST_NOISE = 50.0
"""Of a standard deviation of logarithms: no measurement has more, whatever a store holds."""
FINDING = {"p50": 0.05, "p95": 0.1, "p99": 0.1}
"""The differences, as ratios less 1, for which it is said how many rounds find them."""


def profile_key(arm: Arm, session: SessionRecord) -> str:
    """The same only for what measures the same thing in the same way."""
    return _digest(
        arm.profile.definition, sorted(set(arm.neighbours)), session.loop, session.placement
    )


def machine_key(environment: Mapping[str, Any]) -> str:
    """The same only on the same kind of machine, with the same Python."""
    python = ".".join(str(environment.get("python", "")).split(".")[:2])
    keys = ("system", "machine", "cpu", "usable_cores", "cpu_limit", "implementation", "gil")
    return _digest(python, *(environment.get(key) for key in keys))


def _digest(*parts: object) -> str:
    return hashlib.blake2s(msgspec.json.encode(parts), digest_size=8).hexdigest()


def noise_of(sessions: Sequence[StoredSession], measured_at: str) -> list[NoiseRecord]:
    """The noise floors that sessions of equal code show, one for each profile that all have.

    What others disturbed is left out by the rule of comparisons, for which they are measured.
    """
    found: defaultdict[str, list[dict[str, float]]] = defaultdict(list)
    keys: dict[str, tuple[str, str]] = {}
    measured = [stored_arms(stored) for stored in sessions]
    if sessions and not keeps_enough([lost_share(arms.values()) for arms in measured]):
        measured = [stored_arms(stored, clean=False) for stored in sessions]
    for stored, arms in zip(sessions, measured, strict=True):
        machine = machine_key(stored.session.environment)
        for name, arm in arms.items():
            if arm.partial:
                continue  # its load was another
            keys[name] = profile_key(arm, stored.session), machine
            found[name].append(values_of(arm))
    return [
        msgspec.structs.replace(
            noise_of_values(values),
            profile=keys[name][0],
            machine=keys[name][1],
            name=name,
            measured_at=measured_at,
        )
        for name, values in found.items()
        if len(values) > 1
    ]


def noise_of_values(values: Sequence[Mapping[str, float]]) -> NoiseRecord:
    """What the statistics of two or more sessions of equal code show, in the order in which those
    were measured; of no profile or machine in particular."""
    return NoiseRecord(
        profile="",
        machine="",
        deviations=_over(values, _deviation),
        successive=_over(values, _successive),
        sessions=len(values),
    )


def _over(
    values: Sequence[Mapping[str, float]], spread: Callable[[Sequence[float]], float]
) -> dict[str, float]:
    """The spread of the logarithms of each statistic that all sessions have."""
    common = [name for name in values[0] if all(each.get(name) for each in values)]
    return {name: spread([math.log(each[name]) for each in values]) for name in common}


def _deviation(logs: Sequence[float]) -> float:
    mean = math.fsum(logs) / len(logs)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in logs) / (len(logs) - 1))


def _successive(logs: Sequence[float]) -> float:
    steps = [after - before for before, after in pairwise(logs)]
    return math.sqrt(math.fsum(step**2 for step in steps) / len(steps))


def unreadable(records: Iterable[NoiseRecord]) -> list[str]:
    """For each record that cannot be read, a line that says why and what follows."""
    return [
        f"{each.unreadable}; it is left out, and `noise` measures it anew"
        for each in records
        if each.unreadable
    ]


def floors_for(
    arm: Arm, session: SessionRecord, records: Iterable[NoiseRecord]
) -> dict[str, Floor]:
    """By statistic, what is known of the noise between sessions of that profile; empty for
    nothing."""
    wanted = profile_key(arm, session), machine_key(session.environment)
    for record in records:
        if (record.profile, record.machine) == wanted and record.sessions > 1:
            return {
                name: Floor(deviation, record.sessions)
                for name, deviation in record.deviations.items()
                if 0 <= deviation < MOST_NOISE
            }
    return {}


def apart(deviation: float, sessions: int) -> float:
    """Within which ratio less 1 two sessions of equal code lie in 95 of 100 cases."""
    return math.expm1(t_critical(ALPHA, sessions - 1) * math.sqrt(2) * deviation)


def smallest_differences(
    stored: StoredSession, records: Sequence[NoiseRecord]
) -> dict[str, dict[str, float]]:
    """By profile and statistic, the ratio less 1 that a comparison with the session would find
    with probability POWER, however long the other is measured; of profiles whose noise is known."""
    found: dict[str, dict[str, float]] = {}
    for name, arm in stored_arms(stored).items():
        floors = floors_for(arm, stored.session, records)
        if floors:
            found[name] = {
                statistic: _findable(floors[statistic])
                for statistic in PERCENTILES
                if statistic in floors
            }
    return found


def _findable(floor: Floor) -> float:
    degrees = floor.sessions - 1
    reach = t_critical(ALPHA, degrees) + t_critical(2 * (1 - POWER), degrees)
    return math.expm1(min(reach * math.sqrt(2) * floor.deviation, 5.0))


def rounds_to_find(
    record: NoiseRecord, statistic: str, difference: float, *, family: int = 1
) -> int | None:
    """In how many alternating rounds, as long as those sessions, a difference of that ratio less 1
    is found with probability POWER, of `family` profiles together; None where that is not known.

    What few sessions show of the spread may be too little: its upper bound (80 %) is taken.
    """
    spread = record.successive.get(statistic)
    if spread is None or record.sessions < 3 or not 0 <= spread < MOST_NOISE:
        return None
    degrees = record.sessions - 1
    widest = spread * math.sqrt(degrees / chi_square(degrees, 0.2))
    return rounds_for(widest, math.log1p(difference), ALPHA * DECIDING / family)
