"""The disk on which the store and the databases of workloads lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cortex_tui.environment.sources import ROOT, text_of

VOLATILE_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs", "devtmpfs"})
"""Kept in memory: a database there tells nothing about a disk."""

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre",
     "fuse.sshfs", "fuse.glusterfs", "virtiofs"}
)  # fmt: skip
"""Somebody else's disk, or behind somebody else's process."""


def place_facts(store: Path, root: Path = ROOT) -> dict[str, Any]:
    return {"file_system": file_system_of(store, root), "free_bytes": _free_bytes(store)}


def file_system_of(path: Path, root: Path = ROOT) -> str:
    """The kind of file system that `path` lies on, such as `ext4`; "" where it is not known."""
    mounts = text_of(root / "proc/self/mounts") or ""
    target = os.path.realpath(path)
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # The kernel writes blanks and the like as octal escapes.
        folder = fields[1].encode().decode("unicode_escape").rstrip("/")
        # As text: see `activity`.
        if len(folder) >= best and f"{target}/".startswith(f"{folder}/"):
            best, kind = len(folder), fields[2]
    return kind


def _free_bytes(path: Path) -> int | None:
    """What is free for us where `path` is, or will be."""
    target = path.absolute()
    for place in (target, *target.parents):
        try:
            status = os.statvfs(place)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return status.f_bavail * status.f_frsize
    return None
