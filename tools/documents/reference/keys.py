"""Every key of the workbench, from the tables of its actions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from cortex_tui.tui.actions import TOPICS, Action
from cortex_tui.tui.config.keys import FIXED, written
from cortex_tui.tui.config.tables import MAIN, TABLES
from tools.documents.reference.markdown import code, prose, table

_INTRODUCTION = """\
# Keys

The keys of the workbench as they are without any settings; `?` in the workbench lists them as they
are for you. An action without a key is in the palette (`ctrl+p`). The names in the last column are
for [the file of settings](../guides/keys-and-configuration.md), which gives actions other keys.
"""


def page() -> str:
    parts = [_INTRODUCTION.strip()]
    for each in TABLES:
        actions = each.actions()
        if each.name == MAIN:
            parts.append("## The main screen: `[keys]`")
            parts += _by_topic(actions)
        else:
            parts += [f"## {each.name.capitalize()}: `[{each.name}.keys]`", _table(actions)]
    parts += [
        "## Everywhere",
        table(
            ("key", "why it cannot be changed"), ((code(key), why) for key, why in FIXED.items())
        ),
    ]
    return "\n\n".join(parts)


def _by_topic(actions: Sequence[Action]) -> Iterator[str]:
    ordered = sorted(actions, key=lambda action: TOPICS.index(action.topic))
    for topic, found in groupby(ordered, key=lambda action: action.topic):
        yield f"### {topic}"
        yield _table(list(found))


def _table(actions: Sequence[Action]) -> str:
    return table(
        ("key", "does", "name"),
        (
            (
                " ".join(f"`` {key} ``" if key == "`" else code(key) for key in _keys(action)),
                prose(action.tooltip),
                code(action.name),
            )
            for action in actions
        ),
    )


def _keys(action: Action) -> list[str]:
    """Its own keys, or that of the other action which does it, too."""
    return [written(key) for key in action.keys] or action.shown.split()
