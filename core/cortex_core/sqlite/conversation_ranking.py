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
from cortex_core.text_query import Group, Step, share_counts

_HALF_LIFE_US = HALF_LIFE_S * 1_000_000

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
_RANKED = f"""
    WITH matched AS MATERIALIZED ({{matched}}), summary AS MATERIALIZED (
        SELECT count(*) AS found, min(key) AS oldest,
            CASE WHEN max(score) > 0 THEN {TEXT_SHARE} / max(score) ELSE 0 END AS share
        FROM matched
    )
    SELECT key, found,
        (1.0 / (
            share * score + {QUALITY_SHARE} * quality
            + CASE WHEN captured_at_us < :now_us
                THEN {RECENCY_SHARE * _HALF_LIFE_US} / ({_HALF_LIFE_US} + :now_us - captured_at_us)
                ELSE {RECENCY_SHARE} END
        ) - 1.0) / {_WEIGHT} AS against
    FROM summary CROSS JOIN matched
        CROSS JOIN conversations INDEXED BY conversations_ranked USING (key)
    WHERE found <= :most OR key > oldest
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
