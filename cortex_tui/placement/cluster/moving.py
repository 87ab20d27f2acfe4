"""A plan as a machine needs it, whose folders are others; and what comes back from there with the
user's own paths."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

import cortex_tui
from cortex_tui.placement.cluster.bundle import Bundle
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.frames import decode_messages
from cortex_tui.protocol.messages import Message
from cortex_tui.protocol.plan import RunnerSpec, SessionPlan
from cortex_tui.protocol.programs import is_test
from cortex_tui.workloads.loading import roots_of
from cortex_tui.workloads.names import OVER_CORE

_WITHOUT_CODE = OVER_CORE | {"canary"}
"""Built-in workloads that need no file of the user's."""
_PYTHON_PATH = "PYTHONPATH"

T = TypeVar("T")


class UserCode(msgspec.Struct, frozen=True):
    """What the workloads of a plan may import or read."""

    bundle: Bundle | None = None
    """None where all of them are built in."""
    python_path: tuple[str, ...] = ()
    """The user's folders in `sys.path`."""


class MachineFolders(msgspec.Struct, frozen=True, kw_only=True):
    """Where a machine has what a session needs."""

    code: str = ""
    """Where the bundle was unpacked; "" without one."""
    scratch: str
    """For the databases of the runner that is given the plan."""
    cache: str
    python_path: str = ""
    """Its own PYTHONPATH."""


def user_paths() -> tuple[str, ...]:
    """The folders in `sys.path` that neither Python nor a package nor this program is installed in:
    projects that are installed editable, and what PYTHONPATH names."""
    import cortex_core

    installed = [
        path
        for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
        if (path := sysconfig.get_path(name))
    ]
    ours = {
        str(Path(str(package.__file__)).resolve().parents[1])
        for package in (cortex_tui, cortex_core)
    }
    found = dict.fromkeys(os.path.realpath(path) for path in sys.path if path)
    return tuple(
        path
        for path in found
        if os.path.isdir(path)
        and path not in ours
        and not {"site-packages", "dist-packages"} & set(Path(path).parts)
        and not any(Path(path).is_relative_to(os.path.realpath(place)) for place in installed)
    )


def folders_of(plan: SessionPlan, python_path: Sequence[str]) -> tuple[str, ...]:
    """The folders from which the workloads of a plan may import or read; none where all of them
    are built in. `python_path` are the user's folders in `sys.path`."""
    found: list[str] = []
    for profile in {_place_of(run.profile): run.profile for run in plan.runs}.values():
        if is_test(profile):
            params = profile.params
            folders = (os.path.dirname(profile.source), params["folder"], params["rootdir"])
            found += map(str, folders)
        elif profile.workload not in _WITHOUT_CODE:
            found += roots_of(profile.source)
    found += [folder for spec in plan.runners for folder in (spec.cwd, spec.own) if folder]
    if not found:
        return ()
    return tuple(dict.fromkeys(os.path.realpath(each) for each in (*found, *python_path)))


def _place_of(profile: Profile) -> tuple[str, str]:
    return profile.source, profile.workload


def plan_at(plan: SessionPlan, code: UserCode, there: MachineFolders) -> SessionPlan:
    """The plan with the folders of a machine, on which the code was unpacked."""
    plan = msgspec.structs.replace(plan, scratch=there.scratch, cache=there.cache)
    if code.bundle is None:
        return plan
    move = _Move(code.bundle.folders, there.code)
    specs = plan.runners or (RunnerSpec(),)
    return msgspec.structs.replace(
        plan,
        runs=tuple(
            msgspec.structs.replace(run, profile=_moved_profile(run.profile, move))
            for run in plan.runs
        ),
        runners=tuple(
            _moved_spec(spec, move, code.python_path, there.python_path) for spec in specs
        ),
    )


class _Move:
    """Paths of this machine as those of another."""

    def __init__(self, folders: Sequence[str], code: str) -> None:
        self._folders = folders
        self._code = code

    def has(self, path: str) -> bool:
        """Whether it is in one of the folders that were sent."""
        return os.path.isabs(path) and any(
            Path(os.path.realpath(path)).is_relative_to(folder) for folder in self._folders
        )

    def __call__(self, path: str) -> str:
        return f"{self._code}{os.path.realpath(path)}"


def _moved_profile(profile: Profile, move: _Move) -> Profile:
    """Parameters that are whole paths of the user's code are moved, too."""
    params = {
        name: move(value) if isinstance(value, str) and move.has(value) else value
        for name, value in profile.params.items()
    }
    source = move(profile.source) if move.has(profile.source) else profile.source
    return msgspec.structs.replace(profile, params=params, source=source)


def _moved_spec(
    spec: RunnerSpec, move: _Move, python_path: Sequence[str], theirs: str
) -> RunnerSpec:
    given = spec.env.get(_PYTHON_PATH)
    paths = python_path if given is None else given.split(os.pathsep)
    moved = [move(path) for path in paths if move.has(path)]
    env: Mapping[str, str] = spec.env
    if moved or given is not None:
        env = {**env, _PYTHON_PATH: os.pathsep.join([*moved, *filter(None, [theirs])])}
    return msgspec.structs.replace(
        spec,
        cwd=move(spec.cwd or os.getcwd()),
        env=dict(env),
        foreign=spec.foreign and move(spec.foreign),
        own=spec.own and move(spec.own),
    )


def decode_from(body: bytes, code: str) -> list[Message]:
    """The messages of a frame of a machine that has the user's code in the folder `code`: in all
    their texts the paths are those of the user. Raises ProtocolError."""
    messages = decode_messages(body)
    if not code or code.encode() not in body:
        return messages
    return [_without(code, message) for message in messages]


def _without(code: str, value: T) -> T:
    """The value with no text in it that has the folder."""
    found: Any = value
    if isinstance(value, str):
        found = value.replace(code, "")
    elif isinstance(value, dict):
        found = {key: _without(code, item) for key, item in value.items()}
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        found = tuple(_without(code, item) for item in value)
    elif isinstance(value, list):
        found = [_without(code, item) for item in value]
    elif isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {
            name: cleaned
            for name, field in fields.items()
            if (cleaned := _without(code, field)) != field
        }
        found = msgspec.structs.replace(value, **changed) if changed else value
    return found  # type: ignore[no-any-return]
