"""The machine: its processor, how it is clocked, and what stands between it and us."""

from __future__ import annotations

import os
import platform
import re
import time
from pathlib import Path
from statistics import median
from typing import Any

from cortex_tui.environment.sources import ROOT, files_like, output_of, text_of, texts_of

_CONTAINER = re.compile(r"docker|kubepods|lxc|libpod|containerd|garden")


def machine_facts(root: Path = ROOT) -> dict[str, Any]:
    """`root` is where proc and sys are."""
    cpu = root / "sys/devices/system/cpu"
    info = _cpu_info(root)
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpu": info.get("model name") or info.get("Model") or _apple_cpu() or platform.processor(),
        "cores": os.cpu_count(),
        "usable_cores": _usable_cores(),
        "cpu_limit": _cpu_limit(root),
        "governor": ", ".join(
            sorted(set(texts_of(files_like(cpu, "cpu[0-9]*/cpufreq/scaling_governor"))))
        ),
        "turbo": _turbo(cpu),
        "smt": {"1": True, "0": False}.get(text_of(cpu / "smt/active") or ""),
        "virtualisation": _virtualisation(root, info),
        "container": _container(root),
        "power": _power(root),
        **clock_facts(root),
    }


def clock_facts(root: Path = ROOT) -> dict[str, Any]:
    """The clock that measures: what it counts, how finely, and what reading it costs."""
    costs = []
    for _ in range(9):
        start_ns = time.perf_counter_ns()
        for _ in range(200):
            time.perf_counter_ns()
        costs.append((time.perf_counter_ns() - start_ns) / 200)
    clocksource = root / "sys/devices/system/clocksource/clocksource0/current_clocksource"
    return {
        "clock_source": text_of(clocksource),
        "clock_resolution_ns": round(time.get_clock_info("perf_counter").resolution * 1e9, 3),
        "clock_cost_ns": round(median(costs), 1),
    }


def _cpu_info(root: Path) -> dict[str, str]:
    """The first value of each key of /proc/cpuinfo."""
    found: dict[str, str] = {}
    for line in (text_of(root / "proc/cpuinfo") or "").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip(), value.strip())
    return found


def _apple_cpu() -> str | None:
    if platform.system() != "Darwin":
        return None
    return output_of("sysctl", "-n", "machdep.cpu.brand_string")


def _usable_cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def _cpu_limit(root: Path) -> float | None:
    """How many cores the control group may use; None without a limit."""
    group = "/"
    for line in (text_of(root / "proc/self/cgroup") or "").splitlines():
        number, _, path = line.partition("::")
        if number == "0":
            group = path
    limits = []
    # A limit of a group above holds, too.
    folder = root / "sys/fs/cgroup" / group.lstrip("/")
    for place in (folder, *folder.parents):
        quota, _, period = (text_of(place / "cpu.max") or "").partition(" ")
        if quota.isdigit() and period.isdigit():
            limits.append(int(quota) / int(period))
        if place == root:
            break
    return min(limits, default=None)


def _turbo(cpu: Path) -> bool | None:
    without = text_of(cpu / "intel_pstate/no_turbo")
    boost = text_of(cpu / "cpufreq/boost")
    if without in ("0", "1"):
        return without == "0"
    return boost == "1" if boost in ("0", "1") else None


def _virtualisation(root: Path, info: dict[str, str]) -> str | None:
    """What kind of virtual machine this is; `none` for a real one, None where it is not known."""
    identity = root / "sys/class/dmi/id"
    name = text_of(root / "sys/hypervisor/type") or " ".join(
        texts_of(identity / entry for entry in ("sys_vendor", "product_name"))
    )
    if "hypervisor" in info.get("flags", "").split():
        return name or "a virtual machine"
    if re.search(r"virtual|kvm|qemu|vmware|xen\b|bochs|parallels", name, re.IGNORECASE):
        return name
    return "none" if "flags" in info else None


def _container(root: Path) -> str | None:
    for file, name in ((".dockerenv", "docker"), ("run/.containerenv", "podman")):
        if (root / file).exists():
            return name
    groups = text_of(root / "proc/1/cgroup")
    if groups is None:
        return None
    found = _CONTAINER.search(groups)
    return found[0] if found else "none"


def _power(root: Path) -> str | None:
    """`battery` or `mains`."""
    if platform.system() == "Darwin":
        output = output_of("pmset", "-g", "batt") or ""
        return "battery" if "Battery Power" in output else "mains" if "AC Power" in output else None
    supplies = root / "sys/class/power_supply"
    if not supplies.is_dir():
        return None
    states = texts_of(files_like(supplies, "*/status"))
    kinds = texts_of(files_like(supplies, "*/type"))
    return "battery" if "Battery" in kinds and "Discharging" in states else "mains"
