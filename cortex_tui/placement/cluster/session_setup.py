"""What the machines of a cluster need before a session: the user's code, and the same versions."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cortex_tui.placement.cluster.bundle import Bundle, BundleError, pack
from cortex_tui.placement.cluster.member import Member
from cortex_tui.placement.cluster.moving import UserCode, folders_of, user_paths
from cortex_tui.placement.cluster.needed import needed_packages
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.cluster.versions import (
    Difference,
    Installed,
    differences,
    installed,
    refusal,
    stated,
)
from cortex_tui.protocol.messages import LogLine, MachineDescribed, Message
from cortex_tui.protocol.plan import SessionPlan

_NAMED = 5
"""Of what was left out of the code, in the log."""


class SessionSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out here for a session, and is the same for all of its parts."""

    session: str
    code: UserCode
    here: Installed
    needed: frozenset[str]


def examine(plan: SessionPlan) -> SessionSetup:
    """Packs the code that the plan needs, and finds out which packages take part.

    Reads files: not to be called on an event loop. Raises ClusterError.
    """
    python_path = user_paths()
    try:
        folders = folders_of(plan, python_path)
        code = UserCode(pack(folders) if folders else None, python_path)
    except BundleError as error:
        raise ClusterError(f"the code cannot be sent to the machines: {error}") from None
    return SessionSetup(
        session=plan.session,
        code=code,
        here=installed(),
        needed=needed_packages(plan, python_path),
    )


async def set_up(
    setup: SessionSetup, members: Sequence[Member], *, allow_differences: bool
) -> list[Message]:
    """Has all machines ready for a session; what is to be reported of that.

    Raises ClusterError where a machine differs and that is not allowed, or cannot take the code.
    """
    found = {
        member.name: differences(setup.here, member.installed, setup.needed) for member in members
    }
    if why := refusal(found, allowed=allow_differences):
        raise ClusterError(why)
    facts = await asyncio.gather(*(_ready(setup, member) for member in members))
    now_ns = time.perf_counter_ns()
    lines = [f"the machines differ from this one: {line}" for line in stated(found)]
    if setup.code.bundle is not None:
        lines += _about(setup.code.bundle)
    return [
        *(
            MachineDescribed(member.name, _with(each, setup, found[member.name]), now_ns)
            for member, each in zip(members, facts, strict=True)
        ),
        *(LogLine(-1, "runner", line, now_ns) for line in lines),
    ]


async def _ready(setup: SessionSetup, member: Member) -> Mapping[str, Any]:
    await member.give_code(setup.code)
    return await member.describe()


def _with(
    facts: Mapping[str, Any], setup: SessionSetup, differing: Sequence[Difference]
) -> dict[str, Any]:
    """The facts of a machine, with the packages and the code that take part in the session."""
    found = dict(facts)
    if setup.code.bundle is not None:
        found["code_sha256"] = setup.code.bundle.digest
    if differing:
        found["differences"] = [str(each) for each in differing]
    return found


def _about(code: Bundle) -> list[str]:
    outermost = [
        folder
        for folder in code.folders
        if not any(Path(folder).parent.is_relative_to(other) for other in code.folders)
    ]
    folders = ", ".join(outermost)
    size = f"{code.size_bytes / 1024:,.0f} KiB"
    lines = [
        f"code of {folders}: {code.files:,} files, {size}, SHA-256 {code.digest[:12]}",
    ]
    if code.left_out:
        named = ", ".join(os.path.relpath(text) for text in code.left_out[:_NAMED])
        more = len(code.left_out) - _NAMED
        lines.append(
            f"not sent with the code: {named}" + (f", and {more:,} more" if more > 0 else "")
        )
    return lines
