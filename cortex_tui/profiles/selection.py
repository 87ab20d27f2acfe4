"""Which profiles the words on a command line mean."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cortex_tui.profiles.loader import suites_in
from cortex_tui.profiles.model import Catalog, Problem, Profile, Suite
from cortex_tui.suggestions import nearest, suggestion
from cortex_tui.text import one_line
from cortex_tui.toml.words import shown

_COORDINATE = re.compile(r'[^,"]+(?:"(?:[^"\\]|\\.)*")?')
"""A parameter and its value in the name of a cell; text may be quoted, as in JSON."""


class SelectionError(ValueError):
    """A word that means no profile; the text says which, and what was near."""


class Selected(msgspec.Struct, frozen=True):
    """The profiles that the words mean, each once, in the order of the words.

    `problems` are those of the profiles and suites that the words mean too, but that cannot run.
    """

    profiles: tuple[Profile, ...]
    problems: tuple[Problem, ...]


def named_files(words: Sequence[str]) -> list[Path]:
    """The files of the words that are paths to a TOML file, or to a folder of them: the loader must
    read these first."""
    return [file for word in words for file in _files_of(word)]


def _files_of(word: str) -> list[Path]:
    if word.endswith(".toml"):
        return [Path(word)]
    if not _is_folder(word):
        return []
    try:
        return suites_in(Path(word))
    except OSError:
        return [Path(word)]  # whoever reads it says why that is impossible


def _is_folder(word: str) -> bool:
    """Whether it is the path of a folder; without a slash it is a name."""
    looks_like_one = "/" in word or os.sep in word or word in (".", "..")
    return looks_like_one and "\0" not in word and os.path.isdir(word)


def select(catalog: Catalog, words: Sequence[str]) -> Selected:
    """The profiles that any of the words means; raises SelectionError for one that means nothing.

    A word is a full name, that of a profile with a matrix for all its cells, a suite's name, a tag
    behind an `@`, a pattern over full names in which only `*` and `?` are special, or the path of a
    TOML file, or of a folder of them, that `named_files` gave to the loader.
    """
    profiles: dict[str, Profile] = {}
    problems: dict[Problem, None] = {}
    for word in words:
        found, wrong = _meant(catalog, word)
        if not found and not wrong:
            raise SelectionError(_nothing(catalog, word))
        profiles.update((profile.full_name, profile) for profile in found)
        problems.update(dict.fromkeys(wrong))
    # A place without suites may be the place where the meant ones should be.
    problems.update(dict.fromkeys(p for p in catalog.problems if not p.suite))
    return Selected(tuple(profiles.values()), tuple(problems))


def is_meant(profile: Profile, words: Sequence[str]) -> bool:
    """Whether any of the words means a profile that may be in no suite any more, as one of a stored
    session. A word for a file means the suite of its name, as what was stored elsewhere has another
    path."""
    alone = Catalog((Suite(profile.suite, profile.source, (profile,)),))
    for word in words:
        if "\0" not in word and (files := _files_of(word)):
            if profile.suite in {file.stem for file in files}:
                return True
            if _is_folder(word) and os.path.dirname(profile.source) == os.path.realpath(word):
                return True
        elif _meant(alone, word)[0]:
            return True
    return False


def _meant(catalog: Catalog, word: str) -> tuple[list[Profile], list[Problem]]:
    if word.startswith("@"):
        return _tagged(catalog, word[1:])
    if "\0" not in word and (files := _files_of(word)):
        sources = {os.path.realpath(file) for file in files}
        suites = {file.stem for file in files}
        return (
            [profile for profile in catalog.profiles if profile.source in sources],
            [problem for problem in catalog.problems if problem.suite in suites],
        )
    name = _in_order(catalog, word)
    exact = [p for p in catalog.profiles if name in (p.full_name, p.family, p.suite)]
    # The name of a cell may hold any character.
    if ("*" in word or "?" in word) and not exact:
        pattern = name_pattern(word)
        return (
            [
                p
                for p in catalog.profiles
                if pattern.fullmatch(p.full_name) or pattern.fullmatch(p.family)
            ],
            [p for p in catalog.problems if _may_match(word, pattern, p)],
        )
    return exact, [p for p in catalog.problems if p.suite and _names(word, p)]


def _in_order(catalog: Catalog, word: str) -> str:
    """A cell's name with its parameters in the order of the matrix; other words as they are."""
    family, bracket, rest = word.partition("[")
    cell = next((p.matrix for p in catalog.profiles if p.matrix and p.family == family), None)
    parts = _COORDINATE.findall(rest.removesuffix("]"))
    if cell is None or f"{family}{bracket}{','.join(parts)}]" != word:
        return word
    places = {name: place for place, name in enumerate(cell)}
    parts.sort(key=lambda part: places.get(part.partition("=")[0], len(places)))
    return f"{family}[{','.join(parts)}]"


