"""The statements that find the newest matches of a search's step and rank them."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from cortex_core.domain.namespace import OTHER_WEIGHT, ROOT_WEIGHTS
from cortex_core.domain.relevance import (
    HALF_LIFE_S,
    QUALITY_SHARE,
    RECENCY_SHARE,
    TEXT_SHARE,
    TITLE_BOOST,
)
from cortex_core.search import ConversationSearch
from cortex_core.sqlite.conditions import glob
from cortex_core.sqlite.full_text import Groups, all_of, any_of, matching, quoted
from cortex_core.sqlite.moments import to_us
from cortex_core.sqlite.schema import CAPTURED_UNIT_BITS
from cortex_core.text_query import Group, Step, share_counts

_HALF_LIFE_US = HALF_LIFE_S * 1_000_000
_SLACK = 1e-9
"""More than a bound may be off by rounding."""

# From the last root to the first: "." is followed by "/" in ASCII, so a range holds everything
# below a root, at a fifth of the cost of cutting the root out of the path.
_WEIGHT = (
    "CASE "
    + " ".join(
        f"WHEN namespace >= '{root}/' THEN {OTHER_WEIGHT} "
        f"WHEN namespace >= '{root}.' OR namespace = '{root}' THEN {weight}"
        for root, weight in sorted(ROOT_WEIGHTS.items(), reverse=True)
    )
    + f" ELSE {OTHER_WEIGHT} END"
)

# No namespace in the file weighs more. A range from a root to behind all below it has some more:
# only as a bound is that good enough.
_WEIGHT_MOST = (
    "CASE "
    + " ".join(
        "WHEN EXISTS (SELECT 1 FROM conversations"
        f" WHERE namespace >= '{root}' AND namespace < '{root}/') THEN {weight}"
        for root, weight in sorted(ROOT_WEIGHTS.items(), key=lambda pair: -pair[1])
        if weight > OTHER_WEIGHT
    )
    + f" ELSE {OTHER_WEIGHT} END"
)


def _recency(moment_us: str) -> str:
    """What recency adds to the blend."""
    return (
        f"CASE WHEN {moment_us} < :now_us"
        f" THEN {RECENCY_SHARE * _HALF_LIFE_US} / ({_HALF_LIFE_US} + :now_us - {moment_us})"
        f" ELSE {RECENCY_SHARE} END"
    )


# The newest matches of an expression with their scores, which FTS5 gives as negative numbers. One
# match more than compete is looked at, to know whether there are more.
_MATCHED = f"""
    SELECT conversations_text.rowid AS key, -bm25(conversations_text, {TITLE_BOOST}, 1.0) AS score
    FROM conversations_text {{join}}
    WHERE conversations_text MATCH :query{{number}} {{where}}
    ORDER BY conversations_text.rowid DESC LIMIT :most + 1
"""
_JOIN = """
    CROSS JOIN conversations INDEXED BY conversations_ranked
    ON conversations.key = conversations_text.rowid
"""
_IN_NAMESPACE = "AND conversations.namespace GLOB :namespace"

# The formula is explained in cortex_core.domain.relevance; these are the odds against a result,
# (1 - blend) / (w blend), in which the blend occurs once and so is computed once. It is never 0:
# recency is not.
_COMPETING = f"""
    SELECT key, found,
        (1.0 / (
            share * score + {QUALITY_SHARE} * quality + {_recency("captured_at_us")}
        ) - 1.0) / {_WEIGHT} AS against
    FROM {{of}} CROSS JOIN matched
        CROSS JOIN conversations INDEXED BY conversations_ranked USING (key)
    WHERE {{having}} AND key > oldest
