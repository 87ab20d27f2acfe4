"""Style sheets that are parsed once, for all workbenches of a process."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

_parsed: dict[Hashable, list[RuleSet]] = {}
_parse = Stylesheet._parse_rules


def _parse_once(
    sheet: Stylesheet,
    css: str,
    read_from: CSSLocation,
    is_default_rules: bool = False,
    tie_breaker: int = 0,
    scope: str = "",
) -> list[RuleSet]:
    variables = tuple(sheet._variables.items())
    key = css, read_from, is_default_rules, tie_breaker, scope, variables
    if key not in _parsed:
        _parsed[key] = _parse(sheet, css, read_from, is_default_rules, tie_breaker, scope)
    return _parsed[key]


@contextmanager
def parsed_once() -> Iterator[None]:
    """Textual keeps them for each application: hundreds of workbenches would parse the same again,
    for a tenth of what it takes to begin and to end one."""
    with patch.object(Stylesheet, "_parse_rules", _parse_once):
        yield
