"""The shipped suites are the reference benchmarks: their data, and their targets."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.registry import LOADS
from cortex_tui.loads.staged import STAGE_KEYS
from cortex_tui.profiles.keys import KEYS
from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.model import Catalog, Length, ParamValue
from cortex_tui.profiles.too_short import too_short
from cortex_tui.stats.targets import parse_target, parse_targets
from cortex_tui.workloads.names import BUILT_IN

REFERENCE: dict[str, tuple[str, dict[str, ParamValue]]] = {
    "mediator.command-dispatch": ("p95 < 50ms", {}),
    "mediator.query-dispatch": ("p95 < 50ms", {"conversations": 1}),
    "mediator.concurrent-commands": ("p95 < 500ms", {"batch": 10}),
    "mediator.mixed-workload": ("p95 < 500ms", {"conversations": 5, "gets": 5, "captures": 5}),
    "mediator.search": ("p95 < 200ms", {"conversations": 20, "limit": 10}),
    "repository.conversation-write": ("mean < 20ms", {"batch": 1}),
    "repository.conversation-read": ("mean < 10ms", {"conversations": 1, "batch": 1}),
    "repository.batch-write": ("mean < 200ms", {"batch": 10}),
    "repository.batch-read": ("mean < 100ms", {"conversations": 10, "batch": 10}),
    "repository.recent": ("mean < 50ms", {"conversations": 50, "limit": 20}),
    "repository.conversation-delete": ("mean < 30ms", {"conversations": 10}),
    "repository.pattern-write": ("mean < 20ms", {}),
    "repository.pattern-read": ("mean < 10ms", {"patterns": 1}),
    "repository.pattern-observe": ("mean < 20ms", {"patterns": 1}),
    "repository.patterns-by-namespace": ("mean < 50ms", {"patterns": 100, "limit": 50}),
    "search.simple-text": ("p95 < 200ms", {"conversations": 30, "limit": 10, "hits": 10}),
    "search.relevance-filter": ("p95 < 200ms", {"conversations": 30, "share": 0.5}),
    "search.large-dataset": ("p95 < 300ms", {"conversations": 100, "limit": 20, "hits": 20}),
    "search.no-results": ("p95 < 100ms", {"conversations": 30, "hits": 0}),
    "search.concurrent": ("p95 < 500ms", {"conversations": 50, "searches": 5}),
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(working_folder=tmp_path_factory.mktemp("elsewhere"))


def test_nothing_is_wrong_with_them(catalog: Catalog) -> None:
    assert catalog.problems == ()
    assert all(suite.shipped and suite.description for suite in catalog.suites)
    assert [suite.name for suite in catalog.suites] == [
        "loads",
        "mediator",
        "repository",
        "scaling",
        "search",
    ]


def test_they_are_the_reference_benchmarks(catalog: Catalog) -> None:
    others = ("loads", "scaling")
    names = {profile.full_name for profile in catalog.profiles if profile.suite not in others}
    assert names == set(REFERENCE)
    assert len(names) == 20


@pytest.mark.parametrize("name", REFERENCE)
def test_each_has_the_data_and_the_target_of_its_reference(catalog: Catalog, name: str) -> None:
    target, params = REFERENCE[name]
    (profile,) = (p for p in catalog.profiles if p.full_name == name)
    assert profile.targets == (target, "errors == 0")
    # The second target is there to notice a regression that the reference would let pass.
    (tight,) = parse_targets((), profile.warn_targets)
    assert tight.statistic == "p95"
    assert tight.limit * 10 <= parse_target(target).limit
    assert params.items() <= profile.params.items()
    assert profile.workload in BUILT_IN
    assert profile.summary
    assert profile.load == ClosedLoad(workers=1)
    assert (profile.warmup, profile.stop) == (Length(500_000_000), Length(5_000_000_000))


def test_growth_with_size_is_a_suite_of_its_own(catalog: Catalog) -> None:
    growth = {
        (profile.base, target)
        for profile in catalog.profiles
        if profile.suite == "scaling" and profile.tags == ("scaling",) and profile.alone
        for target in profile.targets
        if target.startswith("scaling")
    }
    assert growth == {
        ("batch-write", "scaling(batch) <= 1.2"),
        ("batch-read", "scaling(batch) <= 1.2"),
        ("search", "scaling(conversations) <= 1.0"),
    }


def test_each_key_and_each_setting_of_a_load_has_an_example(catalog: Catalog) -> None:
    examples = [profile for profile in catalog.profiles if profile.suite == "loads"]
    assert all(profile.summary for profile in examples)
    assert {type(profile.load) for profile in examples} == set(LOADS.values())
    suite = tomli.loads(Path(examples[0].source).read_text())
    tables = [suite["defaults"], *suite["profile"].values()]
    assert {key for table in tables for key in table} == set(KEYS)
    loads = [table["load"] for table in tables if "load" in table]
    assert {key for load in loads for key in load} == {
        key for load in LOADS.values() for key in load.keys
    }
    stages = [stage for load in loads for stage in load.get("stages", ())]
    assert {key for stage in stages for key in stage} == set(STAGE_KEYS)


def test_no_target_is_out_of_reach(catalog: Catalog) -> None:
    assert [found for profile in catalog.profiles for found in too_short(profile)] == []


def test_a_checkout_finds_them_from_anywhere_and_lists_them_once(
    monkeypatch: pytest.MonkeyPatch, catalog: Catalog
) -> None:
    monkeypatch.chdir(Path(catalog.profiles[0].source).parent.parent)
    assert load_catalog().profiles == catalog.profiles
