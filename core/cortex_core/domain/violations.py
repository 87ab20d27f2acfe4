"""What is wrong with a value, said so that the person who gave it can put it right."""

from collections.abc import Iterable
from typing import NamedTuple


class Violation(NamedTuple):
    """One broken rule: the field, and what was expected of it."""

    field: str
    message: str


class InvalidValueError(ValueError):
    """A value object or entity was refused; `violations` holds every broken rule."""

    def __init__(self, subject: str, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        reasons = "; ".join(f"{v.field}: {v.message}" for v in self.violations)
        super().__init__(f"{subject}: {reasons}")
