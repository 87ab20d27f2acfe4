"""Files of TOML: suites, hosts and a person's settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from cortex_tui.loads.registry import decode_load
from cortex_tui.paths import shipped_suites
from cortex_tui.placement.cluster.hosts import MACHINE_KEYS, read_hosts
from cortex_tui.profiles.keys import KEYS, SUITE_KEYS
from cortex_tui.profiles.model import Problem, Profile
from cortex_tui.profiles.suite import read_suite
from cortex_tui.profiles.suite_lines import line_of_profile
from cortex_tui.toml.reading import RefusedError
from cortex_tui.tui.config.example import example
from cortex_tui.tui.config.reading import read_config
from tests.fuzz.scratch import scratch
from tests.fuzz.target import Target, clear

_SMALL_SUITE = b"""\
description = "for fuzzing"

[defaults]
workload = "canary"
warmup = 0
tags = ["fast"]

[profile.steady]
load = { rate = "500/s", arrivals = "poisson", max_in_flight = 10 }
duration = "1.5s"
targets = ["p95 < 50ms", "errors == 0"]

[profile.stages]
load.stages = [{ rate = "1/s", for = "5s" }, { rate = "2/s", for = "1s", ramp = true }]
params = { size = 10, name = "x" }

[profile.cells]
matrix = { n = [1, 2, 3], kind = ["a", "b"] }
load = { workers = 4, think_time = "1ms" }
precision = { p99 = "5%" }
iterations = 100

[variant.other]
params = { size = 11 }
"""
_HOSTS = b"""\
[defaults]
user = "me"
python = "python3.12"
[machine.one]
[machine.two]
address = "10.0.0.2"
port = 2222
runners = 2
"""
_CONFIG = b"""\
theme = "nord"
[keys]
stop = "f5"
pause = ["p", "ctrl+p"]
[library.keys]
filter = "/"
[notify]
end_of_session_after = "10s"
bell = true
"""
_MANY_KEYS = b"[keys]\n" + b"".join(b'k%d = "f5"\n' % at for at in range(1_000))
_VALUES = (
    b"true", b"1979-05-27T07:32:00Z", b"07:32:00", b"inf", b"nan", b"[[", b"]]", b"=", b"'''",
    b'"""', b"0x" + b"f" * 5_000, b"9" * 5_000, b'"1s"', b'"9h"', b'"1/s"', b"\\u0000",
    b'"\\u001b"', b"[defaults]", b"[profile.a]", b'[profile."a.b"]', b"\xe2\x80\xa8", b"\r\n",
)  # fmt: skip


def _written(name: str, data: bytes) -> Path:
    file = scratch() / name
    file.write_bytes(data)
    return file


def _problem(problem: Problem) -> None:
    clear(str(problem))


def _suite(data: bytes) -> None:
    """Reading never raises, and what can be run arrives in a runner as it was read."""
    read = read_suite(_written("suite.toml", data), "suite.toml")
    for problem in read.problems:
        _problem(problem)
    assert read.suite or read.problems
    text = data.decode("utf-8", "replace")
    for profile in read.suite.profiles[:20] if read.suite else ():
        sent = msgspec.msgpack.encode(profile)
        assert msgspec.msgpack.decode(sent, type=Profile, dec_hook=decode_load) == profile
        assert 1 <= line_of_profile(text, profile.name) <= len(text.splitlines())
        assert profile.load.text
        assert profile.load.lines
        assert profile.load.segments(0)


def _hosts(data: bytes) -> None:
    hosts = read_hosts(_written("hosts.toml", data))
    assert len({host.name for host in hosts}) == len(hosts)


def _config(data: bytes) -> None:
    file = _written("config.toml", data)
    last = data.count(b"\n") + 1
    for problem in read_config(file).problems:
        _problem(problem)
        line = problem.where.removeprefix(f"{file}:").partition(":")[0]
        assert not line.isdigit() or 0 <= int(line) <= last


def _seeds(*own: bytes) -> Callable[[], list[bytes]]:
    return lambda: [*own, *(file.read_bytes() for file in sorted(shipped_suites().glob("*.toml")))]


TARGETS = (
    Target(
        "suite", _suite, _seeds(_SMALL_SUITE, _SMALL_SUITE + b" " * 60_000),
        words=(*_VALUES, *(name.encode() for name in (*KEYS, *SUITE_KEYS))), thousands=30,
    ),
    Target(
        "hosts", _hosts, lambda: [_HOSTS], (RefusedError,),
        words=(*_VALUES, b"machine", *(name.encode() for name in MACHINE_KEYS)), thousands=60,
    ),
    Target(
        "config", _config, lambda: [_CONFIG, example().encode(), _MANY_KEYS],
        words=(*_VALUES, b"keys", b"ctrl+", b"f12", b"escape", b"theme"), thousands=30,
    ),
)  # fmt: skip
