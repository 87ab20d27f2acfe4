"""The environment of a session on several machines, and how two of them compare."""

from __future__ import annotations

from typing import Any

import msgspec

from cortex_tui.analysis.comparability import session_differences
from cortex_tui.protocol.messages import MachineDescribed
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.results.differences import environment_changes
from cortex_tui.results.machines import fleet_facts, machines_of, with_machine
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.store.records import SessionRecord

FACTS = {"cpu": "A", "cores": 4, "python": "3.12.4", "packages": {"numpy": "2.1"}, "busy": []}
LAPTOP = {"cpu": "L", "cores": 8, "git_commit": "abc", "git_dirty": True}


def environment_of(**machines: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(LAPTOP)
    for name, facts in machines.items():
        found = with_machine(found, name, facts)
    return found


def test_what_all_have_stands_where_that_of_one_machine_does() -> None:
    other = {**FACTS, "cpu": "B", "busy": [{"name": "cron", "share": 0.2}]}
    found = environment_of(a=FACTS, b=other)
    assert found == {
        "cores": 4,
        "python": "3.12.4",
        "packages": {"numpy": "2.1"},
        "git_commit": "abc",
        "git_dirty": True,
        "machines": {"a": FACTS, "b": other},
    }
    assert machines_of(found) == {"a": FACTS, "b": other}
    assert machines_of(LAPTOP) == machines_of({"machines": "odd"}) == {}


def test_names_of_machines_are_no_difference() -> None:
    assert environment_changes(environment_of(a=FACTS), environment_of(b=FACTS)) == ()
    other = {**FACTS, "cpu": "B"}
    assert (
        environment_changes(environment_of(a=FACTS, b=other), environment_of(c=other, d=FACTS))
        == ()
    )


def test_other_machines_and_another_number_of_them_are() -> None:
    other = {**FACTS, "cpu": "B"}
    two, mixed = environment_of(a=FACTS, b=FACTS), environment_of(a=FACTS, b=other)
    (change,) = environment_changes(two, mixed)
    assert (change.key, change.a, change.b) == ("cpu", "A", ["A", "B"])
    three = environment_of(a=FACTS, b=FACTS, c=FACTS)
    (change,) = environment_changes(two, three)
    assert (change.key, change.a, change.b) == ("machines", 2, 3)
    sides = (SessionRecord(id="x", started_at="", environment=each) for each in (two, three))
    (found,) = session_differences(*sides)
    assert (str(found), found.breaks) == ("machines: 2 → 3", True)
    assert fleet_facts(LAPTOP) == LAPTOP


def test_a_disk_that_is_memory_is_seen_on_any_machine() -> None:
    plan = SessionPlan(session="s", runs=(), scratch="/s", cache="/c")
    fold = SessionFold(plan, "cluster", "2026-01-01T00:00:00Z", "tmpfs")
    fold.environment = dict(LAPTOP)
    for number, kind in enumerate(["ext4", "tmpfs", "ext4"]):
        fold.apply(MachineDescribed(f"m{number}", {**FACTS, "file_system": kind}, 1))
        assert fold.file_system == ("" if number == 0 else "tmpfs")
    assert list(machines_of(fold.environment)) == ["m0", "m1", "m2"]
    assert msgspec.json.decode(msgspec.json.encode(fold.environment)) == fold.environment
