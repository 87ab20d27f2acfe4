"""`make release` where it has to refuse."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.release import __main__ as release
from tools.release.contents import ReleaseError


def artefacts(folder: Path, *, sdist: bytes = b"s", wheel: bytes = b"w") -> release.Artefacts:
    folder.mkdir()
    made = release.Artefacts(folder / "a.tar.gz", folder / "a.whl")
    made.sdist.write_bytes(sdist)
    made.wheel.write_bytes(wheel)
    return made


def test_two_builds_have_to_be_the_same(tmp_path: Path) -> None:
    first = artefacts(tmp_path / "first")
    release.check_same(first, artefacts(tmp_path / "second"))
    with pytest.raises(ReleaseError, match=r"a\.whl is not the same when it is built elsewhere"):
        release.check_same(first, artefacts(tmp_path / "third", wheel=b"v"))
    with pytest.raises(ReleaseError, match=r"a\.tar\.gz is not the same"):
        release.check_same(first, artefacts(tmp_path / "fourth", sdist=b"t"))


def test_what_is_not_committed_is_not_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "new.py").touch()
    (tmp_path / "dist").mkdir()
    monkeypatch.setattr(release, "ROOT", tmp_path)
    assert release.main() == 1
    assert capsys.readouterr().err.startswith("make release: expected everything committed")
    assert not (tmp_path / "dist").exists()


def test_a_build_that_fails_is_shown(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[build-system\n")
    with pytest.raises(ReleaseError, match=r"-m build .* failed:\n(.|\n)*pyproject\.toml"):
        release.build(tmp_path, tmp_path / "out", {})
