"""Relevance as a value with a level."""

from dataclasses import dataclass
from enum import StrEnum

from cortex_core.domain import rules
from cortex_core.domain.violations import InvalidValueError, Violation


class RelevanceLevel(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, order=True)
class RelevanceScore:
    """A relevance from 0 to 1. Raises InvalidValueError for anything else."""

    value: float

    def __post_init__(self) -> None:
        found: list[Violation] = []
        rules.share(found, "relevance", self.value)
        if found:
            raise InvalidValueError("relevance", found)

    @property
    def level(self) -> RelevanceLevel:
        if self.value >= 0.80:
            return RelevanceLevel.HIGH
        if self.value >= 0.50:
            return RelevanceLevel.MEDIUM
        return RelevanceLevel.LOW
