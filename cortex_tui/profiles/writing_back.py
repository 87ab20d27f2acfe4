"""Writes what a person has edited into the file of its suite, or into a copy of a shipped suite."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cortex_tui.files import write_whole
from cortex_tui.profiles.drafts import READ_AGAIN, Changes, Draft
from cortex_tui.profiles.model import Profile
from cortex_tui.profiles.suite import read_profile
from cortex_tui.text import one_line
from cortex_tui.toml.file import toml_bytes, toml_table
from cortex_tui.toml.reading import RefusedError


class NotWrittenError(Exception):
    """Why nothing was written, in a sentence."""


def copy_of(suite: str, file: Path, folders: Sequence[Path]) -> Path:
    """Where a copy of a shipped suite takes its place; its own file where that is the user's.

    `folders` are those in which suites of the user are looked for. Raises NotWrittenError.
    """
    if any(os.path.realpath(folder) == str(file.parent) for folder in folders):
        return file
    if not folders:
        raise NotWrittenError(
            f"{suite} is a shipped suite, and --profiles names no folder for a copy of it"
        )
    return folders[0] / file.name


def copy_suite(file: Path, copy: Path) -> None:
    """Copies the file of a suite as it is; raises NotWrittenError."""
    with _reported(file):
        _create(copy, toml_bytes(file))


@contextmanager
def _reported(file: Path) -> Iterator[None]:
    """Within it, what keeps the file from being read or written is a NotWrittenError."""
    shown = one_line(file.name)
    try:
        yield
    except OSError as error:
        raise NotWrittenError(f"{shown} cannot be written: {error.strerror or error}") from None
    except RefusedError as refused:
        raise NotWrittenError(f"{shown}: {refused.message}") from None


def write_back(
    draft: Draft, changes: Changes, profiles: Sequence[Profile], *, to: Path | None = None
) -> Path:
    """Writes the changes, and reads the file again: it has to have exactly these profiles.

    `to` is the copy that is made of the suite, None for its own file. Either all is written or
    nothing. Returns the file; raises NotWrittenError.
    """
    # 20 ms, which the form need not wait for.
    from cortex_tui.profiles.suite_text import LayoutError, changed_text

    file = draft.file if to is None or to == draft.file else to
    shown = one_line(file.name)
    try:
        data = changed_text(draft, changes).encode()
    except LayoutError:
        raise NotWrittenError(
            f"{shown} is laid out in a way in which this cannot be changed without changing more: "
            "E opens it in your editor"
        ) from None
    if not _has(data, draft, profiles):
        raise NotWrittenError(f"{shown} would be read as something else: E opens it")
    with _reported(file):
        if file == draft.file:
            _replace(draft, data)
        else:
            _create(file, data)
        written = toml_bytes(file)
    if not _has(written, draft, profiles):
        raise NotWrittenError(f"{shown} was changed by somebody else while it was written")
    return file


def _has(data: bytes, draft: Draft, profiles: Sequence[Profile]) -> bool:
    """Whether a suite's file has the draft's profile as it is to be, wherever it comes from."""
    try:
        found = read_profile(toml_table(data), draft.suite, draft.name, "")
    except (RefusedError, KeyError, TypeError):
        return False
    return found == [msgspec.structs.replace(profile, source="") for profile in profiles]


def _replace(draft: Draft, data: bytes) -> None:
    if toml_bytes(draft.file) != draft.data:
        raise NotWrittenError(f"{one_line(draft.file.name)} {READ_AGAIN}")
    # A new file takes its place, which a folder may allow even where the file does not.
    with draft.file.open("r+b"):
        write_whole(draft.file, data)


def _create(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        opened = file.open("xb")
    except FileExistsError:
        raise NotWrittenError(f"{one_line(str(file))} is there already, and stays") from None
    try:
        with opened:
            opened.write(data)
    except OSError:
        file.unlink(missing_ok=True)
        raise
