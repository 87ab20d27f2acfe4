"""The command line that repeats a session without a screen."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from cortex_tui.passwords import completed
from cortex_tui.paths import STORE
from cortex_tui.placement.registry import place_of
from cortex_tui.profiles.loader import OWN_FILE, OWN_FOLDER
from cortex_tui.profiles.model import Catalog, Profile
from cortex_tui.protocol.programs import TESTS_LOOP
from cortex_tui.results.view import SessionView
from cortex_tui.store.records import IMPORTED

_PROGRAM = "cortex-tui"
_USUAL_PLACE = "process"


class CommandLine(NamedTuple):
    """What to enter, and what should be known about it."""

    text: str
    """"" where there is no such command."""
    remark: str = ""


def command_of(view: SessionView, catalog: Catalog, store: str) -> CommandLine:
    """Repeats what a session ran: its profiles, rounds, placement and loop.

    `catalog` is what the files of the suites have now. Profiles that differ from it, since they
    were edited, stand in no file: those are repeated from the stored session.
    """
    if any(run.variant for run in view.runs):
        return CommandLine("", "a session of variants has no command line that repeats it")
    if view.placement == IMPORTED:
        return CommandLine("", "another program measured it: its code is not here")
    if view.loop == TESTS_LOOP:
        return CommandLine("", "tests are run by cortex-tui pytest, with the words for pytest")
    profiles = tuple({run.profile.full_name: run.profile for run in view.runs}.values())
    known = {profile.full_name: profile for profile in catalog.profiles}
    processes = _processes(profiles, known)
    if processes is not None:
        ran = {profile.full_name for profile in profiles}
        known = {name: _among(each, processes) for name, each in known.items() if name in ran}
    edited = [each for each in profiles if known.get(each.full_name) != each]
    words = [_PROGRAM, "run"]
    if edited:
        words += ["--again", view.session]
    else:
        words += _selection(profiles, catalog)
        words += [f"--profiles={file}" for file in _own_files(profiles, catalog)]
        if len(profiles) > 1 and not any(run.neighbours for run in view.runs):
            words.append("--one-by-one")
        if view.rounds > 1:
            words += ["--repeat", str(view.rounds)]
        if any(profile.database == catalog.database for profile in profiles):
            words += ["--database", catalog.database]
        if processes is not None:
            words += ["--processes", str(processes)]
    if view.cluster:
        words += ["--cluster", view.cluster]
    elif view.placement != _USUAL_PLACE and not place_of(view.placement).has_machines:
        words += ["--placement", view.placement]
    if view.loop:
        words += ["--loop", view.loop]
    if store and Path(store) != STORE:
        words += ["--store", store]
    remark = "with its edits, from the stored session" if edited else ""
    if place_of(view.placement).has_machines and not view.cluster:
        remark = f"{remark}{', ' if remark else ''}without the cluster, whose name is not stored"
    if any(completed(profile.database) != profile.database for profile in profiles):
        remark = f"{remark}{', ' if remark else ''}without the password of the database"
    return CommandLine(shlex.join(words), remark)


def _processes(profiles: Sequence[Profile], known: Mapping[str, Profile]) -> int | None:
    """Among how many processes all of them were shared; None where that is as their files say."""
    counts = {profile.load.shared_by for profile in profiles}
    of_files = {
        known[profile.full_name].load.shared_by
        for profile in profiles
        if profile.full_name in known
    }
    return counts.pop() if len(counts) == 1 and counts != of_files else None


def _among(profile: Profile, processes: int) -> Profile:
    return msgspec.structs.replace(profile, load=profile.load.among(processes))


def _selection(profiles: Sequence[Profile], catalog: Catalog) -> list[str]:
    """Names of suites that ran as a whole, and of profiles."""
    left = {profile.full_name for profile in profiles}
    names: list[str] = []
    for suite in catalog.suites:
        of_suite = [profile.full_name for profile in suite.profiles]
        found = [name for name in of_suite if name in left]
        names += [suite.name] if found and found == of_suite else found
    return names


def _own_files(profiles: Sequence[Profile], catalog: Catalog) -> list[str]:
    """The files of suites that are not found without being named; with one of them, all of those
    that are not shipped, since they then take the place of the usual ones."""
    names = {profile.suite for profile in profiles}
    suites = [suite for suite in catalog.suites if suite.name in names and not suite.shipped]
    files = [Path(os.path.realpath(suite.source)) for suite in suites]
    here = Path.cwd().resolve()
    if all(file.parent == here / OWN_FOLDER or file == here / OWN_FILE for file in files):
        return []
    return [
        str(file.relative_to(here)) if file.is_relative_to(here) else str(file) for file in files
    ]
