"""The noise floor: how far sessions of equal code come out apart, for one profile on one machine.

Two stored sessions were measured at different times, in different processes, with other memory
layouts and hash seeds: what that does to a statistic is in neither of them, and has to be measured.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from cortex_tui.analysis.arms import Arm
from cortex_tui.analysis.comparison import PERCENTILES, values_of
from cortex_tui.analysis.evidence import Floor
from cortex_tui.analysis.stored_arms import stored_arms
from cortex_tui.analysis.verdict import ALPHA, POWER
from cortex_tui.stats.beta import t_critical
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.records import SessionRecord, StoredSession

MIN_SESSIONS = 5
"""The spread of fewer is hardly known."""


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
    """The noise floors that sessions of equal code show, one for each profile that all have."""
    found: defaultdict[str, list[dict[str, float]]] = defaultdict(list)
    keys: dict[str, tuple[str, str]] = {}
    for stored in sessions:
        machine = machine_key(stored.session.environment)
        for name, arm in stored_arms(stored).items():
            keys[name] = profile_key(arm, stored.session), machine
            found[name].append(values_of(arm))
    return [
        NoiseRecord(
            profile=keys[name][0],
            machine=keys[name][1],
            name=name,
            deviations=_deviations(values),
            sessions=len(values),
            measured_at=measured_at,
        )
        for name, values in found.items()
        if len(values) > 1
    ]


def _deviations(values: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of each statistic that all sessions have, the standard deviation of its logarithm."""
    common = [name for name in values[0] if all(each.get(name) for each in values)]
    found = {}
    for name in common:
        logs = [math.log(each[name]) for each in values]
        mean = math.fsum(logs) / len(logs)
        squares = math.fsum((value - mean) ** 2 for value in logs)
        found[name] = math.sqrt(squares / (len(logs) - 1))
    return found


def floors_for(
    arm: Arm, session: SessionRecord, records: Iterable[NoiseRecord]
) -> dict[str, Floor]:
    """By statistic, what is known of the noise between sessions of that profile; empty for
    nothing."""
    wanted = profile_key(arm, session), machine_key(session.environment)
    for record in records:
        if (record.profile, record.machine) == wanted:
            return {
                name: Floor(deviation, record.sessions)
                for name, deviation in record.deviations.items()
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
