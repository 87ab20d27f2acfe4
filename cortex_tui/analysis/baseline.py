"""A session under way, or just ended, against a stored one: a verdict for each profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from cortex_tui.analysis.anytime import is_sure_at_any_time
from cortex_tui.analysis.arms import arms_of
from cortex_tui.analysis.comparison import DECIDING, ERRORS
from cortex_tui.analysis.sessions import (
    Compared,
    Source,
    compare_sources,
    source_of,
    variants_of,
)
from cortex_tui.analysis.verdict import Judgement, Word
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_result import SessionResult
from cortex_tui.results.stored import from_stored
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.records import StoredSession

PEEKING = "looked at after each round, it may still be chance: more rounds, or their end, decide"
_OTHERS = ("p50", "p95", "p99")


class Baseline(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What a person compares with, read once."""

    name: str
    """As it was asked for: a name, or a session's id."""
    session: str
    source: Source
    noise: tuple[NoiseRecord, ...]
    runs: Mapping[str, RunResult]
    """The last run of each profile, by its full name, for its curve."""


class BaselineVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A profile's run against that of the baseline."""

    word: Word
    judgement: Judgement | None
    """Of the statistic that decides; None where the two cannot be compared."""
    errors: Judgement | None = None
    """That of the errors, where the verdict is about them, too."""
    others: tuple[Judgement, ...] = ()
    """Of further percentiles, in their order."""
    reason: str = ""
    """Why nothing is known, and what would help."""
    final: bool = True
    """False while the run is being measured: it is the verdict if it ended now."""


def baseline_of(name: str, stored: StoredSession, noise: Sequence[NoiseRecord]) -> Baseline:
    """What is stored under a name.

    Raises ValueError for a session of variants, which has no one side to compare with, and
    HistogramFormatError or SnapshotError for a damaged one.
    """
    if stored.session.variants:
        raise ValueError(f"{name} compares variants: choose a session of one version")
    runs = {run.profile.full_name: run for run in from_stored(stored).runs if run.operations}
    return Baseline(
        name=name,
        session=stored.session.id,
        source=source_of(name, stored),
        noise=tuple(noise),
        runs=runs,
    )


def verdicts_against(baseline: Baseline, result: SessionResult) -> dict[str, BaselineVerdict]:
    """By full name, each profile that was measured here: as it stands, with runs that have not
    ended taken as if they had."""
    arms = arms_of(result, live=True)
    source = Source("this session", result.record, arms)
    (compared,) = compare_sources([baseline.source, source], baseline.noise)
    return _by_profile(compared, result)


def verdicts_between(result: SessionResult) -> tuple[str, dict[str, BaselineVerdict]]:
    """For a session of variants: the name of the first, and the second against it by full name,
    from the rounds that both have ended. Nothing until there is one.

    While rounds are to come, a difference has to be one that holds however often it is looked at.
    """
    sources = variants_of(result)[:2]
    if len(sources) < 2:
        return "", {}
    (compared,) = compare_sources(sources)
    found = _by_profile(compared, result)
    for name in compared.only_b:  # the neighbours of one that is measured alone, too
        del found[name]
    return sources[0].name, found


def _by_profile(compared: Compared, result: SessionResult) -> dict[str, BaselineVerdict]:
    live = {run.profile.full_name for run in result.runs if not run.life.has_ended}
    found: dict[str, BaselineVerdict] = {}
    for profile in compared.comparison.profiles:
        judgement = profile.statistics[profile.primary]
        errors = profile.statistics["errors"]
        more = errors.verdict == "more"
        word: Word = "more" if more else profile.verdict
        reason = errors.reason if more else judgement.reason
        if word in ("slower", "faster") and profile.profile in live and compared.comparison.paired:
            family = len(compared.comparison.profiles) / DECIDING
            if profile.instead_of:
                rest = 1 - DECIDING - ERRORS
                family *= len(profile.statistics) * DECIDING / rest
            if not is_sure_at_any_time(judgement, min(profile.rounds), family=family):
                word, reason = "cannot tell", PEEKING
        found[profile.profile] = BaselineVerdict(
            word=word,
            judgement=judgement,
            errors=errors if more else None,
            others=tuple(
                profile.statistics[name]
                for name in _OTHERS
                if name in profile.statistics and name != profile.primary
            ),
            reason=reason,
            final=profile.profile not in live,
        )
    for left_out in compared.left_out:
        why = next(str(each) for each in left_out.differences if each.breaks)
        found[left_out.profile] = _unknown(f"not the same thing: {why}", left_out.profile in live)
    for name in compared.only_b:
        found[name] = _unknown(f"{compared.a.name} has no run of it", name in live)
    return found


def _unknown(reason: str, live: bool) -> BaselineVerdict:
    return BaselineVerdict(word="cannot tell", judgement=None, reason=reason, final=not live)