"""

# Most matches cannot be among the best, whatever their quality and age: their text is too far
# behind. So those come first whose text is nearer to the best one than to the mean. When there are
# enough of them, the last place has a blend that the others need at least, in the namespace that
# weighs most; what of it comes from their text is the `least` score. A key is no earlier than the
# time of capture, so the newest one bounds the recency of all.
_RANKED = f"""
    WITH matched AS MATERIALIZED ({{matched}}), summary AS MATERIALIZED (
        SELECT count(*) AS found,
            min(key) - (count(*) <= :most) AS oldest,
            (SELECT max(key) + 1 FROM conversations) << {CAPTURED_UNIT_BITS} AS newest_us,
            CASE WHEN max(score) > 0 THEN {TEXT_SHARE} / max(score) ELSE 0 END AS share,
            0.5 * max(score) + 0.5 * avg(score) AS near
        FROM matched
    ), leading AS MATERIALIZED (
        {_COMPETING.format(of="summary", having="score >= near")}
        ORDER BY against, key DESC LIMIT :results_most
    ), bounds AS MATERIALIZED (
        SELECT summary.*, CASE WHEN places = :results_most AND share > 0 THEN (
                1.0 / (1.0 + ({_WEIGHT_MOST}) * last) - {QUALITY_SHARE}
                - ({_recency("newest_us")}) - {_SLACK}
            ) / share ELSE -9e999 END AS least
        FROM summary CROSS JOIN (SELECT count(*) AS places, max(against) AS last FROM leading)
    )
    SELECT key, found, against FROM leading
    UNION ALL {_COMPETING.format(of="bounds", having="score >= least AND score < near")}
    ORDER BY against, key DESC LIMIT :results_most
"""


def ranked(
    connection: sqlite3.Connection,
    step: Step,
    search: ConversationSearch,
    *,
    rare: Groups,
    common: Groups,
    most: int,
    results_most: int,
) -> list[tuple[int, int, float]]:
    """The best matches of a step, best first: the key, how many matches there are (one more than
    `most` if there are more), and the odds against it.

    A step that does not want all of its groups matches with those that are `rare`; the `common`
    ones add to the scores.
    """
    in_namespace = search.namespace is not None
    parameters: dict[str, Any] = {
        "most": most,
        "now_us": to_us(search.now),
        "results_most": results_most,
    }
    if search.namespace is not None:
        parameters["namespace"] = glob(search.namespace)

    def matched(expressions: Sequence[str]) -> list[str]:
        first = sum(name.startswith("query") for name in parameters)
        parameters.update((f"query{n}", each) for n, each in enumerate(expressions, first))
        return [
            _MATCHED.format(
                number=number,
                join=_JOIN if in_namespace else "",
                where=_IN_NAMESPACE if in_namespace else "",
            )
            for number in range(first, first + len(expressions))
        ]

    if step.wants_all:
        (statement,) = matched([matching(step)])
    elif rare:
        all_rare = f"({' OR '.join(map(any_of, rare))})"
        required = list(map(quoted, step.required))
        with_rare = matched([all_of(any_of(group), *required) for group in rare])
        with_common = matched([all_of(any_of(group), all_rare) for group in common])
        statement = _together(
            step,
            list(zip(rare, with_rare, strict=True)),
            list(zip(common, with_common, strict=True)),
        )
    else:
        return []
    return connection.execute(_RANKED.format(matched=statement), parameters).fetchall()


_Selected = Sequence[tuple[Group, str]]
"""Groups, each with the statement that finds its matches and their scores."""


def _together(step: Step, rare: _Selected, common: _Selected) -> str:
    """The matches of all these groups, each with the score of all that it holds.

    Those of a common group hold a rare one, too: its score has those of the rare ones once more.
    """

    def part(group: Group, selected: str, rare_score: str, common_worth: float) -> str:
        columns = (
            f"{step.worth(group[0])} * score AS score, {not step.is_joined(group):d} AS has_group"
        )
        if common:
            columns += f", {rare_score} AS rare_score, {common_worth} AS common_worth"
        return f"SELECT key, {columns} FROM ({selected})"

    parts = [part(group, selected, "score", 0.0) for group, selected in rare]
    parts += [part(group, selected, "0.0", step.worth(group[0])) for group, selected in common]
    score = "sum(score) - sum(rare_score) * sum(common_worth)" if common else "sum(score)"
    # SQLite may have been built without functions such as sqrt.
    shares = " ".join(
        f"WHEN {number} THEN {share_counts(number, len(step.groups))}"
        for number in range(len(step.groups) + 1)
    )
    return (
        f"SELECT key, CASE sum(has_group) {shares} END * ({score}) AS score"
        f" FROM ({' UNION ALL '.join(parts)}) GROUP BY key"
    )
