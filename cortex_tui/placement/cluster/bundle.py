"""The user's code as one piece of bytes, and as folders again on a machine that does not have it.

A folder is unpacked under its own absolute path: `/home/ada/bench` becomes
`CODE/home/ada/bench`. What lies next to each other stays so, and a path there, without `CODE`, is
the path here. The same files always have the same digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cortex_tui.limits import MAX_BUNDLE_BYTES, MAX_BUNDLE_FILES
from cortex_tui.paths import SQLITE_ENDINGS, is_store
from cortex_tui.placement.cluster.code_files import files_of

_KEPT = 4
"""Bundles of earlier sessions that a machine keeps: who tries two variants in turns sends each
once."""
_OVERHEAD_BYTES = 512
"""For each file: its path, which may be long."""


class BundleError(Exception):
    """Code that cannot be sent, or that arrived broken; the text says why."""


class _NoRoomError(Exception):
    """A file with which the code is larger than what is sent."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A file, or with a `target` a link, or a folder."""

    path: bytes
    """Without the slash that it begins with."""
    content: bytes = b""
    executable: bool = False
    target: bytes = b""
    is_folder: bool = False


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The code of some folders."""

    digest: str
    """The SHA-256 of what is packed, as hexadecimal digits."""
    packed: bytes
    folders: tuple[str, ...]
    """Absolute and without links."""
    files: int
    size_bytes: int
    """Of all files, before they were packed."""
    left_out: tuple[str, ...] = ()
    """What is in the folders and not in the bundle, each with the reason."""


def pack(folders: Sequence[str]) -> Bundle:
    """Packs what belongs to the code in these folders. Raises BundleError.

    Takes as long as reading all files: not to be called on an event loop.
    """
    folders = sorted(set(map(os.path.realpath, folders)))
    left_out: list[str] = []
    entries: dict[str, Entry] = {}
    size_bytes = 0
    for folder in folders:
        try:
            found = files_of(folder)
        except OSError as error:
            raise BundleError(f"{folder}: {error.strerror or error}") from None
        ignored = [os.path.join(folder, name) for name in found.ignored]
        left_out += [
            f"{path} (in .gitignore)"
            for path in ignored
            if not any(Path(other).is_relative_to(path) for other in folders)
        ]
        # A folder within another may have what that one leaves out, such as a version's code.
        new = [file for file in _without_stores(found.files) if file not in entries]
        if len(entries) + len(new) > MAX_BUNDLE_FILES:
            what = f"more than {MAX_BUNDLE_FILES:,} files"
            raise BundleError(f"{folder}: {_too_large(what, new, folder)}")
        for file in new:
            try:
                entry = _entry(file, folders, MAX_BUNDLE_BYTES - size_bytes)
            except OSError as error:
                left_out.append(f"{file} ({error.strerror or error})")
            except _NoRoomError:
                what = f"more than {MAX_BUNDLE_BYTES >> 20} MiB"
                raise BundleError(f"{folder}: {_too_large(what, new, folder)}") from None
            else:
                if entry is None:
                    left_out.append(f"{file} (neither a file nor a link within the code)")
                    continue
                entries[file] = entry
                size_bytes += len(entry.content)
    # One of them may have no file, and is somebody's working folder all the same.
    roots = [Entry(os.fsencode(folder.lstrip("/")), is_folder=True) for folder in folders]
    plain = msgspec.msgpack.encode([*roots, *(entries[file] for file in sorted(entries))])
    return Bundle(
        digest=hashlib.sha256(plain).hexdigest(),
        packed=zlib.compress(plain, 1),
        folders=tuple(folders),
        files=len(entries),
        size_bytes=size_bytes,
        left_out=tuple(left_out),
    )


def _without_stores(files: Sequence[str]) -> list[str]:
    """A store grows with each session, and no workload needs it."""
    stores = {file for file in files if is_store(file)}
    ours = {f"{file}{end}" for file in stores for end in ("", *SQLITE_ENDINGS)}
    return [file for file in files if file not in ours]


def _entry(file: str, folders: Sequence[str], room_bytes: int) -> Entry | None:
    """What is packed of a file; None for what has no content of its own. A link within the folders
    stays one; one to a file elsewhere becomes that file. Raises OSError and _NoRoomError."""
    path = os.fsencode(file.lstrip("/"))
    if os.path.islink(file):
        target = os.path.realpath(file)
        if any(Path(target).is_relative_to(folder) for folder in folders):
            return Entry(path, target=os.fsencode(os.path.relpath(target, os.path.dirname(file))))
    # Without waiting for somebody at the other end, should it be a pipe.
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        # As much memory as is asked for is taken, and many files are kept at a time: not all room.
        content = opened.read(min(status.st_size, room_bytes) + 1)
        if len(content) > status.st_size:  # it grew meanwhile, or its system knows no sizes
            content += opened.read(room_bytes + 1 - len(content))
        if len(content) > room_bytes:
            raise _NoRoomError
        return Entry(path, content, bool(status.st_mode & 0o100))


def _too_large(what: str, files: Sequence[str], folder: str) -> str:
    """Why a folder is refused, with its largest parts."""
    sizes: dict[str, int] = {}
    for file in files:
        first = Path(file).relative_to(folder).parts[0]
        with contextlib.suppress(OSError):
            sizes[first] = sizes.get(first, 0) + os.lstat(file).st_size
    largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
    parts = ", ".join(f"{name} {sizes[name] / (1 << 20):,.1f} MiB" for name in largest)
    return (
        f"expected at most {MAX_BUNDLE_FILES:,} files and {MAX_BUNDLE_BYTES >> 20} MiB to send to "
        f"the machines, found {what} (the largest: {parts}); start in the folder of the code, or "
        "name what it does not need in the .gitignore of its repository"
    )


class CodeFolders:
    """The code that a machine was given: each bundle once, in a folder that only this user may
    enter. One thread at a time."""

    def __init__(self, root: str) -> None:
        """`root` is made when there is something to put there."""
        self._root = os.path.realpath(root)
        self._kept: list[str] = []
        """Digests, the one that was used last at the end."""

    def find(self, digest: str) -> str:
        """The folder of a bundle that is there, "" where it is not."""
        if digest not in self._kept:
            return ""
        self._kept.remove(digest)
        self._kept.append(digest)
        return self._folder(digest)

    def unpack(self, digest: str, packed: bytes) -> str:
        """The folder of a bundle. Raises BundleError for one that is broken, or has no place."""
        if folder := self.find(digest):
            return folder
        entries = _unpacked(digest, packed)
        folder = self._folder(digest)
        try:
            _write(entries, folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise BundleError(f"the code cannot be unpacked: {error}") from None
        self._kept.append(digest)
        for old in self._kept[:-_KEPT]:
            shutil.rmtree(self._folder(old), ignore_errors=True)
        del self._kept[:-_KEPT]
        return folder

    def _folder(self, digest: str) -> str:
        return os.path.join(self._root, digest[:12])


def _unpacked(digest: str, packed: bytes) -> list[Entry]:
    """Raises BundleError unless it is what was packed."""
    unpacking = zlib.decompressobj()
    most = MAX_BUNDLE_BYTES + MAX_BUNDLE_FILES * _OVERHEAD_BYTES
    try:
        plain = unpacking.decompress(packed, most)
    except zlib.error as error:
        raise BundleError(f"the code arrived broken: {error}") from None
    if unpacking.unconsumed_tail or hashlib.sha256(plain).hexdigest() != digest:
        raise BundleError("the code arrived broken: it is not what was sent")
    try:
        entries = msgspec.msgpack.decode(plain, type=list[Entry])
    except msgspec.MsgspecError as error:
        raise BundleError(f"the code arrived broken: {error}") from None
    links = {entry.path for entry in entries if entry.target}
    for entry in entries:
        if not _is_within(entry.path, links) or b"\0" in entry.target:
            raise BundleError(f"the code has a path that leads out of it: {entry.path[:200]!r}")
    return entries


def _is_within(path: bytes, links: set[bytes]) -> bool:
    """Whether it is a path as `pack` makes them, and not one through a link."""
    parts = path.split(b"/")
    return (
        b"\0" not in path
        and not {b"", b".", b".."} & set(parts)
        and not any(b"/".join(parts[:count]) in links for count in range(1, len(parts)))
    )


def _write(entries: Sequence[Entry], folder: str) -> None:
    os.makedirs(folder, mode=0o700)
    base = os.fsencode(folder)
    # Links come last, so that no file is written through one.
    for entry in sorted(entries, key=lambda entry: bool(entry.target)):
        path = os.path.join(base, entry.path)
        os.makedirs(path if entry.is_folder else os.path.dirname(path), exist_ok=True)
        if entry.is_folder:
            continue
        if entry.target:
            os.symlink(entry.target, path)
            continue
        mode = 0o700 if entry.executable else 0o600
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(path, flags, mode), "wb") as file:
            file.write(entry.content)
