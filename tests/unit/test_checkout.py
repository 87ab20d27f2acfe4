"""The files of another revision, with those of its submodules."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cortex_tui.environment.checkout import (
    RevisionError,
    check_out,
    commit_named,
    repository_of,
)


def git(folder: Path, *arguments: str) -> str:
    settings = (
        "-c", "user.name=Tester", "-c", "user.email=tester@example.org",
        "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main",
    )  # fmt: skip
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / "text").write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """With a submodule that has one of its own; both were changed after the tag v1."""
    for name in ("inner", "middle", "project"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "--quiet")
        commit(tmp_path / name, "first")
    git(tmp_path / "middle", "submodule", "--quiet", "add", str(tmp_path / "inner"), "in ner")
    commit(tmp_path / "middle", "with inner")
    project = tmp_path / "project"
    git(project, "submodule", "--quiet", "add", str(tmp_path / "middle"), "lib/middle")
    git(project, "submodule", "--quiet", "update", "--init", "--recursive")
    commit(project, "with middle")
    git(project, "tag", "v1")
    commit(project / "lib/middle/in ner", "second inner")
    commit(project / "lib/middle", "second middle")
    commit(project, "second")
    return project


def test_submodules_have_the_commit_of_the_revision(project: Path, tmp_path: Path) -> None:
    repository = repository_of(project)
    before = git(project, "status", "--porcelain=v2"), git(project, "ls-files", "--stage")
    for revision, texts in (
        ("v1", ("with middle", "with inner", "first")),
        ("HEAD", ("second", "second middle", "second inner")),
    ):
        folder = tmp_path / "out" / revision
        check_out(repository, commit_named(repository, revision), folder)
        inner = folder / "lib/middle/in ner"
        found = [(at / "text").read_text() for at in (folder, inner.parent, inner)]
        assert tuple(found) == texts
    assert before == (git(project, "status", "--porcelain=v2"), git(project, "ls-files", "--stage"))


def test_a_submodule_that_was_never_fetched_stays_an_empty_folder(
    project: Path, tmp_path: Path
) -> None:
    git(project, "submodule", "--quiet", "deinit", "--force", "--all")
    repository = repository_of(project)
    check_out(repository, repository.commit, tmp_path / "out")
    assert (tmp_path / "out" / "text").read_text() == "second"
    assert not (tmp_path / "out" / "lib/middle/text").exists()


def test_a_commit_that_the_submodule_lacks_is_named(project: Path, tmp_path: Path) -> None:
    lost = "0123456789" * 4
    git(project, "update-index", "--cacheinfo", f"160000,{lost},lib/middle")
    git(project, "commit", "--quiet", "--message", "lost")
    repository = repository_of(project)
    with pytest.raises(RevisionError, match="needs the commit 0123456789 of the submodule lib/mid"):
        check_out(repository, repository.commit, tmp_path / "out")
