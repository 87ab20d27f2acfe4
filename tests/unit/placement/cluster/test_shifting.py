"""Every time in every message, moved from one clock to another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from msgspec import inspect

from cortex_tui.placement.cluster.shifting import shifted
from cortex_tui.protocol.commands import Pause, Release, Request, Start, ToRunner
from cortex_tui.protocol.messages import LogLine, Message, RunFinished, RunMeasured, Samples

SENT: tuple[type[msgspec.Struct], ...] = (*get_args(Message), *get_args(ToRunner), Start)

DURATIONS = [
    "loop_lag_ns",
    "gc_pause_ns",
    "cpu_ns",
    "wall_ns",
    "steal_ns",
    "foreign_ns",
    "oldest_ns",
    "offset_ns",
    "clock_resolution_ns",
    "clock_cost_ns",
    "await_cost_ns",
    "operation_ns",
    "measured_ns",
    "drain_ns",
    "warmup_ns",
    "unfinished_ns",
    "interval_ns",
    "bound_ns",
    "duration_ns",
    "timeout_ns",
    "at_least_ns",
    "at_most_ns",
]
"""Fields in ns that are no moments: they are the same on every clock."""
MAPS = ["session_ns", "ahead_ns"]
"""Those of a ClockMap, which is of both clocks."""


class Field(msgspec.Struct):
    path: str
    name: str
    kind: Any
    direct: bool
    """Whether only structs lead to it: no list, no dict."""


def fields_of(kind: Any, path: str, direct: bool = True) -> Iterator[Field]:
    """All fields of a type of `msgspec.inspect`, those of the structs within included."""
    match kind:
        case inspect.StructType():
            for field in kind.fields:
                yield Field(f"{path}.{field.name}", field.name, field.type, direct)
                yield from fields_of(field.type, f"{path}.{field.name}", direct)
        case inspect.UnionType():
            for each in kind.types:
                yield from fields_of(each, path, direct)
        case inspect.Metadata():
            yield from fields_of(kind.type, path, direct)
        case inspect.VarTupleType() | inspect.ListType():
            yield from fields_of(kind.item_type, path, False)
        case inspect.DictType():
            yield from fields_of(kind.value_type, path, False)


def is_moment(kind: Any) -> bool:
    if isinstance(kind, inspect.UnionType):
        return any(is_moment(each) for each in kind.types)
    return isinstance(kind, inspect.Metadata) and bool((kind.extra or {}).get("moment"))


ALL = [field for sent in SENT for field in fields_of(inspect.type_info(sent), sent.__name__)]


def test_every_time_is_either_a_moment_or_known_to_be_a_duration() -> None:
    times = [field for field in ALL if re.search(r"_ns$", field.name)]
    unclear = [
        field.path
        for field in times
        if is_moment(field.kind) == (field.name in (*DURATIONS, *MAPS))
    ]
    assert not unclear, "annotate a moment as `Moment`, and list what is a duration here"
    assert [field for field in times if is_moment(field.kind)]


def test_no_moment_is_where_it_is_not_moved() -> None:
    hidden = [field.path for field in ALL if is_moment(field.kind) and not field.direct]
    assert not hidden


def example(kind: Any) -> Any:
    """Any value of that type, as builtins; each moment is 1,000."""
    if is_moment(kind):
        return 1_000
    match kind:
        case inspect.Metadata():
            return example(kind.type)
        case inspect.StructType():
            values = {
                field.encode_name: example(field.type)
                for field in kind.fields
                if field.required or is_moment(field.type)
            }
            if kind.array_like:
                return [example(field.type) for field in kind.fields]
            return values | ({kind.tag_field: kind.tag} if kind.tag_field else {})
        case inspect.UnionType():
            return example(kind.types[0])
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.IntType() | inspect.FloatType():
            return 1
        case inspect.StrType():
            return "text"
        case inspect.BoolType():
            return False
        case inspect.NoneType():
            return None
        case inspect.VarTupleType() | inspect.ListType():
            return []
        case inspect.DictType():
            return {}
    raise NotImplementedError(str(kind))


def moments_in(value: object) -> Iterator[int]:
    """The values of all moments, found by their type."""
    if isinstance(value, msgspec.Struct):
        kind = inspect.type_info(type(value))
        assert isinstance(kind, inspect.StructType)
        for field in kind.fields:
            found = getattr(value, field.name)
            if is_moment(field.type):
                yield found
            else:
                yield from moments_in(found)


PLAIN = [kind for kind in SENT if kind.__name__ not in ("RunPlanned", "Start")]
"""Those two hold profiles, with loads that have a codec of their own, and no moment."""


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_every_moment_of_a_message_is_moved_and_nothing_else(kind: type[msgspec.Struct]) -> None:
    message = msgspec.convert(example(inspect.type_info(kind)), kind)
    moved = shifted(message, lambda at_ns: at_ns + 5)
    assert set(moments_in(message)) <= {1_000}
    assert set(moments_in(moved)) <= {1_005}
    assert shifted(moved, lambda at_ns: at_ns - 5) == message


@pytest.mark.parametrize("name", ["RunPlanned", "Start"])
def test_what_holds_profiles_has_no_moments(name: str) -> None:
    assert not [f for f in ALL if f.path.startswith(f"{name}.") and is_moment(f.kind)]


def test_what_is_within_another_struct_is_moved() -> None:
    outcome = RunFinished(run=0, state="finished", at_ns=10, measured_ns=10)
    assert shifted(RunMeasured(outcome), lambda ns: ns * 2).outcome == msgspec.structs.replace(
        outcome, at_ns=20
    )


def test_a_moment_that_is_not_known_stays_so() -> None:
    for unknown in (
        LogLine(-1, "runner", "text"),
        Samples(run=0, phase="measure", interval=3),
        Request(1, Pause()),
    ):
        assert shifted(unknown, lambda ns: ns + 5) is unknown
    assert shifted(Release("begin", 7), lambda ns: ns + 5) == Release("begin", 12)
    assert shifted(Request(1, Pause(), 7), lambda ns: ns + 5) == Request(1, Pause(), 12)
