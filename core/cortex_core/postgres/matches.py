"""What a step of a search looks for, as PostgreSQL's text queries, and what its words are worth.

bm25 is computed as FTS5 and the store in memory do, from how often a word occurs; that is got back
from ts_rank.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from cortex_core.bm25 import K1, B, idf
from cortex_core.domain.relevance import TITLE_BOOST
from cortex_core.postgres.pipeline import Call, Statement
from cortex_core.postgres.questions import counted
from cortex_core.postgres.statements import TableStatements
from cortex_core.postgres.transaction import Transaction
from cortex_core.postgres.values import texts, to_real, to_whole
from cortex_core.search import Check
from cortex_core.text_query import Group, Phrase, Step

COUNTED_MOST = 5_000
"""More matches than this are not counted one by one."""

_SAMPLE = 1_000


def matching(groups: Sequence[Group], required: Sequence[Phrase], *, every: bool) -> str:
    """A tsquery for texts that hold every group, or any, and what is required."""
    joined = " & " if every else " | "
    return " & ".join((f"({joined.join(map(any_of, groups))})", *map(following, required)))


def following(phrase: Phrase) -> str:
    """The words of a phrase, in a row, as a tsquery."""
    *before, last = (lexeme(word) for word in phrase.words)
    return f"({' <-> '.join((*before, f'{last}:*' if phrase.open else last))})"


def lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def any_of(group: Group) -> str:
    return f"({' | '.join(map(following, group))})"


class Parameters:
    """The parameters of a statement while it is put together."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def add(self, value: bytes, type_: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{type_}"

    def query(self, query: str) -> str:
        return f"{self.add(query.encode(), 'text')}::tsquery"


class Corpus(NamedTuple):
    """All the texts of a table: how many, and how many words each has in the mean."""

    texts: int
    words: float


