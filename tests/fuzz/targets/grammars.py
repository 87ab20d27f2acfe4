"""What a person writes in one line: quantities, targets, loads, names and patterns of them."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from pathlib import Path

import msgspec
import tomli

from cortex_tui.library.filtering import filter_of
from cortex_tui.library.moments import moment_of
from cortex_tui.loads.port import Load
from cortex_tui.loads.registry import decode_load, load_keys, read_load
from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.selection import SelectionError, name_pattern, select
from cortex_tui.quantities import (
    NS_PER_UNIT,
    format_count,
    format_duration,
    parse_duration_ns,
    parse_rate_per_s,
)
from cortex_tui.stats.statistics import STATISTICS
from cortex_tui.stats.targets import TargetResult, parse_target
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.names import checked_name, checked_tag
from cortex_tui.toml.reading import RefusedError
from tests.fuzz.target import Target, harmless

_UNITS = tuple(unit.encode() for unit in NS_PER_UNIT)
_LOADS = (
    b'load = { workers = 4, think_time = "1ms" }',
    b'load = { rate = "1.5k/s", arrivals = "poisson", max_in_flight = 10, precise = true }',
    b'load = { stages = [{ rate = "1/s", for = "5s" }, { rate = "9/s", for = "1h", ramp=true }] }',
    b'load = { stages = [{ workers = 0, for = "1ns" }, { workers = 3, for = "1s", ramp = true }] }',
    b'load = { rate = "30/m", processes = 2 }',
)  # fmt: skip


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _duration(data: bytes) -> None:
    ns = parse_duration_ns(_text(data))
    assert ns >= 0
    assert len(format_duration(ns)) <= 6 or ns > 1e15


def _rate(data: bytes) -> None:
    rate = parse_rate_per_s(_text(data))
    assert 0 <= rate < math.inf
    assert format_count(rate)


def _target(data: bytes) -> None:
    text = _text(data)
    target = parse_target(text)
    assert parse_target(target.text) == target
    assert 0 <= target.limit < math.inf
    harmless(TargetResult(text, target.limit).value_text)
    again = msgspec.json.decode(msgspec.json.encode(target), type=type(target))
    assert again == target


def _load(data: bytes) -> None:
    try:
        table = tomli.loads(_text(data))
    except (ValueError, RecursionError):
        return  # what files do is a target of its own
    load = read_load(table.get("load"), "load")
    sent = msgspec.msgpack.encode(load)
    assert msgspec.msgpack.decode(sent, type=Load, dec_hook=decode_load) == load
    harmless(" ".join((load.text, *load.lines)))
    segments = load.segments(5)
    for before, after in pairwise(segments):
        assert before.end_ns == after.start_ns
    if load.duration_ns:
        assert load.stretched(load.duration_ns * 3).duration_ns == load.duration_ns * 3


def _matches(pattern: str, text: str) -> bool:
    """As a `name_pattern` should, in time that only grows with the product of both lengths."""
    reached = {0}
    for character in pattern:
        if character == "*":
            reached = set(range(min(reached, default=len(text) + 1), len(text) + 1))
        else:
            reached = {
                at + 1 for at in reached if at < len(text) and character in ("?", text[at])
            }  # fmt: skip
    return len(text) in reached


def _pattern(data: bytes) -> None:
    """Up to the first line feed it is the pattern, behind that a name."""
    pattern, _, name = _text(data).partition("\n")
    found = name_pattern(pattern).fullmatch(name) is not None
    if len(pattern) * len(name) < 100_000:
        assert found == _matches(pattern, name)


@cache
def _catalog() -> Catalog:
    return load_catalog(working_folder=Path("/nowhere"))


def _selection(data: bytes) -> None:
    selected = select(_catalog(), _text(data).split("\n"))
    assert selected.profiles


def _moment(data: bytes) -> None:
    moment = moment_of(_text(data))
    assert moment_of(moment) == moment


def _filter(data: bytes) -> None:
    found = filter_of(_text(data))
    if found.profile is not None:
        found.profile.fullmatch("a" * 200)


def _name(data: bytes) -> None:
    text = _text(data)
    harmless(checked_name(text))
    harmless(checked_tag(text))


def _names(*names: str) -> tuple[bytes, ...]:
    return tuple(name.encode() for name in names)


TARGETS = (
    Target(
        "duration", _duration, lambda: [b"1.5s", b"250ms", b"1_000us", b"9 \xc2\xb5s", b"168h"],
        (ValueError,), _UNITS, thousands=50,
    ),
    Target(
        "rate", _rate, lambda: [b"500/s", b"1.5k/s", b"30 / m", b"1/ms"], (ValueError,),
        (*_UNITS, b"/", b"k"), thousands=50,
    ),
    Target(
        "target", _target,
        lambda: [b"p95 < 50ms", b"response.p99.9 <= 1.5s", b"errors == 0", b"error_rate < 1%",
                 b"throughput >= 500/s", b"scaling(n) <= 1.1", b"lateness.max < 1m"],
        (ValueError,), (*_names(*STATISTICS, "p", "<", "<=", ">=", "==", "%", "."), *_UNITS),
        thousands=60,
    ),
    Target(
        "load", _load, lambda: _LOADS, (RefusedError,),
        (*_names(*load_keys(), "for", "ramp"), *_UNITS, b"0x" + b"f" * 5_000, b"true", b"{", b"}"),
        thousands=30,
    ),
    Target(
        "pattern", _pattern,
        lambda: [b"search.*\nsearch.steady", b"*a?b*\nxxaabyy", b"*a*a*a*a*b\n" + b"a" * 60],
        words=(b"*", b"?", b"**", b"*a", b"a", b"[", b"\\", b"\n"), thousands=20,
    ),
    Target(
        "selection", _selection,
        lambda: [b"mediator", b"@fast", b"search.*", b"repository.get[n=1]", b"x.toml"],
        (SelectionError,), (b"*", b"?", b"@", b".", b"[", b"]", b"=", b'"', b",", b"mediator"),
        thousands=10,
    ),
    Target(
        "moment", _moment,
        lambda: [b"2026-03-31", b"2026-03-31T18:00", b"7d", b"2026-W12-1", b"20260331T18Z"],
        (ValueError,), (b"d", b"w", b"T", b"Z", b"+23:59", b"-", b":"), thousands=30,
    ),
    Target(
        "filter", _filter,
        lambda: [b"profile:search tag:nightly @x commit:1f3a since:7d until:2026-03-31 word"],
        (ValueError,), (b"profile:", b"tag:", b"commit:", b"since:", b"until:", b"@", b"*a"),
        thousands=20,
    ),
    Target(
        "name", _name, lambda: [b"main", b"before index", b"nightly-2"], (SnapshotError,),
        (b"-", b" ", b"\t"), thousands=20,
    ),
)  # fmt: skip
