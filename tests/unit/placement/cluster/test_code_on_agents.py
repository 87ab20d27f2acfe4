"""The user's code on agents that do not have its folder."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.placement.cluster import bundle
from cortex_tui.placement.cluster.placement import OnCluster
from cortex_tui.placement.cluster.plain import PlainAgents
from cortex_tui.placement.cluster.port import AGENT_MODULE, ClusterError
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import (
    LogLine,
    MachineDescribed,
    Message,
    RunFinished,
    RunPlanned,
    Samples,
)
from cortex_tui.protocol.plan import SessionPlan
from tests.e2e.processes import descendants_of, listed
from tests.projects import PROJECTS, plan_for, project

_HIDE = 'mount -t tmpfs tmpfs "$0" && exec "$@"'


def hidden(folder: Path) -> list[str]:
    """A command that runs another one where that folder is empty."""
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", _HIDE, str(folder)]


def can_hide() -> bool:
    try:
        done = subprocess.run([*hidden(Path("/tmp")), "true"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


needs_hiding = pytest.mark.skipif(not can_hide(), reason="folders cannot be hidden from a process")


class Cluster:
    """Sessions on agents; what they reported."""

    def __init__(self, stack: AsyncExitStack, home: Path, cache: Path) -> None:
        self.home, self.agents = home, cache / "cortex-tui/agents"
        self._stack = stack
        self._placements: dict[tuple[str, ...], OnCluster] = {}

    async def run(
        self,
        plan: SessionPlan,
        prefix: Sequence[str],
        *,
        machines: int = 1,
        allow_differences: bool = False,
    ) -> list[Message]:
        key = (*prefix, str(machines), str(allow_differences))
        if key not in self._placements:
            settings = ClusterSettings(allow_differences=allow_differences, loose_clock=True)
            self._placements[key] = OnCluster(PlainAgents(machines, [prefix]), settings)
            self._stack.push_async_callback(self._placements[key].aclose)
        async with self._placements[key].open(plan) as stream:
            return [message async for batch in stream for message in batch]

    def make_ready(self) -> None:
        """As a workbench does after each session."""
        for placement in self._placements.values():
            placement.prepare()


@pytest.fixture
async def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    async with AsyncExitStack() as stack:
        made = Cluster(stack, home, tmp_path / "cache")
        yield made
    assert list(made.agents.iterdir()) == []


def shared(profile: Profile) -> Profile:
    """Its load in two processes."""
    return msgspec.structs.replace(profile, load=ClosedLoad(workers=2))


@needs_hiding
@pytest.mark.parametrize("name", ["relative imports", "a project on the user's path"])
async def test_code_runs_on_machines_without_its_folder(
    cluster: Cluster, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = cluster.home
    profile = shared(project(home, PROJECTS[name]))
    if (home / "lib").is_dir():
        monkeypatch.syspath_prepend(str(home / "lib"))
        monkeypatch.chdir(home / "app")
    plan = plan_for(profile, home, shared_by=2)
    messages = await cluster.run(plan, hidden(home), machines=2)
    (finished,) = (each for each in messages if isinstance(each, RunFinished))
    samples = [each for each in messages if isinstance(each, Samples)]
    assert (finished.state, finished.reason, finished.partial) == ("finished", "", "")
    assert [each.errors for each in samples if each.errors] == []
    assert sum(len(each.service) // 8 for each in samples) == 20
    planned = [each for each in messages if isinstance(each, RunPlanned)]
    assert {each.profile.source for each in planned} == {profile.source}
    described = [each for each in messages if isinstance(each, MachineDescribed)]
    assert [each.machine for each in described] == ["agent-1", "agent-2"]
    assert len({each.facts["code_sha256"] for each in described}) == 1


@needs_hiding
async def test_errors_and_prints_have_the_users_own_paths(cluster: Cluster) -> None:
    home = cluster.home
    text = """
        import os
        def work():
            print("in", os.getcwd())
            raise FileNotFoundError(f"no {__file__}")
        """
    profile = project(home, {"bench.toml": "bench:work", "bench.py": text})
    messages = await cluster.run(plan_for(profile, home), hidden(home))
    samples = [each for each in messages if isinstance(each, Samples) and each.tracebacks]
    assert f'File "{home}/bench.py", line 5, in work' in samples[0].tracebacks["FileNotFoundError"]
    assert samples[0].texts["FileNotFoundError"] == f"no {home}/bench.py"
    assert f"in {home}" in {each.text for each in messages if isinstance(each, LogLine)}
    # Nor does anything else say where agents keep it.
    assert str(cluster.agents) not in str(messages)


@needs_hiding
async def test_each_session_has_the_code_as_it_is_then(cluster: Cluster) -> None:
    home = cluster.home
    found: list[str] = []
    for number in ("1", "2", "1"):
        text = f"def work(): raise ValueError('{number}')\n"
        profile = project(home, {"bench.toml": "bench:work", "bench.py": text})
        plan = plan_for(profile, home, session=f"s{len(found)}")
        messages = await cluster.run(plan, hidden(home))
        samples = [each for each in messages if isinstance(each, Samples) and each.texts]
        found.append(samples[0].texts["ValueError"])
    assert found == ["1", "2", "1"]


def anonymous_bytes_of_agents() -> list[int]:
    """Of each agent that this process has started; it is the child of its guard."""
    processes = {each.pid: each for each in listed() if AGENT_MODULE in each.command}
    ours = descendants_of(os.getpid())
    found = []
    for pid in processes.keys() & ours:
        if processes[pid].parent in processes:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            found += [int(line.split()[1]) << 10 for line in lines if line.startswith("Anonymous:")]
    return found


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt") or not Path("/proc/self/smaps_rollup").exists(),
    reason="needs glibc and Linux's /proc",
)
async def test_agents_keep_no_memory_of_code_that_they_have_unpacked(cluster: Cluster) -> None:
    home = cluster.home
    profile = project(home, {"bench.toml": "bench:work", "bench.py": "def work(): pass\n"})
    sizes = []
    for number in range(3):
        messages = await cluster.run(plan_for(profile, home, session=f"s{number}"), ())
        assert [each.state for each in messages if isinstance(each, RunFinished)] == ["finished"]
        (size,) = anonymous_bytes_of_agents()
        sizes.append(size)
        (home / f"data-{number}.py").write_bytes(os.urandom(8_000_000))
    # It was the size of the code and more, and the most of what was ever sent.
    assert sizes[1] < sizes[0] + 4_000_000
    assert sizes[2] < sizes[0] + 4_000_000


async def test_code_is_forgotten_when_its_session_is_over(cluster: Cluster) -> None:
    home, size_bytes = cluster.home, 8_000_000
    profile = project(home, {"bench.toml": "bench:work", "bench.py": "def work(): pass\n"})
    (home / "data.py").write_bytes(os.urandom(size_bytes))
    tracemalloc.start()
    try:
        for number in range(2):  # the second one with the code that is there
            plan = plan_for(profile, home, session=f"s{number}")
            messages = await cluster.run(plan, ())
            assert [e.state for e in messages if isinstance(e, RunFinished)] == ["finished"]
            cluster.make_ready()
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] < size_bytes / 2
    finally:
        tracemalloc.stop()


async def test_a_file_that_git_ignores_is_named_where_it_is_missed(cluster: Cluster) -> None:
    home = cluster.home
    git = await asyncio.create_subprocess_exec("git", "init", "--quiet", str(home))
    await git.wait()
    (home / ".gitignore").write_text("words.txt\n")
    profile = project(
        home, {"bench.toml": "bench:work", "bench.py": "def work(): pass\n", "words.txt": "one"}
    )
    messages = await cluster.run(plan_for(profile, home), ())
    lines = [each.text for each in messages if isinstance(each, LogLine)]
    found = [line for line in lines if line.startswith(f"code of {home}: ")]
    assert [line.partition(", SHA-256 ")[0] for line in found] == [
        f"code of {home}: 3 files, 0 KiB"
    ], lines
    assert "not sent with the code: words.txt (in .gitignore)" in lines


def another(folder: Path, package: str) -> list[str]:
    """A command that runs another one with a package in another version."""
    info = folder / f"{package}-0.0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.0.1\n")
    return ["env", f"PYTHONPATH={folder}"]


async def test_other_versions_are_refused_unless_they_are_allowed(
    cluster: Cluster, tmp_path: Path
) -> None:
    home = cluster.home
    code = "import hypothesis\ndef work(): pass\n"
    profile = project(home, {"bench.toml": "bench:work", "bench.py": code})
    prefix = another(tmp_path / "other", "hypothesis")
    with pytest.raises(ClusterError) as refused:
        await cluster.run(plan_for(profile, home), prefix, machines=2)
    assert "the machines differ from this one: agent-1, agent-2: hypothesis 6." in str(
        refused.value
    )
    assert "--allow-differences" in str(refused.value)
    messages = await cluster.run(plan_for(profile, home), prefix, allow_differences=True)
    differing = "here, 0.0.1 there"
    lines = [each.text for each in messages if isinstance(each, LogLine)]
    assert any(line.endswith(differing) for line in lines)
    facts = [each.facts for each in messages if isinstance(each, MachineDescribed)]
    assert all(each["differences"][0].endswith(differing) for each in facts)
    (finished,) = (each for each in messages if isinstance(each, RunFinished))
    assert finished.state == "finished"


async def test_packages_that_take_no_part_may_differ(cluster: Cluster, tmp_path: Path) -> None:
    home = cluster.home
    profile = project(home, {"bench.toml": "bench:work", "bench.py": "def work(): pass\n"})
    messages = await cluster.run(plan_for(profile, home), another(tmp_path / "other", "hypothesis"))
    assert not any("differ" in each.text for each in messages if isinstance(each, LogLine))


async def test_code_that_is_too_large_is_refused(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_BUNDLE_FILES", 1)
    home = cluster.home
    profile = project(home, {"bench.toml": "bench:work", "bench.py": "def work(): pass\n"})
    with pytest.raises(ClusterError, match=r"the code cannot be sent .*more than 1 files"):
        await cluster.run(plan_for(profile, home), ())


@pytest.mark.long
async def test_versions_have_their_own_code_on_every_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home = tmp_path / "home"
    shop = home / "src/shop/__init__.py"
    shop.parent.mkdir(parents=True)
    (home / "bench.py").write_text("import asyncio, shop\nasync def work(): await shop.pay()\n")
    (home / "bench.toml").write_text(
        '[profile.x]\nworkload = "bench:work"\niterations = 2\nwarmup = 1\nload = { workers = 2 }\n'
    )
    shop.write_text("async def pay(): pass\n")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "fast"]):
        git = await asyncio.create_subprocess_exec("git", *words, cwd=home)
        assert await git.wait() == 0
    shop.write_text("import asyncio\nasync def pay(): await asyncio.sleep(0.4)\n")
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cortex_tui", "run", "bench", "--profiles", "bench.toml",
        "--against", "HEAD", "--repeat", "2", "--cluster", "agents:2", "--loose-clock",
        "--json", str(tmp_path / "out.json"),
        cwd=home, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await run.communicate()
    assert run.returncode in (0, 1, 4), output.decode()
    document = json.loads((tmp_path / "out.json").read_bytes())
    found = {(each["variant"], each["service_ns"]["min"] >= 3e8) for each in document["runs"]}
    assert found == {("HEAD", False), ("here", True)}
