"""The context item: a piece of text kept at hand, in one of three tiers."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from cortex_core.domain import rules
from cortex_core.domain.conversation import DEFAULT_NAMESPACE
from cortex_core.domain.entity import ID_MOST, changer, new_id, restorer
from cortex_core.domain.namespace import check_namespace
from cortex_core.domain.relevance_score import RelevanceScore
from cortex_core.domain.rules import utc_now
from cortex_core.domain.violations import InvalidValueError, Violation

REASON_MOST = 500


class Tier(IntEnum):
    """How near at hand an item is kept."""

    WORKING = 1
    RECENT = 2
    ARCHIVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextItem:
    """A piece of context. Raises InvalidValueError naming every field at fault.

    `relevance_reason` says why the relevance is what it is, once it was updated.
    """

    id: str = field(default_factory=new_id)
    content: str
    relevance: float
    namespace: str = DEFAULT_NAMESPACE
    tier: Tier = Tier.WORKING
    source_id: str | None = None
    relevance_reason: str | None = None
    created_at: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        found: list[Violation] = []
        rules.text(found, "id", self.id, least=1, most=ID_MOST)
        rules.text(found, "content", self.content, least=1)
        rules.share(found, "relevance", self.relevance)
        check_namespace(found, "namespace", self.namespace)
        rules.member(found, "tier", self.tier, Tier)
        if self.source_id is not None:
            rules.text(found, "source_id", self.source_id, least=1, most=ID_MOST)
        if self.relevance_reason is not None:
            rules.text(found, "relevance_reason", self.relevance_reason, least=1, most=REASON_MOST)
        rules.moment(found, "created_at", self.created_at, utc_now())
        if found:
            raise InvalidValueError("context item", found)

    @property
    def rated(self) -> RelevanceScore:
        """The relevance as a value with a level."""
        return RelevanceScore(self.relevance)

    def with_relevance(self, score: RelevanceScore, reason: str) -> "ContextItem":
        """The item with a new relevance, and why it has that."""
        found: list[Violation] = []
        rules.text(found, "reason", reason, least=1, most=REASON_MOST)
        if found:
            raise InvalidValueError("context item", found)
        return _changed(self, relevance=score.value, relevance_reason=reason)


restore_context_item = restorer(ContextItem)
"""Rebuilds an item from stored values in the order of its fields, unchecked."""

_changed = changer(ContextItem)
