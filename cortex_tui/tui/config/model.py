"""A person's settings as the workbench uses them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from cortex_tui.profiles.model import Problem


class Notify(NamedTuple):
    """What is done at the end of a session."""

    after_ns: int = 60_000_000_000
    """A session that took less ends quietly."""
    bell: bool = False
    desktop: bool = False
    """Whether the terminal is asked to show a notice on the desktop."""


class Config(NamedTuple):
    """A person's settings."""

    keys: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    """For each screen, by the name of an action, its keys in Textual's words."""
    theme: str = ""
    """"" for the one that was chosen last."""
    notify: Notify = Notify()
    problems: tuple[Problem, ...] = ()
    """What is wrong with the file; for that, the defaults hold."""


DEFAULTS = Config()
