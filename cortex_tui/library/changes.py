"""What a person changes of stored sessions on a screen, each as one piece of work with the store.

Those that return a text return what is to be reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cortex_tui.quantities import format_noun
from cortex_tui.store.port import Store


async def tag_all(sessions: Sequence[str], words: str, store: Store) -> str:
    """Adds the words to the tags of the sessions; those behind a dash are taken away."""
    found = words.split()
    add = [word for word in found if not word.startswith("-")]
    remove = [word[1:] for word in found if word.startswith("-")]
    for each in sessions:
        await store.change_tags(each, add, remove)
    return f"tagged: {words}" if found else "no tag was changed"


async def note_all(sessions: Sequence[str], text: str, store: Store) -> str:
    """Writes one note on all of the sessions; an empty one takes away what they have."""
    for each in sessions:
        await store.set_note(each, text)
    return f"noted: {text}" if text else "the note was taken away"


async def give_name(session: str, name: str, store: Store) -> str:
    """Gives a session a name that stays."""
    await store.name_snapshot(name, session)
    return f"named {name}"


class Pointed(NamedTuple):
    """A baseline that was pointed at a session."""

    name: str
    before: str
    """The session that it was pointed at before, "" for a new one."""


async def point_baseline(session: str, name: str, store: Store) -> Pointed:
    """Points a new name, or a baseline that there is, at a session."""
    return Pointed(name, await store.set_baseline(name, session))


async def undo(store: Store) -> str:
    """Takes back the last removal, or the last change of a baseline."""
    restored = await store.restore()
    if restored is None:
        return "there is nothing to undo"
    sessions = sessions_text(len(restored.sessions)) if restored.sessions else ""
    text = f"restored {', '.join(filter(None, [sessions, *restored.names]))}"
    taken = ", ".join(restored.taken)
    return f"{text}; another session has the name {taken} by now" if taken else text


def sessions_text(count: int) -> str:
    """Such as `2 sessions`."""
    return format_noun(count, "session")
