"""Finds patterns like a text: SQLite finds candidates, the domain's measure ranks them."""

import sqlite3

from cortex_core.search import Check, PatternSearch, SimilarPattern
from cortex_core.similar_patterns import candidates_step, most_similar
from cortex_core.sqlite.conditions import glob
from cortex_core.sqlite.full_text import any_of, by_rarity
from cortex_core.sqlite.patterns import PATTERN_COLUMNS, pattern_from_row

MATCHES_MOST = 5000
CANDIDATES_MOST = 50

# As for conversations, the newest matches compete; the score of bm25 chooses among them which
# are worth comparing in full.
_CANDIDATES = f"""
    WITH matched AS (
        SELECT patterns_text.rowid AS key, bm25(patterns_text, 2.0, 1.0, 2.0, 1.0) AS score
        FROM patterns_text JOIN patterns ON patterns.key = patterns_text.rowid
        WHERE patterns_text MATCH :query AND patterns.namespace GLOB :namespace
            AND patterns.confidence >= :min_confidence
            AND (:type IS NULL OR patterns.type = :type)
        ORDER BY patterns_text.rowid DESC LIMIT {MATCHES_MOST}
    )
    SELECT {PATTERN_COLUMNS} FROM matched JOIN patterns USING (key)
    ORDER BY score, key DESC LIMIT {CANDIDATES_MOST}
"""


def search_patterns(
    search: PatternSearch, connection: sqlite3.Connection, check: Check
) -> tuple[SimilarPattern, ...]:
    """Runs on the searcher's thread."""
    step = candidates_step(search.context)
    if step is None:
        return ()
    rare, _ = by_rarity(connection, "patterns", step, MATCHES_MOST, check)
    if not rare:
        return ()
    parameters = {
        "query": " OR ".join(map(any_of, rare)),
        "namespace": glob(search.namespace),
        "min_confidence": search.min_confidence,
        "type": None if search.type is None else search.type.value,
    }
    candidates = (pattern_from_row(row) for row in connection.execute(_CANDIDATES, parameters))
    return most_similar(search, candidates, check)
