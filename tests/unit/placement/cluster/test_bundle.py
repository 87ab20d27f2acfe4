"""The user's code on its way to a machine: all of it, nothing else, and the same each time."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.limits import MAX_BUNDLE_BYTES
from cortex_tui.placement.cluster import bundle as bundles
from cortex_tui.placement.cluster.bundle import (
    Bundle,
    BundleError,
    CodeFolders,
    Entry,
    pack,
)
from cortex_tui.store.port import open_store
from tests.unit.store import samples


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        within = name.replace("__", "/").replace("_py", ".py")
        file = folder / within
        assert file.is_relative_to(folder), f"{within} is outside of the test's folder"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def packed_names(found: Bundle) -> set[str]:
    entries = msgspec.msgpack.decode(zlib.decompress(found.packed), type=list[Entry])
    (folder,) = found.folders
    files = [entry for entry in entries if not entry.is_folder]
    return {os.path.relpath(f"/{os.fsdecode(entry.path)}", folder) for entry in files}


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


def test_it_comes_out_as_it_went_in(tmp_path: Path) -> None:
    code = tmp_path / "code"
    write(code, bench_py="x = 1\n", deep__er__data="§")
    (code / "run.sh").write_text("#!/bin/sh\n")
    (code / "run.sh").chmod(0o755)
    (code / "latest").symlink_to("deep/er/data")
    (code / "whole").symlink_to(code / "deep")
    odd = os.fsencode(code / "odd") + b"\xff"
    Path(os.fsdecode(odd)).write_bytes(b"\0\1")
    found = pack([str(code)])
    there = CodeFolders(str(tmp_path / "agent"))
    folder = Path(there.unpack(found.digest, found.packed) + str(code))
    assert (folder / "bench.py").read_text() == "x = 1\n"
    assert (folder / "latest").read_text() == (folder / "whole/er/data").read_text() == "§"
    # Links lead within the copy, wherever they led to here.
    assert Path(os.path.realpath(folder / "whole")).is_relative_to(tmp_path / "agent")
    assert (folder / os.path.basename(os.fsdecode(odd))).read_bytes() == b"\0\1"
    assert (folder / "run.sh").stat().st_mode & 0o777 == 0o700
    assert (folder / "bench.py").stat().st_mode & 0o777 == 0o600
    (private,) = (tmp_path / "agent").iterdir()
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert found.left_out == ()


names = st.text(st.sampled_from("ab.é "), min_size=1, max_size=6).filter(
    lambda name: name.strip(".") and not name.endswith(".pyc")
)


@given(st.dictionaries(names, st.binary(max_size=200), max_size=8))
def test_the_digest_is_of_the_files_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("files") / "code"
    digests = []
    for order, time in ((list(files), 1_000), (list(reversed(files)), 2_000_000_000)):
        folder.mkdir()
        for name in order:
            (folder / name).write_bytes(files[name])
            os.utime(folder / name, (time, time))
        found = pack([str(folder)])
        digests.append(found.digest)
        there = CodeFolders(str(folder.parent / f"agent-{time}"))
        unpacked = Path(there.unpack(found.digest, found.packed) + str(folder))
        assert {p.name: p.read_bytes() for p in unpacked.glob("*")} == files
        for name in order:
            (folder / name).unlink()
        folder.rmdir()
    assert digests[0] == digests[1]


def test_what_tools_leave_behind_stays_here(tmp_path: Path) -> None:
    write(
        tmp_path,
        bench_py="",
        pkg__mod_py="",
        node_modules__a="",
    )
    for name in (".git/HEAD", ".venv/x.py", "pkg/__pycache__/mod.pyc", ".cortex-tui/snapshots.db"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "env").mkdir()
    (tmp_path / "env/pyvenv.cfg").touch()
    assert packed_names(pack([str(tmp_path)])) == {"bench.py", "pkg/mod.py"}


async def test_a_store_stays_here_wherever_it_lies(tmp_path: Path) -> None:
    write(tmp_path, bench_py="")
    store = await open_store(tmp_path / "s.db")
    try:
        await store.prune_unsaved()
        assert (tmp_path / "s.db").stat().st_size
        sent = packed_names(pack([str(tmp_path)]))
    finally:
        await store.close()
    sqlite3.connect(tmp_path / "theirs.db").execute("CREATE TABLE t (a)").connection.close()
    assert sent == {"bench.py"}
    assert packed_names(pack([str(tmp_path)])) == {"bench.py", "theirs.db"}


def test_in_a_repository_git_decides(tmp_path: Path) -> None:
    top = tmp_path / "repository"
    module = top / "vendored"
    write(top, bench_py="", gone_py="", data__big="", node_modules__x="")
    write(module, lib_py="")
    (top / ".gitignore").write_text("data/\n*.log\n")
    (top / "a.log").touch()
    git(tmp_path, "init", "--quiet", str(module))
    git(module, "add", ".")
    git(module, "commit", "--quiet", "-m", "x")
    git(tmp_path, "init", "--quiet", str(top))
    git(top, "add", "bench.py", "gone.py", "vendored")
    (top / "gone.py").unlink()
    write(top, new_py="")
    found = pack([str(top)])
    assert packed_names(found) == {".gitignore", "bench.py", "new.py", "vendored/lib.py"}
    assert found.left_out == (f"{top}/a.log (in .gitignore)", f"{top}/data/ (in .gitignore)")


def test_a_folder_that_its_repository_ignores_is_sent_as_it_is(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("versions/\n")
    version = tmp_path / "versions/0"
    write(version, bench_py="")
    assert packed_names(pack([str(version)])) == {"bench.py"}


def test_links_out_of_the_code_become_files_and_the_rest_is_named(tmp_path: Path) -> None:
    code, elsewhere = tmp_path / "code", tmp_path / "elsewhere"
    write(elsewhere, data="42")
    write(code, bench_py="")
    (code / "data").symlink_to(elsewhere / "data")
    (code / "folder").symlink_to(elsewhere)
    (code / "nothing").symlink_to(elsewhere / "nothing")
    os.mkfifo(code / "pipe")
    found = pack([str(code)])
    there = CodeFolders(str(tmp_path / "agent"))
    unpacked = Path(there.unpack(found.digest, found.packed) + str(code))
    assert (unpacked / "data").read_text() == "42"
    assert not (unpacked / "data").is_symlink()
    assert [text.partition(" (")[0] for text in found.left_out] == [
        str(code / name) for name in ("folder", "nothing", "pipe")
    ]


def test_folders_within_others_are_sent_once(tmp_path: Path) -> None:
    write(tmp_path, a__b_py="", ab__c_py="")
    found = pack([str(tmp_path / name) for name in ("ab", "a", "a/../ab", "a")])
    assert found.folders == (str(tmp_path / "a"), str(tmp_path / "ab"))
    assert found.files == 2
    assert pack([str(tmp_path), str(tmp_path / "a")]).files == 2


def test_a_folder_that_another_leaves_out_is_sent_where_it_is_asked_for(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("data\nlater\n")
    version = tmp_path / ".cortex-tui/scratch/code/0"
    suite = tmp_path / "later/suite"
    write(tmp_path, bench_py="1", data="")
    write(version, bench_py="2")
    write(suite, bench_py="3")
    found = pack([str(tmp_path), str(version), str(suite)])
    there = CodeFolders(str(tmp_path / "agent"))
    folder = there.unpack(found.digest, found.packed)
    for place, text in ((tmp_path, "1"), (version, "2"), (suite, "3")):
        assert Path(f"{folder}{place}/bench.py").read_text() == text
    assert found.left_out == (f"{tmp_path}/data (in .gitignore)",)


@pytest.mark.parametrize(
    ("limit", "value", "what"),
    [("MAX_BUNDLE_FILES", 1, "more than 1 files"), ("MAX_BUNDLE_BYTES", 5, "more than 0 MiB")],
)
def test_too_much_is_refused_with_what_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, what: str
) -> None:
    write(tmp_path, small="1", large__file="123456")
    monkeypatch.setattr(bundles, limit, value)
    with pytest.raises(BundleError, match=rf"found {what} \(the largest: large 0.0 MiB") as error:
        pack([str(tmp_path)])
    assert ".gitignore" in str(error.value)


def test_packing_takes_memory_for_what_there_is_not_for_what_may_be_sent(tmp_path: Path) -> None:
    write(tmp_path, bench_py="x = 1\n")
    tracemalloc.start()
    try:
        pack([str(tmp_path)])
        assert tracemalloc.get_traced_memory()[1] < MAX_BUNDLE_BYTES / 10
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs Linux's /proc")
def test_a_file_of_which_the_system_knows_no_size_is_sent_whole(tmp_path: Path) -> None:
    (tmp_path / "version").symlink_to("/proc/version")
    assert (tmp_path / "version").stat().st_size == 0
    entries = msgspec.msgpack.decode(
        zlib.decompress(pack([str(tmp_path)]).packed), type=list[Entry]
    )
    assert Path("/proc/version").read_bytes() in [entry.content for entry in entries]


def test_a_folder_without_a_file_is_there_all_the_same(tmp_path: Path) -> None:
    """Sessions are started in such a folder, too."""
    code, empty = tmp_path / "code", tmp_path / "empty"
    write(code, bench_py="x = 1\n")
    empty.mkdir()
    found = pack([str(code), str(empty)])
    assert found.files == 1
    there = CodeFolders(str(tmp_path / "agent")).unpack(found.digest, found.packed)
    assert Path(there + str(empty)).is_dir()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere: No such file"):
        pack([str(tmp_path / "nowhere")])


def test_what_arrives_broken_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path / "code", bench_py="x = 1")
    found = pack([str(tmp_path / "code")])
    there = CodeFolders(str(tmp_path / "agent"))
    other = zlib.compress(b"other")
    for packed in (b"", found.packed[:-20], found.packed[:20] + b"?" + found.packed[21:], other):
        with pytest.raises(BundleError, match="arrived broken"):
            there.unpack(found.digest, packed)
    assert not (tmp_path / "agent").exists()
    assert there.unpack(found.digest, found.packed)


@pytest.mark.parametrize("path", [b"/etc/x", b"a/../../x", b"..", b"", b"a\0b", b"a//b"])
def test_no_path_leads_out_of_the_folder(tmp_path: Path, path: bytes) -> None:
    plain = msgspec.msgpack.encode([Entry(path, b"x")])
    digest = hashlib.sha256(plain).hexdigest()
    with pytest.raises(BundleError, match="leads out of it"):
        CodeFolders(str(tmp_path / "agent")).unpack(digest, zlib.compress(plain))


@pytest.mark.parametrize("through", [Entry(b"link/x", b"x"), Entry(b"link/x", target=b"y")])
def test_nothing_is_written_through_a_link_of_the_bundle(tmp_path: Path, through: Entry) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    entries = [Entry(b"link", target=os.fsencode(outside)), through]
    plain = msgspec.msgpack.encode(entries)
    digest = hashlib.sha256(plain).hexdigest()
    with pytest.raises(BundleError, match="leads out of it"):
        CodeFolders(str(tmp_path / "agent")).unpack(digest, zlib.compress(plain))
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "agent").exists()


def test_a_bundle_is_unpacked_once_and_old_ones_go(tmp_path: Path) -> None:
    code = tmp_path / "code"
    there = CodeFolders(str(tmp_path / "agent"))
    found = []
    for number in range(6):
        write(code, bench_py=f"x = {number}")
        found.append(pack([str(code)]))
        there.unpack(found[-1].digest, found[-1].packed)
        there.unpack(found[0].digest, found[0].packed)
    assert there.find(found[1].digest) == ""
    first = there.find(found[0].digest)
    assert Path(first + str(code), "bench.py").read_text() == "x = 0"
    assert len(list((tmp_path / "agent").iterdir())) == 4


_LOOK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT * FROM name")
connection.close()
"""


async def test_a_store_that_is_open_keeps_its_locks(tmp_path: Path) -> None:
    # Whoever closes a file gives up the locks of its process on it: another process then takes
    # itself for the last one that has the store open, and deletes the log of writes.
    path = tmp_path / "kept" / "snapshots.db"
    path.parent.mkdir()
    (tmp_path / "bench.py").write_text("def work(): pass\n")
    async with await open_store(path) as store:
        await store.begin_session(samples.session())
        found = pack([str(tmp_path)])
        look = await asyncio.create_subprocess_exec(sys.executable, "-c", _LOOK, path)
        assert await look.wait() == 0
        assert path.with_name("snapshots.db-wal").exists()
        assert found.files == 1
