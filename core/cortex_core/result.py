"""What sending a request comes to: a value, or the reasons why there is none."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar, cast

import msgspec

from cortex_core.domain.violations import Violation

T = TypeVar("T")

INVALID = "invalid"
NOT_FOUND = "not_found"
NOT_WORTH_CAPTURING = "not_worth_capturing"
PROTECTED = "protected"
RATE_LIMITED = "rate_limited"
UNAVAILABLE = "unavailable"
CONFLICT = "conflict"
OUTCOME_UNKNOWN = "outcome_unknown"


class Error(msgspec.Struct, frozen=True):
    """One reason: a stable `code` for programs, a message for people, the field if it is one."""

    code: str
    message: str
    field: str | None = None


Refusal = Callable[[str], Error | None]
"""Why nothing may be replaced or removed in a namespace; None where it may."""


class RequestFailedError(Exception):
    """Raised by `Result.unwrap` where there is no value; `errors` holds the reasons."""

    def __init__(self, errors: tuple[Error, ...]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{e.code}: {e.message}" for e in errors))


class Result(msgspec.Struct, Generic[T], frozen=True):
    """A value, or at least one error. `value` is None where there are errors."""

    value: T | None
    errors: tuple[Error, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.errors

    def unwrap(self) -> T:
        """The value. Raises RequestFailedError if there is none."""
        if self.errors:
            raise RequestFailedError(self.errors)
        return cast(T, self.value)


def failed(code: str, message: str, field: str | None = None) -> Result[T]:
    """A result that holds one error."""
    return Result(None, (Error(code, message, field),))


def refused(violations: Iterable[Violation]) -> Result[T]:
    """A result that holds an `invalid` error for every violation."""
    return Result(
        None, tuple(Error(INVALID, f"{v.field}: {v.message}", v.field) for v in violations)
    )
