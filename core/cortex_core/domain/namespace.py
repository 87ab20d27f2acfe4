"""Namespaces: dotted paths such as `workspace.app.search` that group memories."""

import re
from dataclasses import dataclass
from functools import lru_cache

from cortex_core.domain.violations import InvalidValueError, Violation

NAMESPACE_MOST = 200
"""The longest namespace or namespace pattern, in characters."""

ROOT_WEIGHTS = {"workspace": 2.0, "cortex": 1.5, "external": 0.5}
"""How much a result from under each root weighs in a search; see `relevance`."""

OTHER_WEIGHT = 1.0

_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*").fullmatch
_EXPECTED = "expected dotted segments of letters, digits, _ and -, such as workspace.app"


def check_namespace(found: list[Violation], field: str, value: object) -> None:
    """`value` is a well-formed namespace; otherwise the fault is appended to `found`."""
    if not isinstance(value, str):
        found.append(Violation(field, f"{_EXPECTED}, got {type(value).__name__}"))
    elif len(value) > NAMESPACE_MOST:
        found.append(
            Violation(field, f"expected at most {NAMESPACE_MOST} characters, got {len(value)}")
        )
    elif not _WELL_FORMED(value):
        found.append(Violation(field, f"{_EXPECTED}, got {value!r}"))


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    first, *rest = ("".join(map(_glob_character, part)) for part in pattern.split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    # Where a part between two stars fits first, it need not be tried further on: without these
    # atomic groups, a pattern of many stars would be tried in more ways than there is time for.
    between = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(f"{first}{between}.*{rest[-1]}", re.DOTALL)


def _glob_character(character: str) -> str:
    return "." if character == "?" else re.escape(character)


@dataclass(frozen=True, slots=True, order=True)
class Namespace:
    """A well-formed namespace. Raises InvalidValueError for anything else."""

    path: str

    def __post_init__(self) -> None:
        found: list[Violation] = []
        check_namespace(found, "namespace", self.path)
        if found:
            raise InvalidValueError("namespace", found)

    def __str__(self) -> str:
        return self.path

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.path.split("."))

    @property
    def root(self) -> str:
        return self.path.partition(".")[0]

    @property
    def parent(self) -> "Namespace | None":
        """The namespace one segment up; None at a root."""
        above, dot, _ = self.path.rpartition(".")
        return Namespace(above) if dot else None

    @property
    def weight(self) -> float:
        """How much a search result from here weighs."""
        return ROOT_WEIGHTS.get(self.root, OTHER_WEIGHT)

    def is_parent_of(self, other: "Namespace") -> bool:
        """Whether `other` lies exactly one segment below."""
        return other.parent == self

    def is_child_of(self, other: "Namespace") -> bool:
        """Whether this lies exactly one segment below `other`."""
        return self.parent == other

    def contains(self, other: "Namespace") -> bool:
        """Whether `other` is this namespace or lies anywhere below it."""
        return other.path == self.path or other.path.startswith(self.path + ".")

    def matches(self, pattern: str) -> bool:
        """Whether the whole path fits `pattern`: `*` is any run of characters, dots too,
        `?` is any one character, and nothing else is special. Case counts."""
        return _glob(pattern).fullmatch(self.path) is not None
