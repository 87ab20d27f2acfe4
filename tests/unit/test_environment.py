"""What is found out about a machine, and what is made of it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cortex_tui.environment import describe_environment, file_system_of
from cortex_tui.environment.activity import activity, longest_gap_ns
from cortex_tui.environment.code import GitFacts
from cortex_tui.environment.findings import findings
from cortex_tui.environment.machine import machine_facts
from tests.interned_names import new_names
from tests.patience import PATIENCE_S
from tests.unit.cli.door import call


def tree(root: Path, **files: str) -> Path:
    """A made-up /proc and /sys; in the names, two underscores stand for a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


CPU = "sys/devices/system/cpu"
LAPTOP = {
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Quick 9000\nflags\t\t: fpu vme\n",
    f"{CPU}/cpu0/cpufreq/scaling_governor": "powersave\n",
    f"{CPU}/cpu1/cpufreq/scaling_governor": "powersave\n",
    f"{CPU}/intel_pstate/no_turbo": "0\n",
    f"{CPU}/smt/active": "1\n",
    "sys/class/power_supply/BAT0/type": "Battery\n",
    "sys/class/power_supply/BAT0/status": "Discharging\n",
    "sys/class/dmi/id/sys_vendor": "Lantern\n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
    "proc/1/cgroup": "0::/init.scope\n",
}
GUEST = {
    "proc/cpuinfo": "model name\t: vCPU\nflags\t\t: fpu hypervisor\n",
    f"{CPU}/cpufreq/boost": "0\n",
    f"{CPU}/smt/active": "0\n",
    "sys/class/dmi/id/product_name": "KVM\n",
    ".dockerenv": "",
    "proc/self/cgroup": "0::/pod/app\n",
    "sys/fs/cgroup/pod/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/pod/app/cpu.max": "max 100000\n",
}


def made_up(root: Path, files: dict[str, str]) -> Path:
    return tree(root, **{name.replace("/", "__"): text for name, text in files.items()})


def test_a_laptop_on_battery(tmp_path: Path) -> None:
    facts = machine_facts(made_up(tmp_path, LAPTOP))
    assert facts["cpu"] == "Quick 9000"
    assert (facts["governor"], facts["turbo"], facts["smt"]) == ("powersave", True, True)
    assert (facts["virtualisation"], facts["container"]) == ("none", "none")
    assert (facts["power"], facts["clock_source"]) == ("battery", "hpet")
    assert facts["cpu_limit"] is None


def test_a_container_in_a_virtual_machine_with_a_quota_above_it(tmp_path: Path) -> None:
    facts = machine_facts(made_up(tmp_path, GUEST))
    assert (facts["turbo"], facts["smt"], facts["governor"]) == (False, False, "")
    assert (facts["virtualisation"], facts["container"]) == ("KVM", "docker")
    assert facts["cpu_limit"] == 1.5


def test_where_nothing_can_be_read_nothing_is_claimed(tmp_path: Path) -> None:
    facts = machine_facts(tmp_path)
    for name in ("turbo", "smt", "virtualisation", "container", "power", "clock_source"):
        assert facts[name] is None, name


def test_the_environment_is_plain_data_with_all_that_a_comparison_asks_for() -> None:
    facts = describe_environment(Path.cwd(), watch_s=0)
    assert json.loads(json.dumps(facts)) == facts
    known = {
        "system", "cpu", "cores", "usable_cores", "clock_cost_ns", "clock_resolution_ns", "python",
        "implementation", "python_debug", "gil", "packages", "sqlite", "free_bytes", "slowed_by",
    }  # fmt: skip
    assert known <= facts.keys()
    assert facts["clock_cost_ns"] > 0
    assert None not in facts.values()


def test_the_deepest_mount_counts(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        proc__self__mounts="/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n"
        "srv:/x /mnt/a\\040b nfs4 rw 0 0\ngarbage\n",
    )
    assert file_system_of(Path("/var/x"), root) == "ext4"
    assert file_system_of(Path("/tmp/deep/er"), root) == "tmpfs"
    assert file_system_of(Path("/mnt/a b/c"), root) == "nfs4"
    assert file_system_of(Path("/"), tmp_path / "elsewhere") == ""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_process_that_turns_is_busy_unless_it_is_ours(tmp_path: Path) -> None:
    turning = "while True: pass"
    orphan = _orphan(f"{shlex.quote(sys.executable)} -c '{turning}' & echo $!", tmp_path / "pid")
    ours = subprocess.Popen([sys.executable, "-c", turning])
    try:
        # As long as it takes on a machine with more to do.
        for _ in range(100):
            busy = {entry["pid"]: entry for entry in activity(0.1)["busy"]}
            assert ours.pid not in busy
            if orphan in busy:
                break
        assert busy[orphan]["share"] >= 0.05
        assert busy[orphan]["name"].startswith("python")
    finally:
        os.kill(orphan, 9)
        ours.kill()
        ours.wait()


def test_processes_and_mounts_leave_no_place_in_pythons_table_of_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree(
        tmp_path / "machine",
        proc__731977__stat="731977 (made-up) S 1" + " 0" * 20,
        proc__self__mounts="/dev/a /made-up-mount ext4 rw 0 0\n/dev/b / xfs rw 0 0",
    )
    new = new_names(monkeypatch)
    assert activity(0, root)["busy"] == []
    assert file_system_of(Path("/"), root) == "xfs"
    assert [name for name in new if name.isdigit() or name == "made-up-mount"] == []