class Table:
    """One table that is searched, in one transaction."""

    def __init__(
        self, transaction: Transaction, statements: TableStatements[Any], check: Check
    ) -> None:
        """`check` is called before each question."""
        self._transaction = transaction
        self._statements = statements
        self.source = statements.source
        self._check = check
        self._holders: dict[str, int] = {}
        self._corpus: Corpus | None = None

    def ask(self, sql: str, parameters: Parameters) -> list[tuple[bytes | None, ...]]:
        """The rows of the answer."""
        self._check()
        result = self._transaction.ask(Call(Statement(sql.encode()), parameters.values))
        columns = range(result.nfields)
        return [
            tuple(result.get_value(row, column) for column in columns)
            for row in range(result.ntuples)
        ]

    @property
    def corpus(self) -> Corpus:
        if self._corpus is None:
            parameters = Parameters()
            table = f"{parameters.add(self.source.encode(), 'text')}::regclass"
            ((count, words, known),) = self.ask(
                f"""
                SELECT count(*), coalesce(avg(word_count), 0)::double precision,
                    (SELECT reltuples::bigint FROM pg_class WHERE oid = {table})
                FROM (SELECT word_count FROM {self.source} LIMIT {COUNTED_MOST + 1}) AS found
                """,
                parameters,
            )
            assert count is not None
            assert words is not None
            assert known is not None
            number = to_whole(count)
            if number > COUNTED_MOST:
                number = max(number, to_whole(known))
            self._corpus = Corpus(number, max(to_real(words), 1.0))
        return self._corpus

    def holders(self, queries: Iterable[str]) -> list[int]:
        """How many texts satisfy each of the queries; many are estimated from the newest."""
        wanted = [query for query in dict.fromkeys(queries) if query not in self._holders]
        if wanted:
            parameters = Parameters()
            counts = ", ".join(
                f"(SELECT count(*) FROM (SELECT 1 FROM {self.source} "
                f"WHERE words @@ {parameters.query(query)} LIMIT {COUNTED_MOST + 1}) AS found)"
                for query in wanted
            )
            (row,) = self.ask(f"SELECT {counts}", parameters)
            for query, count in zip(wanted, row, strict=True):
                assert count is not None
                number = to_whole(count)
                self._holders[query] = self._estimated(query) if number > COUNTED_MOST else number
        return [self._holders[query] for query in queries]

    def frequencies(self, words: Sequence[str], most: int) -> list[int]:
        """How many texts hold each of the words, at most `most`."""
        parameters = Parameters()
        wanted = parameters.add(texts([lexeme(word) for word in words]), "text[]")
        rows = self.ask(
            f"""
            SELECT (SELECT count(*) FROM (
                SELECT 1 FROM {self.source} WHERE words @@ word::tsquery LIMIT {most}
            ) AS found) FROM unnest({wanted}) WITH ORDINALITY AS wanted (word, number)
            ORDER BY number
            """,
            parameters,
        )
        return [to_whole(count) for (count,) in rows if count is not None]

    def holding(self, word: str, most: int) -> Sequence[Any]:
        """Some entities whose texts hold the word."""
        self._check()
        sql = f"{self._statements.select} WHERE words @@ $1::text::tsquery LIMIT {most}"
        result = self._transaction.ask(Call(Statement(sql.encode()), (lexeme(word).encode(),)))
        return self._statements.table.entities(result)

    def entities(self, keys: Sequence[int]) -> dict[int, Any]:
        """The entities in the rows with these keys."""
        self._check()
        sql = f"{self._statements.select_with_key} WHERE key = ANY ($1::text::bigint[])"
        listed = "{" + ",".join(map(str, keys)) + "}"
        result = self._transaction.ask(Call(Statement(sql.encode()), (listed.encode(),)))
        column = result.nfields - 1
        found = (to_whole(result.get_value(row, column) or b"") for row in range(result.ntuples))
        return dict(zip(found, self._statements.table.entities(result), strict=True))

    def _estimated(self, query: str) -> int:
        parameters = Parameters()
        sql = f"""
            SELECT count(*) FROM (
                SELECT words FROM {self.source} ORDER BY key DESC LIMIT {_SAMPLE}
            ) AS newest WHERE words @@ {parameters.query(query)}
        """
        result = self._transaction.ask(Call(Statement(sql.encode()), parameters.values))
        return max(COUNTED_MOST, counted(result) * self.corpus.texts // _SAMPLE)

    def score(self, phrases: Sequence[Phrase], step: Step, parameters: Parameters) -> "Score":
        """The bm25 of a row."""
        corpus = self.corpus
        # Scores are only compared with each other: a single phrase is worth the same in all.
        worth = [1.0] if len(phrases) == 1 else self._worth(phrases, step)
        norm = f"({K1 * (1 - B)!r}::float8 + {K1 * B / corpus.words!r}::float8 * word_count)"
        columns: list[str] = []
        # The same as times / (times + norm), with what takes longest once.
        value = " + ".join(
            f"{each * (K1 + 1)!r}::float8"
            f" * (1 - {norm} / ({_times(phrase, parameters, columns)} + {norm}))"
            for phrase, each in zip(phrases, worth, strict=True)
        )
        return Score(", ".join(columns), value)

    def _worth(self, phrases: Sequence[Phrase], step: Step) -> list[float]:
        holders = self.holders([following(phrase) for phrase in phrases])
        return [
            idf(self.corpus.texts, number) * step.worth(phrase)
            for number, phrase in zip(holders, phrases, strict=True)
        ]

    def share(self, groups: Sequence[Group], step: Step, parameters: Parameters) -> str:
        """What the share of the groups that a row holds counts, as an expression
        (`share_counts`)."""
        each = " + ".join(
            f"(words @@ {parameters.query(any_of(group))})::int"
            for group in groups
            if not step.is_joined(group)
        )
        return f"sqrt((greatest({each or 0}, 1) / {len(step.groups)}.0)::double precision)"

    def by_rarity(self, step: Step, most: int) -> tuple[list[Group], list[Group]]:
        """The groups of a step that texts hold at all: the rarest, which have `most` matches
        together, and the others. If each has more, the rarest are all.

        The newest rows with any word are mostly those with the commonest one. So the rare ones
        find the candidates, of whatever age, and the others only rank them.
        """
        if step.required:
            return list(step.found_by), []  # what is required finds the candidates
        groups = list(step.found_by)
        last = len(step.groups) - 1
        if step.unfinished and not self.holders([any_of(groups[last])])[0]:
            groups[last] = step.unfinished
        counted = zip(self.holders([any_of(group) for group in groups]), groups, strict=True)
        held = sorted((pair for pair in counted if pair[0]), key=lambda pair: pair[0])
        sums = accumulate(number for number, _ in held)
        rare = sum(total <= most for total in sums) or len(held)
        found = [group for _, group in held]
        return found[:rare], found[rare:]


class Score(NamedTuple):
    """The bm25 of a row: `columns` are expressions on it, with names, which are computed once in a
    query within; `value` is an expression on these."""

    columns: str
    value: str


def _times(phrase: Phrase, parameters: Parameters, columns: list[str]) -> str:
    """How often a row has the phrase, where a word in the heading counts more. For a phrase of
    several words it is the rarest of them."""

    def column(expression: str) -> str:
        name = f"c{len(columns)}"
        columns.append(f"{expression} AS {name}")
        return name

    def weighted(query: str) -> str:
        everywhere, headed = (
            _occurrences(column(f"ts_rank('{{{weights}}}', words, {query})"))
            for weights in ("1,1,1,1", "0,0,0,1")
        )
        return f"({everywhere} + {TITLE_BOOST - 1} * {headed})"

    if len(phrase.words) == 1:
        return weighted(parameters.query(following(phrase)))
    holds = column(f"words @@ {parameters.query(following(phrase))}")
    each = ", ".join(weighted(parameters.query(lexeme(word))) for word in phrase.words)
    return f"(CASE WHEN {holds} THEN least({each}) ELSE 0 END)"


def _occurrences(rank: str) -> str:
    """How often a word occurs, from its ts_rank with the same weight for all positions.

    That is the sum of 1/j^2 for j from 1 to this number, over pi^2/6 (calc_rank_or in the server's
    tsrank.c); what is left to the limit of the sum is near 1/(times + 1/2): near enough for all
    that a tsvector holds. For the beginning of words it is the sum over these words, above 1 if
    there are several: then each counts about once.
    """
    return (
        f"round(CASE WHEN {rank} < 1"
        f" THEN {6 / math.pi**2!r}::float8 / (1 - least({rank}, 0.9976::float8)) - 0.5::float8"
        f" ELSE {math.pi**2 / 6!r}::float8 * {rank} END)"
    )
