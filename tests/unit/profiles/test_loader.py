"""Which files are suites, whose name counts, and what a profile is once it is resolved."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.model import Catalog, ClosedLoad, Length, OpenLoad, Profile

ONE = '[profile.a]\nworkload = "cortex.get"\n'


def write(path: Path, text: str = ONE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def only_profile(folder: Path, text: str) -> Profile:
    catalog = load_catalog([write(folder / "x.toml", text)], shipped=folder / "none")
    assert [p for p in catalog.problems if p.suite] == []
    (profile,) = catalog.profiles
    return profile


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    write(tmp_path / "shipped" / "mediator.toml")
    return tmp_path / "shipped"


def sources(catalog: Catalog) -> dict[str, str]:
    return {suite.name: suite.source for suite in catalog.suites}


def test_a_profile_is_resolved_against_the_defaults_of_its_suite(tmp_path: Path) -> None:
    profile = only_profile(
        tmp_path,
        """
        [defaults]
        duration = "5s"
        warmup = 100
        params = { conversations = 5, text = "x" }
        targets = ["p95 < 50ms"]
        [profile.steady]
        summary = "Steady"
        workload = "shop.bench:checkout"
        params = { basket_size = 3 }
        load = { rate = "1.5k/s", arrivals = "constant", max_in_flight = 256 }
        database = "shared"
        """,
    )
    assert profile == Profile(
        suite="x",
        name="steady",
        summary="Steady",
        workload="shop.bench:checkout",
        params={"basket_size": 3},
        load=OpenLoad(rate_per_s=1500.0, max_in_flight=256),
        warmup=Length(iterations=100),
        stop=Length(duration_ns=5_000_000_000),
        targets=("p95 < 50ms",),
        database="shared",
        source=str(tmp_path / "x.toml"),
    )


def test_what_nobody_says_is_ten_seconds_after_one_of_warmup_with_one_worker(
    tmp_path: Path,
) -> None:
    profile = only_profile(tmp_path, ONE)
    assert profile.stop == Length(duration_ns=10_000_000_000)
    assert profile.warmup == Length(duration_ns=1_000_000_000)
    assert profile.load == ClosedLoad(workers=1)


@pytest.mark.parametrize("warmup", ["0", '"0s"'])
def test_no_warmup_is_possible(tmp_path: Path, warmup: str) -> None:
    assert not only_profile(tmp_path, f"{ONE}warmup = {warmup}").warmup


def test_a_profiles_stop_rule_takes_the_place_of_the_defaults_one(tmp_path: Path) -> None:
    profile = only_profile(tmp_path, f'[defaults]\nduration = "5s"\n{ONE}iterations = 1_000')
    assert profile.stop == Length(iterations=1_000)


def test_both_bounds_of_one_profile_hold(tmp_path: Path) -> None:
    profile = only_profile(tmp_path, f'{ONE}iterations = 1_000\nduration = "1m"')
    assert profile.stop == Length(duration_ns=60_000_000_000, iterations=1_000)


def test_a_module_is_not_imported_to_list_its_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "explodes.py", "raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    profile = only_profile(tmp_path, '[profile.a]\nworkload = "explodes:operation"\n')
    assert profile.workload == "explodes:operation"


def test_the_working_folders_suites_come_before_the_shipped_ones(
    tmp_path: Path, shipped: Path
) -> None:
    folder = tmp_path / "work"
    write(folder / "profiles" / "b.toml")
    write(folder / "profiles" / "a.toml")
    write(folder / "profiles" / ".hidden.toml", "broken")
    write(folder / "profiles" / "notes.txt", "broken")
    write(folder / "cortex-tui.toml")
    catalog = load_catalog(working_folder=folder, shipped=shipped)
    assert sources(catalog) == {
        "a": "profiles/a.toml",
        "b": "profiles/b.toml",
        "cortex-tui": "cortex-tui.toml",
        "mediator": str(shipped / "mediator.toml"),
    }
    assert [suite.shipped for suite in catalog.suites] == [False, False, False, True]
    assert catalog.problems == ()


def test_named_places_take_the_place_of_the_working_folders_own(
    tmp_path: Path, shipped: Path
) -> None:
    folder = tmp_path / "work"
    write(folder / "profiles" / "a.toml")
    other = write(folder / "other" / "b.toml")
    single = write(folder / "single.toml")
    catalog = load_catalog([other.parent, single], working_folder=folder, shipped=shipped)
    assert list(sources(catalog)) == ["b", "single", "mediator"]


def test_a_users_suite_visibly_replaces_the_shipped_one(tmp_path: Path, shipped: Path) -> None:
    folder = tmp_path / "work"
    write(folder / "profiles" / "mediator.toml")
    (suite,) = load_catalog(working_folder=folder, shipped=shipped).suites
    assert suite.source == "profiles/mediator.toml"
    assert suite.replaces == str(shipped / "mediator.toml")
    assert not suite.shipped


def test_a_users_broken_suite_does_not_let_the_shipped_one_in(
    tmp_path: Path, shipped: Path
) -> None:
    folder = tmp_path / "work"
    write(folder / "profiles" / "mediator.toml", "broken")
    catalog = load_catalog(working_folder=folder, shipped=shipped)
    assert catalog.suites == ()
    assert [problem.suite for problem in catalog.problems] == ["mediator"]


def test_a_file_is_read_once_by_whatever_path(tmp_path: Path, shipped: Path) -> None:
    link = tmp_path / "link.toml"
    file = write(tmp_path / "x.toml")
    link.symlink_to(file)
    catalog = load_catalog(
        [file, tmp_path / "shipped" / ".." / "x.toml", link, shipped], shipped=shipped
    )
    assert [suite.name for suite in catalog.suites] == ["x", "mediator"]
    assert [suite.shipped for suite in catalog.suites] == [False, True]
    assert catalog.problems == ()


def test_the_second_of_two_suites_of_one_name_is_a_problem(tmp_path: Path, shipped: Path) -> None:
    first = write(tmp_path / "one" / "x.toml")
    second = write(tmp_path / "two" / "x.toml")
    catalog = load_catalog([first, second], working_folder=tmp_path, shipped=shipped)
    assert sources(catalog)["x"] == "one/x.toml"
    assert [str(problem) for problem in catalog.problems] == [
        "two/x.toml: the suite x is already defined in one/x.toml"
    ]


def test_a_file_asked_for_by_its_path_wins(tmp_path: Path, shipped: Path) -> None:
    folder = tmp_path / "work"
    write(folder / "profiles" / "x.toml")
    named = write(folder / "x.toml")
    catalog = load_catalog(named_files=[named], working_folder=folder, shipped=shipped)
    assert sources(catalog)["x"] == "x.toml"
    assert catalog.suites[0].replaces == "profiles/x.toml"
    assert catalog.problems == ()


def test_a_place_without_suites_is_said(tmp_path: Path, shipped: Path) -> None:
    (tmp_path / "empty").mkdir()
    catalog = load_catalog(
        [tmp_path / "empty", tmp_path / "nowhere"], working_folder=tmp_path, shipped=shipped
    )
    assert [str(problem) for problem in catalog.problems] == [
        "empty: expected a folder with TOML files, it has none",
        "nowhere: expected a TOML file or a folder of them, found none",
    ]
    assert [suite.name for suite in catalog.suites] == ["mediator"]


def test_an_empty_profiles_folder_that_nobody_named_is_no_problem(
    tmp_path: Path, shipped: Path
) -> None:
    (tmp_path / "work" / "profiles").mkdir(parents=True)
    assert load_catalog(working_folder=tmp_path / "work", shipped=shipped).problems == ()


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert only_profile(tmp_path, f"\ufeff{ONE}").full_name == "x.a"
