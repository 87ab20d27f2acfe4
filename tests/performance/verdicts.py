"""How often verdicts of comparisons are wrong, and what they find, on simulated sides of which the
truth is known; and how long a comparison takes.

1. Equal sides: how many comparisons of ten profiles have any false alarm. Next to it what other
   rules conclude from the same data, and ours from one side after the other, which no rule can
   repair.
   Also where the percentile that decides has too few operations, and others decide in its place.
2. One of ten profiles slower: how often it is found.
   The same where rounds are added until all is decided: how often there is any false alarm, and how
   many rounds it takes.
3. 10 % at p99: how often they are found in as many rounds as are said to be needed beforehand, from
   a measurement of the noise.
4. Stored sessions, with the noise between sessions from six of them.
5. Two sessions of 20 profiles, of 600 intervals in 5 rounds each, in a store. The reference is the
   least that anybody has to do to compare them: reading their rows and unpacking their histograms.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cortex_tui.analysis.comparison import Comparison, Pair, compare, values_of
from cortex_tui.analysis.evidence import Floor
from cortex_tui.analysis.looks import in_looks, looks_within
from cortex_tui.analysis.noise import noise_of_values, rounds_to_find
from cortex_tui.cli.comparing import compared_refs
from cortex_tui.protocol.messages import Health
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionBatch,
    SessionRecord,
)
from cortex_tui.store.sqlite.store import SqliteStore
from cortex_tui.store.writer import this_process
from tests.performance._measure import Measurements, timed
from tests.performance._verdict_models import (
    MODELS,
    Model,
    Sides,
    arm,
    profile,
    profiles_on_a_machine,
)
from tests.performance._verdict_rules import RULES, differ

PROFILES = 10
SIZE = 2_000
"""Operations a round where nothing is to be found: fewer are harder."""
SIZE_TO_FIND = 8_000
SIZE_TOO_FEW = 200
"""For p99, in eight rounds."""
MOST_ROUNDS = 30
"""Where they are added until all is decided."""
SESSION_SPREAD = 0.04
"""Of the logarithm of a level between sessions."""


def ours(found: Sequence[Sides], *, primary: str = "") -> Comparison:
    pairs = [Pair(arm(at, sides.a), arm(at, sides.b)) for at, sides in enumerate(found)]
    return compare(pairs, paired=True, primary=primary)


def alarms(comparison: Comparison) -> bool:
    return bool(comparison.having("slower", "faster"))


def show_with(measurements: Measurements, what: str, share: float, other: float) -> None:
    """Ours and that of another rule, which may be 0."""
    ratio = share / other if other else float(share > 0)
    measurements.line(what, share, other, ratio, None, met=True, unit="share")


def measure_equal_sides(measurements: Measurements, model: Model, rounds: int, count: int) -> None:
    title = f"equal sides, {model}, {rounds} rounds: any false alarm in ten profiles"
    if not measurements.wants(title):
        return
    random = np.random.default_rng(1)
    false, any_word, after = 0, 0, 0
    others: defaultdict[str, int] = defaultdict(int)
    compared = max(count // 5, 10)
    for number in range(count):
        found = profiles_on_a_machine(random, model, rounds, SIZE, count=PROFILES)
        comparison = ours(found)
        false += alarms(comparison)
        any_word += any(
            judged.verdict not in ("same", "cannot tell")
            for each in comparison.profiles
            for judged in each.statistics.values()
        )
        if number < compared:
            for name, rule in RULES.items():
                others[name] += any(differ(rule, found, random))
            later = profiles_on_a_machine(
                random, model, rounds, SIZE, count=PROFILES, in_turns=False
            )
            after += alarms(ours(later))
    measurements.share_at_most(title, false / count, 0.05, count)
    measurements.share_at_most(f"{title}, over all statistics", any_word / count, 0.05, count)
    for name, wrong in others.items():
        show_with(measurements, f"{title}; next to it {name}", false / count, wrong / compared)
    after_text = f"{title}; next to it ours where one side was measured after the other"
    show_with(measurements, after_text, false / count, after / compared)


def measure_few_operations(measurements: Measurements, model: Model, count: int) -> None:
    """p99 is to decide and has too few operations: others decide in its place."""
    rounds, false, hits = 8, 0, 0
    title = f"{model}, {rounds} rounds, p99 decides and has too few operations"
    if not measurements.wants(title):
        return
    random = np.random.default_rng(7)
    for _ in range(count):
        found = profiles_on_a_machine(random, model, rounds, SIZE_TOO_FEW, count=PROFILES)
        false += alarms(ours(found, primary="p99"))
        found = profiles_on_a_machine(
            random, model, rounds, SIZE_TOO_FEW, count=PROFILES, slower=1.5
        )
        hits += ours(found, primary="p99").profiles[0].verdict == "slower"
    measurements.share_at_most(f"{title}: any false alarm", false / count, 0.05, count)
    show_with(measurements, f"{title}: 50 % slower is found", hits / count, 1.0)


def measure_found(
    measurements: Measurements, model: Model, primary: str, slower: float, count: int
) -> None:
    rounds, hits, false = 8, 0, 0
    title = f"{model}, {rounds} rounds, one of ten profiles {slower - 1:.0%} slower at {primary}"
    if not measurements.wants(title):
        return
    random = np.random.default_rng(2)
    for _ in range(count):
        found = profiles_on_a_machine(
            random, model, rounds, SIZE_TO_FIND, count=PROFILES, slower=slower
        )
        first, *rest = ours(found, primary=primary).profiles
        hits += first.verdict == "slower"
        false += any(each.verdict in ("slower", "faster") for each in rest)
    measurements.share_at_least(f"{title}: found", hits / count, 0.95, count)
    measurements.share_at_most(f"{title}: a false alarm in another", false / count, 0.05, count)


def measure_until_decided(
    measurements: Measurements, model: Model, slower: float, count: int
) -> None:
    """Rounds are added until there is a verdict on each of ten profiles, MOST_ROUNDS at most."""
    truth = f"one of ten profiles {slower - 1:.0%} slower" if slower > 1 else "equal sides"
    title = f"until decided, {model}, {truth}"
    if not measurements.wants(title):
        return
    random = np.random.default_rng(6)
    size = SIZE_TO_FIND if slower > 1 else SIZE
    hits, false, taken, decided = 0, 0, [], 0
    for _ in range(count):
        found = profiles_on_a_machine(
            random, model, MOST_ROUNDS, size, count=PROFILES, slower=slower
        )
        pairs = [Pair(arm(at, sides.a), arm(at, sides.b)) for at, sides in enumerate(found)]
        each = in_looks(pairs, looks_within(MOST_ROUNDS), judged_at_look).profiles
        hits += each[0].verdict == "slower"
        false += any(one.verdict in ("slower", "faster") for one in each[slower > 1 :])
        decided += all(one.verdict != "cannot tell" for one in each)
        taken.append(max(one.rounds[0] for one in each))
    lasted = f"{np.median(taken):.0f} rounds in the middle, {decided / count:.0%} all decided"
    measurements.share_at_most(f"{title}: any false alarm ({lasted})", false / count, 0.05, count)
    if slower > 1:
        measurements.share_at_least(f"{title}: found", hits / count, 0.95, count)


def judged_at_look(pairs: Sequence[Pair], alpha: float) -> Comparison:
    return compare(pairs, paired=True, primary="p50", alpha=alpha)


def measure_length(measurements: Measurements, model: Model, count: int) -> None:
    """10 % at p99 of one profile, in as many rounds as its noise says."""
    title = f"{model}, 10 % slower at p99, found in the rounds that are said to be needed"
    if not measurements.wants(title):
        return
    random = np.random.default_rng(3)
    hits, lengths, most = 0, [], 150
    for _ in range(count):
        # Six sessions of one round: the sides of three rounds, one after the other.
        (pilot,) = profiles_on_a_machine(random, model, 3, SIZE_TO_FIND, count=1, in_turns=False)
        sessions = [values_of(arm(0, [times])) for side in pilot for times in side]
        needed = rounds_to_find(noise_of_values(sessions), "p99", 0.1)
        assert needed is not None
        lengths.append(needed)
        rounds = min(needed, most)
        found = profiles_on_a_machine(random, model, rounds, SIZE_TO_FIND, count=1, slower=1.1)
        hits += ours(found, primary="p99").profiles[0].verdict == "slower"
    middle = sorted(lengths)[count // 2]
    measurements.share_at_least(f"{title} (median {middle})", hits / count, 0.9, count)


def measure_stored(measurements: Measurements, model: Model, slower: float, count: int) -> None:
    """Two sessions at different times, and the noise from six others."""
    title = f"{model}, two stored sessions, six more for the noise"
    if not measurements.wants(title):
        return
    random = np.random.default_rng(4)
    rounds, sessions, hits, false = 6, 6, 0, 0

    def session(factor: float) -> Sides:
        (sides,) = profiles_on_a_machine(random, model, rounds, SIZE, count=1)
        level = factor * math.exp(SESSION_SPREAD * random.standard_normal())
        return Sides(sides.a * level, sides.b)

    for _ in range(count):
        noise = noise_of_values([values_of(arm(0, session(1.0).a)) for _ in range(sessions)])
        floors = {name: Floor(found, sessions) for name, found in noise.deviations.items()}
        for factor in (1.0, slower):
            pair = Pair(arm(0, session(1.0).a), arm(0, session(factor).a), floors)
            (judged,) = compare([pair], paired=False).profiles
            if factor == 1.0:
                false += judged.verdict in ("slower", "faster")
            else:
                hits += judged.verdict == "slower"
    measurements.share_at_most(f"{title}: false alarms", false / count, 0.05, count)
    show_with(measurements, f"{title}: {slower - 1:.0%} slower is found", hits / count, 1.0)


def measure_cost(measurements: Measurements, folder: Path, intervals: int) -> None:
    """`intervals` of each profile, in 5 rounds."""
    file, rounds = folder / f"{intervals}.db", 5
    random = np.random.default_rng(5)
    times = np.exp(13 + 0.3 * random.standard_normal((intervals // rounds, 100)))
    parts = [IntervalHistogram.of(row.astype(np.int64).tobytes()) for row in times]
    encoded = [EncodedHistogram(part.encode(), part.moments) for part in parts]
    whole = Histogram.of_intervals(parts).moments

    async def write(name: str) -> None:
        async with await SqliteStore.open(file) as store:
            await store.begin_session(
                SessionRecord(
                    id=name,
                    started_at="2026-01-01T10:00:00Z",
                    rounds=rounds,
                    writer=this_process(),
                )
            )
            for number in range(20 * rounds):
                run = RunRecord(
                    run=number,
                    profile=profile(number % 20),
                    state="finished",
                    round=number // 20 + 1,
                    measured_ns=10**10,
                    service=whole,
                )
                slots = tuple(
                    IntervalRecord(run=number, first=at, service=each, health=Health(wall_ns=10**8))
                    for at, each in enumerate(encoded)
                )
                await store.write(SessionBatch(session=name, runs=(run,), intervals=slots))
            await store.finish_session(name, "finished")

    for name in ("a", "b"):
        asyncio.run(write(name))

    def least() -> None:
        with sqlite3.connect(file) as connection:
            for _, blob in connection.execute("SELECT facts, service FROM interval"):
                zlib.decompress(blob[8:])

    measurements.at_most(
        f"two sessions of 20 profiles, {intervals:,} intervals in 5 rounds each: comparing them, "
        "and reading and unpacking their rows",
        timed(lambda: compared_refs(file, ["a", "b"])),
        timed(least),
        unit="ns",
        goal=10.0,
        rounds=measurements.rounds(quick=2, full=7),
    )


def main() -> None:
    measurements = Measurements(__doc__ or "")
    equal = measurements.rounds(quick=30, full=1_000)
    found = measurements.rounds(quick=12, full=300)
    for model in MODELS:
        for rounds in (8, 12):
            measure_equal_sides(measurements, model, rounds, equal)
        measure_few_operations(measurements, model, equal)
        for slower in (1.0, 1.05):
            measure_until_decided(
                measurements, model, slower, measurements.rounds(quick=12, full=300)
            )
        measure_found(measurements, model, "p50", 1.05, found)
        measure_found(measurements, model, "p95", 1.1, found)
        measure_length(measurements, model, measurements.rounds(quick=10, full=200))
        measure_stored(measurements, model, 1.2, measurements.rounds(quick=20, full=1_000))
    with tempfile.TemporaryDirectory() as folder:
        for intervals in (600,) if measurements.quick else (600, 3_000):
            measure_cost(measurements, Path(folder), intervals)
    measurements.exit()


if __name__ == "__main__":
    main()
