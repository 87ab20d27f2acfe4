"""The names of snapshots: what may be one, and what to say of one that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cortex_tui.limits import MAX_NAME_CHARS
from cortex_tui.paths import command_on
from cortex_tui.store.errors import SnapshotError
from cortex_tui.suggestions import nearest
from cortex_tui.text import quoted

NEWEST = "newest"
"""In place of a name: the session that was started last, unless a snapshot is called that."""


def checked_name(name: str) -> str:
    """The name, if it can be typed and shown; SnapshotError otherwise."""
    if not name or name != name.strip() or not name.isprintable() or name.startswith("-"):
        raise SnapshotError(
            f"{quoted(name)} cannot be the name of a snapshot: expected visible characters, "
            "no blank at either end, no dash at the start"
        )
    if len(name) > MAX_NAME_CHARS:
        raise SnapshotError(
            f"the name of a snapshot has {len(name)} characters: expected at most {MAX_NAME_CHARS}"
        )
    return name


def checked_tag(tag: str) -> str:
    """The tag, if it can be typed and shown; SnapshotError otherwise."""
    if not tag or not tag.isprintable() or " " in tag or tag.startswith("-"):
        raise SnapshotError(
            f"{quoted(tag)} cannot be a tag: expected visible characters, no blank, no dash at the "
            "start"
        )
    if len(tag) > MAX_NAME_CHARS:
        raise SnapshotError(f"the tag has {len(tag)} characters: expected at most {MAX_NAME_CHARS}")
    return tag


def is_tag(text: str) -> bool:
    """Whether it can be a tag."""
    try:
        return checked_tag(text) == text
    except SnapshotError:
        return False


def unknown(path: Path, ref: str, names: Iterable[str]) -> SnapshotError:
    """There is neither a snapshot nor a session of that name."""
    near = nearest(ref, [NEWEST, *names])
    listing = f": `{command_on(path, 'snapshots')}` lists what there is"
    hint = f' (did you mean "{near}"?)' if near else listing
    return SnapshotError(f"{path}: no snapshot or session {quoted(ref)}{hint}")


def nothing(path: Path, ref: str) -> SnapshotError:
    """There is no store, or an empty one."""
    return SnapshotError(f"{path}: the store is empty, so it has no {quoted(ref)}")


def removed(path: Path, ref: str) -> SnapshotError:
    """What is asked for was removed, and is still there."""
    undo = command_on(path, "undo", ref)
    return SnapshotError(f"{path}: {quoted(ref)} was removed: `{undo}` restores it")
