"""Folders of sessions go when nobody needs them any more, and not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cortex_tui.session.scratch import Scratch

HOLDS_A_SESSION = """
import sys
from pathlib import Path
from cortex_tui.session.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
scratch.settle()
scratch.make("theirs")
print("made", flush=True)
sys.stdin.read()
"""


def test_a_session_of_a_live_process_is_left_alone_whatever_its_number(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS_A_SESSION, str(tmp_path)]
    scratch = Scratch(tmp_path)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "made\n"
        scratch.sweep()
        assert scratch.folder_of("theirs").is_dir()
        other.kill()
    scratch.sweep()
    assert not scratch.folder_of("theirs").exists()


def test_its_own_session_is_left_alone_until_it_is_removed(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    scratch.settle()
    scratch.make("s1")
    (scratch.folder_of("s1") / "database.db").write_text("data")
    Scratch(tmp_path).sweep()
    assert scratch.folder_of("s1").is_dir()
    scratch.remove("s1")
    assert not scratch.folder_of("s1").exists()


def test_what_an_earlier_version_left_is_swept_too(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    scratch.settle()
    old = scratch.root / "scratch" / "999999-20250101T000000-abcdef"
    old.mkdir()
    scratch.sweep()
    assert not old.exists()