def _tagged(catalog: Catalog, tag: str) -> tuple[list[Profile], list[Problem]]:
    found = [profile for profile in catalog.profiles if tag in profile.tags]
    wrong = [problem for problem in catalog.problems if tag in (problem.tags or ())]
    if found or wrong:
        # What cannot be read may have the tag, too.
        wrong = [p for p in catalog.problems if p in wrong or (p.suite and p.tags is None)]
    return found, wrong


def _names(word: str, problem: Problem) -> bool:
    if not problem.profile:
        return word.partition(".")[0] == problem.suite
    return word.partition("[")[0] in (problem.suite, f"{problem.suite}.{problem.profile}")


def name_pattern(word: str) -> re.Pattern[str]:
    """Of full names; only `*` and `?` are special in it."""
    first, *parts = ("".join("." if c == "?" else re.escape(c) for c in part)
                     for part in re.sub(r"\*+", "*", word).split("*"))  # fmt: skip
    # What stands between two stars is taken where it comes first, and never looked for again: any
    # later place leaves less room. Without that, some twenty stars take minutes.
    between = "".join(f"(?>.*?{part})" for part in parts[:-1])
    end = f".*{parts[-1]}" if parts else ""
    return re.compile(first + between + end, re.DOTALL)


def _may_match(word: str, pattern: re.Pattern[str], problem: Problem) -> bool:
    """Whether the pattern means the problem's profile, or could mean some profile of its suite."""
    if not problem.suite:
        return False
    if problem.profile:
        return bool(pattern.fullmatch(f"{problem.suite}.{problem.profile}"))
    return _can_begin(word, f"{problem.suite}.")


def _can_begin(word: str, beginning: str) -> bool:
    """Whether some text that starts with `beginning` matches the pattern."""
    places = _past_stars(word, {0})
    for character in beginning:
        places = _past_stars(
            word,
            {
                place if word[place] == "*" else place + 1
                for place in places
                if place < len(word) and word[place] in ("*", "?", character)
            },
        )
    return any(place < len(word) for place in places)


def _past_stars(word: str, places: set[int]) -> set[int]:
    """The places in the pattern where matching may continue: a star may match nothing."""
    reached = set(places)
    for place in places:
        while place < len(word) and word[place] == "*":
            place += 1
            reached.add(place)
    return reached


def _nothing(catalog: Catalog, word: str) -> str:
    suites = [suite.name for suite in catalog.suites]
    if word.startswith("@"):
        tags = {tag for profile in catalog.profiles for tag in profile.tags}
        return f"no profile has the tag {shown(word[1:])} {suggestion(word[1:], tags)}"
    if word.endswith(".toml"):
        return f"{shown(word)}: no profile in this file"
    if _is_folder(word):
        return f"{shown(word)}: no profile in this folder's TOML files"
    if word.endswith("/"):
        return f"{shown(word)}: expected a folder of TOML files, found none"
    family = next((p.family for p in catalog.profiles if word.startswith(f"{p.family}[")), None)
    if family is not None:
        cells = [p.full_name for p in catalog.profiles if p.family == family]
        return f"no cell is called {shown(word)} {suggestion(_in_order(catalog, word), cells)}"
    if "*" in word or "?" in word:
        return f"no profile matches {shown(word)} (suites: {', '.join(suites) or 'none'})"
    suite = next((suite for suite in catalog.suites if suite.name == word.partition(".")[0]), None)
    if suite is not None:
        names = dict.fromkeys(p.family for p in suite.profiles)
        if nearest(word, names) is None:
            known = ", ".join(name.partition(".")[2] for name in names)
            return f"no profile is called {shown(word)} ({suite.name} has {known})"
    near = nearest(word, [*suites, *(profile.family for profile in catalog.profiles)])
    hint = f'(did you mean "{near}"?)' if near else suggestion("", suites)
    if near is None and "\0" not in word and os.path.isdir(word):
        hint = f"(for the suites of that folder, write {one_line(word)}/)"
    return f"no profile or suite is called {shown(word)} {hint}"
