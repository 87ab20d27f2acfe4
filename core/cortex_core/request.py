"""What can be sent: every request names the type of value that it comes back with."""

from typing import Generic, TypeVar

import msgspec

from cortex_core.domain import rules
from cortex_core.domain.entity import ID_MOST
from cortex_core.domain.violations import Violation

T = TypeVar("T")


class Request(msgspec.Struct, Generic[T], frozen=True):
    """A question or an instruction; T is the value of its result."""

    def violations(self) -> list[Violation]:
        """The rules that the request breaks; looked at before its handler sees it."""
        return []


def check_id(field: str, value: str) -> list[Violation]:
    """What is wrong with an id in a request."""
    found: list[Violation] = []
    rules.text(found, field, value, least=1, most=ID_MOST)
    return found


class Command(Request[T], frozen=True):
    """Changes what is stored."""


class Query(Request[T], frozen=True):
    """Changes nothing."""
