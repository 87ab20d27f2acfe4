"""What is compared in one session: variants of the same profiles, in alternating rounds."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec

from cortex_tui.profiles.model import Profile, kept_in
from cortex_tui.protocol.plan import RunnerSpec, Variant
from cortex_tui.protocol.programs import TEST_FOLDERS, is_test


class Version(NamedTuple):
    """A variant, and where its code lies."""

    variant: Variant
    root: str = ""
    """The folder of the code as it is in this process."""
    folder: str = ""
    """That of the variant's code; "" where it is the same."""

    def measures(self, profile: Profile) -> bool:
        """Whether it has a run of the profile in each round."""
        return self.variant.only in ("", profile.full_name)

    def profile(self, profile: Profile) -> Profile:
        """The profile with the variant's parameters, its suite's file where its code lies."""
        params = {**profile.params, **self.variant.params}
        if is_test(profile):
            params |= {key: self._moved(str(params[key])) for key in TEST_FOLDERS}
        profile = kept_in(profile, self.variant.database)
        source = self._moved(profile.source)
        return msgspec.structs.replace(profile, params=params, source=source)

    def spec(self, usual: RunnerSpec) -> RunnerSpec:
        """What its runners are started with, where `usual` is what they would be without it."""
        variant = self.variant
        cwd = os.path.realpath(usual.cwd or os.getcwd())
        paths = [self._moved(path) for path in _paths_within(self.root)] if self.folder else []
        if paths:
            paths += filter(None, [os.environ.get("PYTHONPATH")])
        return RunnerSpec(
            variant=variant.name,
            python=variant.python,
            cwd=self._moved(cwd) if self.folder else usual.cwd,
            env={**({"PYTHONPATH": os.pathsep.join(paths)} if paths else {}), **variant.env},
            loop=variant.loop,
            program=usual.program,
            foreign=self.root if self.folder else "",
            own=self.folder,
        )

    def _moved(self, path: str) -> str:
        """A path of the code as it is, as that of the variant; others stay."""
        if not self.folder or not Path(path).is_relative_to(self.root):
            return path
        return str(self.folder / Path(path).relative_to(self.root))


def alone_and_together(profile: Profile) -> tuple[Version, Version]:
    """What a profile comes to without the others of a session, and with them as neighbours."""
    return (
        Version(Variant(name="alone", only=profile.full_name)),
        Version(Variant(name="together")),
    )


def _paths_within(root: str) -> list[str]:
    """Where this interpreter finds packages of the code: a project that is installed editable
    would be found where it is, in every variant. The folder of this program is left out: all
    variants are measured by the same one."""
    ours = str(Path(__file__).parents[2])
    prefix = Path(sys.prefix)
    return [
        path
        for path in sys.path
        if path
        and path != ours
        and Path(path).is_relative_to(root)
        and not Path(path).is_relative_to(prefix)
    ]