def _orphan(script: str, file: Path) -> int:
    """Starts a process whose parent ends at once, so that it is nobody's child here."""
    with file.open("w") as out:
        subprocess.run(["sh", "-c", script], stdout=out, check=True, timeout=PATIENCE_S)
    return int(file.read_text())


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_its_branch_and_whether_files_differ_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert GitFacts().result() == {}
    git(tmp_path, "init", "--initial-branch", "trunk")
    assert GitFacts().result() == {}
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--message", "One")
    (tmp_path / "unknown").write_text("to git")
    commit = git(tmp_path, "rev-parse", "HEAD")
    facts = {"git_commit": commit, "git_dirty": False, "git_branch": "trunk"}
    assert GitFacts().result() == facts
    (tmp_path / "file").write_text("two")
    assert GitFacts().result() == {**facts, "git_dirty": True}
    git(tmp_path, "checkout", "--force", "--detach")
    assert GitFacts().result() == {**facts, "git_branch": None}


def test_without_git_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert GitFacts().result() == {}


def test_the_longest_gap_is_one_of_the_time_watched() -> None:
    assert longest_gap_ns(0.01) > 0


FIT: dict[str, Any] = {
    "cpu": "Quick 9000", "cores": 8, "usable_cores": 8, "governor": "performance", "turbo": False,
    "smt": False, "virtualisation": "none", "container": "none", "steal_share": 0.0, "busy": [],
    "longest_gap_ns": 40_000, "power": "mains", "clock_source": "tsc", "clock_cost_ns": 25.0,
    "clock_resolution_ns": 1.0, "python": "3.12.1", "implementation": "CPython", "gil": True,
    "python_debug": False, "python_optimised": True, "python_profile_guided": True,
    "packages": {"uvloop": "0.21.0"}, "sqlite": "3.45", "file_system": "ext4",
    "free_bytes": 10**11, "git_commit": "a" * 40, "git_dirty": False, "slowed_by": [],
}  # fmt: skip


def test_a_fit_machine_has_nothing_but_good_findings() -> None:
    assert {finding.level for finding in findings(FIT)} == {"ok"}
    assert all(not finding.advice for finding in findings(FIT))


UNFIT = [
    ({"usable_cores": 1}, "processor", "warning", "8 cores, 1 usable"),
    ({"usable_cores": 4}, "processor", "note", "8 cores, 4 usable"),
    ({"cpu_limit": 1.5}, "quota", "warning", "a control group allows 1.5 cores"),
    ({"governor": "powersave"}, "governor", "warning", "powersave"),
    ({"turbo": True}, "turbo", "note", "on"),
    ({"smt": True}, "SMT", "note", "on"),
    ({"virtualisation": "KVM"}, "virtualisation", "note", "KVM"),
    ({"container": "docker"}, "container", "note", "docker"),
    ({"steal_share": 0.03}, "steal", "warning", "3.0% of all cores given to other guests"),
    (
        {"busy": [{"name": "make", "pid": 5, "share": 0.9}]},
        "other processes", "warning", "make 90% of a core",
    ),
    (
        {"busy": [{"name": "top", "pid": 5, "share": 0.07}]},
        "other processes", "note", "top 7% of a core",
    ),
    ({"longest_gap_ns": 7_000_000}, "standstill", "warning", "was stopped for 7.00ms at most"),
    ({"power": "battery"}, "power", "warning", "battery"),
    ({"clock_source": "hpet", "clock_cost_ns": 900.0}, "clock", "warning", "hpet, 900 ns"),
    ({"python_debug": True}, "Python", "warning", "CPython 3.12.1, a debug build"),
    ({"python_optimised": False}, "Python", "warning", "built without optimisation"),
    ({"python_profile_guided": False}, "Python", "note", "without profile-guided optimisation"),
    ({"slowed_by": ["PYTHONDEVMODE"]}, "settings", "warning", "PYTHONDEVMODE"),
    ({"packages": {"click": "8"}}, "loop", "note", "uvloop is not installed"),
    ({"file_system": "tmpfs"}, "disk", "warning", "on tmpfs, in memory"),
    ({"file_system": "nfs4"}, "disk", "warning", "on nfs4, a network file system"),
    ({"file_system": "overlay"}, "disk", "note", "layers of a container"),
    ({"free_bytes": 5 * 10**8}, "disk space", "warning", "0.5 GB free"),
    ({"git_commit": None}, "code", "note", "no git commit here"),
    ({"git_dirty": True}, "code", "note", "aaaaaaaaaaaa, with changes that are not committed"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "topic", "level", "what"), UNFIT, ids=[u[3] for u in UNFIT])
def test_what_is_unfit_says_what_it_does_and_what_to_do(
    facts: dict[str, Any], topic: str, level: str, what: str
) -> None:
    (found,) = (f for f in findings({**FIT, **facts}) if f.level != "ok")
    assert (found.topic, found.level) == (topic, level)
    assert what in found.what
    assert found.effect
    assert found.advice


def test_what_cannot_be_read_is_said_and_is_no_warning() -> None:
    found = findings({})
    assert "warning" not in {finding.level for finding in found}
    untold = {finding.topic for finding in found if finding.what.startswith("cannot tell")}
    assert {"processor", "governor", "turbo", "SMT", "steal", "power", "clock", "disk"} <= untold


def test_the_doctor_says_it_and_counts_the_warnings(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONDEVMODE", "1")
    code, out, err = call(capsys, "doctor")
    assert (code, err) == (0, "")
    assert "warning  settings: PYTHONDEVMODE" in out
    assert "→ Unset them" in out
    assert " warning" in out.splitlines()[-1]
    assert max(map(len, out.splitlines())) <= 100
    assert not any(tmp_path.iterdir())


def test_the_doctors_json_holds_the_facts_and_the_findings(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = call(capsys, "doctor", "--json", "--store", str(tmp_path / "x.db"))
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "cortex-tui/doctor@1")
    assert document["facts"]["longest_gap_ns"] > 0
    assert {"level", "topic", "what", "effect", "advice"} == document["findings"][0].keys()
