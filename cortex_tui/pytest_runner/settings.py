"""How a test wants to be measured: the options of pytest-benchmark, with their meaning there.

Where pytest-benchmark is not installed its options are accepted nevertheless, so that a project's
configuration works as it is. Names, defaults and meanings are those of its documentation,
https://pytest-benchmark.readthedocs.io/en/stable/usage.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

FIXTURES = ("benchmark", "benchmark_weave")
THEIRS = "pytest_benchmark.plugin"
"""The module of pytest-benchmark's plugin."""

MARK = (
    "benchmark(group=None, min_rounds=5, max_time=1.0, timer=None, disable_gc=False, warmup=None, "
    "warmup_iterations=None): how a test is measured"
)

_VALUES: dict[str, object] = {
    "calibration-precision": 10,
    "columns": None,
    "confidence": 0.99,
    "cprofile": None,
    "cprofile-dump": None,
    "cprofile-loops": 1,
    "cprofile-top": 25,
    "csv": None,
    "group-by": "group",
    "histogram": None,
    "json": None,
    "max-time": "1.0",
    "min-rounds": 5,
    "min-time": "0.000005",
    "name": "normal",
    "netrc": None,
    "precision": None,
    "save": None,
    "sort": "min",
    "storage": None,
    "time-unit": None,
    "timer": None,
    "warmup": "auto",
    "warmup-iterations": 100_000,
    "compare": None,
    "compare-fail": None,
}
_MAY_STAND_ALONE = {"compare", "cprofile-dump", "csv", "histogram", "netrc", "warmup"}
_SWITCHES = (
    "autosave",
    "disable",
    "disable-gc",
    "enable",
    "only",
    "quiet",
    "save-data",
    "skip",
    "verbose",
)


class Settings(msgspec.Struct, frozen=True):
    """Those that have a meaning here."""

    max_time_ns: int
    """For how long a test is measured, at least."""
    min_rounds: int
    """In how many rounds, at least, each of as many calls as are timed as one."""
    warmup: bool
    warmup_iterations: int
    disable_gc: bool
    disabled: bool
    """The function is called once, and nothing is measured."""
    group: str
    timer: Callable[[], float] | None
    """Gives seconds; None for our own clock."""


def add_options(parser: pytest.Parser, manager: pytest.PytestPluginManager) -> None:
    """Registers pytest-benchmark's options unless it is loaded, and has done so itself."""
    if any(getattr(plugin, "__name__", "") == THEIRS for plugin in manager.get_plugins()):
        return
    group = parser.getgroup("benchmark")
    for name, default in _VALUES.items():
        alone = {"nargs": "?", "const": "on"} if name in _MAY_STAND_ALONE else {}
        group.addoption(f"--benchmark-{name}", default=default, **alone)
    for name in _SWITCHES:
        group.addoption(f"--benchmark-{name}", action="store_true", default=False)


def settings_of(item: pytest.Item) -> Settings:
    """The mark's settings, then those of the command line; raises pytest.UsageError."""
    config = item.config
    mark = item.get_closest_marker("benchmark")
    given: dict[str, Any] = dict(mark.kwargs) if mark else {}

    def option(name: str) -> Any:
        value = given.get(name)
        return config.getoption(f"benchmark_{name}") if value is None else value

    try:
        return Settings(
            max_time_ns=round(float(option("max_time")) * 1e9),
            min_rounds=max(1, int(option("min_rounds"))),
            warmup=_is_on(option("warmup")),
            warmup_iterations=max(1, int(option("warmup_iterations"))),
            disable_gc=bool(option("disable_gc")),
            disabled=bool(option("disable")) and not config.getoption("benchmark_enable"),
            group=str(given.get("group") or ""),
            timer=_own_timer(option("timer")),
        )
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{item.nodeid}: a setting of benchmark: {error}") from None


def _is_on(value: object) -> bool:
    return value is True or str(value).lower() in ("on", "true", "yes")


def _own_timer(timer: Any) -> Callable[[], float] | None:
    """A timer that is not one of the standard library's wall clocks, which ours stands in for."""
    target = getattr(timer, "target", timer)
    known = getattr(target, "__module__", "time") == "time"
    return None if not callable(target) or known else target
