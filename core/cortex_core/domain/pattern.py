"""The pattern: something learned from conversations that is worth repeating, or avoiding."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cortex_core.domain import rules
from cortex_core.domain.confidence import PatternConfidence
from cortex_core.domain.conversation import DEFAULT_NAMESPACE
from cortex_core.domain.entity import ID_MOST, changer, new_id, restorer
from cortex_core.domain.namespace import check_namespace
from cortex_core.domain.rules import utc_now
from cortex_core.domain.violations import InvalidValueError, Violation

NAME_MOST = 200


class PatternType(StrEnum):
    CODE_STRUCTURE = "code_structure"
    ARCHITECTURE = "architecture"
    BEST_PRACTICE = "best_practice"
    ANTI_PATTERN = "anti_pattern"
    OPTIMIZATION = "optimization"
    BUG_FIX = "bug_fix"
    DESIGN_PATTERN = "design_pattern"
    DECISION_PATTERN = "decision_pattern"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A pattern as learned. Raises InvalidValueError naming every field at fault.

    Times are aware, in UTC, to the microsecond, and have passed. `source_conversation_id`
    is where it was learned, and stays when that conversation is deleted.
    """

    id: str = field(default_factory=new_id)
    name: str
    type: PatternType
    content: str
    confidence: float
    source_conversation_id: str | None = None
    observation_count: int = 0
    success_rate: float = 0.0
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    related_ids: tuple[str, ...] = ()
    namespace: str = DEFAULT_NAMESPACE
    learned_at: datetime = field(default_factory=utc_now)
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        now = utc_now()
        found: list[Violation] = []
        rules.text(found, "id", self.id, least=1, most=ID_MOST)
        check_pattern_fields(
            found,
            name=self.name,
            kind=self.type,
            content=self.content,
            confidence=self.confidence,
            source_conversation_id=self.source_conversation_id,
            observation_count=self.observation_count,
            success_rate=self.success_rate,
            tags=self.tags,
            examples=self.examples,
            related_ids=self.related_ids,
            namespace=self.namespace,
        )
        rules.moment(found, "learned_at", self.learned_at, now)
        rules.moment(found, "created_at", self.created_at, now)
        rules.moment(found, "updated_at", self.updated_at, now)
        if found:
            raise InvalidValueError("pattern", found)

    @property
    def trust(self) -> PatternConfidence:
        """The confidence as a value with a level."""
        return PatternConfidence(self.confidence, self.observation_count, self.success_rate)

    def observed(self, *, success: bool, at: datetime) -> "Pattern":
        """The pattern after it was seen once more to work, or not to."""
        trust = self.trust.observed(success=success)
        return _changed(
            self,
            confidence=trust.score,
            observation_count=trust.observations,
            success_rate=trust.success_rate,
            updated_at=at,
        )

    def replacing(self, before: "Pattern") -> "Pattern":
        """This one as it is stored in the place of `before`, which was stored first."""
        return _changed(self, created_at=before.created_at)


def check_pattern_fields(
    found: list[Violation],
    *,
    name: str,
    kind: PatternType,
    content: str,
    confidence: float,
    source_conversation_id: str | None,
    observation_count: int,
    success_rate: float,
    tags: Sequence[str],
    examples: Sequence[str],
    related_ids: Sequence[str],
    namespace: str,
) -> None:
    """Everything but id and times: shared by the entity and the command that makes one."""
    rules.text(found, "name", name, least=1, most=NAME_MOST)
    rules.member(found, "type", kind, PatternType)
    rules.text(found, "content", content, least=1)
    rules.share(found, "confidence", confidence)
    if source_conversation_id is not None:
        rules.text(found, "source_conversation_id", source_conversation_id, least=1, most=ID_MOST)
    rules.whole(found, "observation_count", observation_count, least=0)
    rules.share(found, "success_rate", success_rate)
    rules.texts(found, "tags", tags)
    rules.texts(found, "examples", examples)
    rules.texts(found, "related_ids", related_ids)
    check_namespace(found, "namespace", namespace)


restore_pattern = restorer(Pattern)
"""Rebuilds a pattern from stored values in the order of its fields, unchecked."""

_changed = changer(Pattern)
