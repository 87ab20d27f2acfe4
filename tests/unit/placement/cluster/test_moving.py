"""The user's code in another folder: it runs as at home, and speaks of the folders of home."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

from cortex_tui.placement.cluster.bundle import CodeFolders, pack
from cortex_tui.placement.cluster.moving import (
    MachineFolders,
    UserCode,
    decode_from,
    folders_of,
    plan_at,
    user_paths,
)
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.frames import encode_messages
from cortex_tui.protocol.messages import LogLine, Message, RunFinished, RunPlanned, Samples
from cortex_tui.protocol.plan import RunnerSpec, SessionPlan
from tests.projects import PROJECTS, plan_for, project


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def run_elsewhere(plan: SessionPlan, home: Path) -> list[Message]:
    """On a machine that has no folder `home`, in the words of this one."""
    elsewhere = home.parent / "machine"
    python_path = user_paths()
    bundle = pack(folders_of(plan, python_path))
    folder = CodeFolders(str(elsewhere / "code")).unpack(bundle.digest, bundle.packed)
    there = MachineFolders(
        code=folder, scratch=str(elsewhere / "scratch"), cache=str(elsewhere / "cache")
    )
    moved = plan_at(plan, UserCode(bundle, python_path), there)
    os.makedirs(moved.scratch)
    os.chdir("/")
    os.rename(home, f"{home}-gone")
    placement = InRunnerProcess()
    found: list[Message] = []
    async with placement.open(moved) as stream:
        async for batch in stream:
            body = encode_messages(batch)[4:]
            found += decode_from(body, folder)
            assert str(elsewhere).encode() not in encode_messages(found).replace(
                str(elsewhere / "scratch").encode(), b""
            )
    return found


@pytest.mark.parametrize("name", PROJECTS)
async def test_code_runs_where_its_own_folder_is_not(
    home: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = project(home, PROJECTS[name])
    if (home / "lib").is_dir():
        monkeypatch.syspath_prepend(str(home / "lib"))
        monkeypatch.chdir(home / "app")
    messages = await run_elsewhere(plan_for(profile, home), home)
    (finished,) = (each for each in messages if isinstance(each, RunFinished))
    samples = [each for each in messages if isinstance(each, Samples)]
    assert (finished.state, finished.reason) == ("finished", "")
    assert [each.errors for each in samples if each.errors] == []
    assert sum(len(each.service) // 8 for each in samples) == 20
    (planned,) = (each for each in messages if isinstance(each, RunPlanned))
    assert planned.profile.source == profile.source


async def test_what_fails_speaks_of_the_users_own_folders(home: Path) -> None:
    text = """
        import os, sys
        def work():
            print("in", os.getcwd())
            raise FileNotFoundError(f"no {__file__}")
        """
    profile = project(home, {"bench.toml": "bench:work", "bench.py": text})
    messages = await run_elsewhere(plan_for(profile, home), home)
    samples = [each for each in messages if isinstance(each, Samples) and each.tracebacks]
    assert f'File "{home}/bench.py", line 5, in work' in samples[0].tracebacks["FileNotFoundError"]
    assert samples[0].texts["FileNotFoundError"] == f"no {home}/bench.py"
    lines = {each.text for each in messages if isinstance(each, LogLine)}
    assert f"in {home}" in lines


@pytest.mark.parametrize("code", ["def work(:", "1/0"], ids=["syntax", "raises"])
async def test_code_that_cannot_be_loaded_is_reported_as_at_home(home: Path, code: str) -> None:
    profile = project(home, {"bench.toml": "bench:work", "bench.py": code})
    messages = await run_elsewhere(plan_for(profile, home), home)
    (finished,) = (each for each in messages if isinstance(each, RunFinished))
    assert finished.state == "failed"
    assert f'File "{home}/bench.py", line 1' in finished.traceback


async def test_a_module_that_is_not_there_was_looked_for_at_home(home: Path) -> None:
    profile = project(home, {"bench.toml": "bench:work"})
    messages = await run_elsewhere(plan_for(profile, home), home)
    (finished,) = (each for each in messages if isinstance(each, RunFinished))
    assert f"there is no module 'bench' (looked in {home} and in" in finished.reason


def test_built_in_workloads_need_no_code(home: Path) -> None:
    profile = Profile(suite="s", name="x", workload="cortex.search", stop=Length(1), source="/x")
    plan = plan_for(profile, home)
    assert folders_of(plan, ("/some/lib",)) == ()
    there = MachineFolders(scratch="/t/scratch", cache="/t/cache")
    moved = plan_at(plan, UserCode(), there)
    assert (moved.scratch, moved.cache) == ("/t/scratch", "/t/cache")
    assert (moved.runs, moved.runners) == (plan.runs, ())


def test_runners_of_versions_have_their_folders_there(home: Path) -> None:
    profile = project(home, {"bench.toml": "bench:work", "bench.py": ""})
    version = home / "scratch/code/0"
    version.mkdir(parents=True)
    spec = RunnerSpec(
        variant="main", cwd=str(version), foreign=str(home), own=str(version),
        env={"PYTHONPATH": f"{version}/src:/usr/lib/else", "X": str(home)},
    )  # fmt: skip
    plan = plan_for(profile, home, RunnerSpec(variant="here"), spec)
    code = UserCode(pack(folders_of(plan, ())))
    there = MachineFolders(code="/t/c", scratch="/t/s", cache="/t/k", python_path="/opt/x")
    here, moved = plan_at(plan, code, there).runners
    assert here == RunnerSpec(variant="here", cwd=f"/t/c{home}")
    assert moved == RunnerSpec(
        variant="main", cwd=f"/t/c{version}", foreign=f"/t/c{home}", own=f"/t/c{version}",
        env={"PYTHONPATH": f"/t/c{version}/src:/opt/x", "X": str(home)},
    )  # fmt: skip


def test_a_parameter_that_is_a_path_of_the_code_is_moved(home: Path) -> None:
    profile = project(home, {"bench.toml": "bench:work", "bench.py": "", "data": ""})
    params = {"file": str(home / "data"), "other": "/etc/passwd", "text": f"in {home}", "n": 1}
    plan = plan_for(msgspec.structs.replace(profile, params=params), home)
    code = UserCode(pack(folders_of(plan, ())))
    moved = plan_at(plan, code, MachineFolders(code="/t", scratch="/s", cache="/k"))
    assert moved.runs[0].profile.params == {**params, "file": f"/t{home}/data"}


def test_of_the_path_only_the_users_own_folders_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "lib/site-packages"
    packages.mkdir(parents=True)
    of_a_developer = user_paths()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path), str(packages), "/no/such", ""])
    assert user_paths() == (*of_a_developer, str(tmp_path))
