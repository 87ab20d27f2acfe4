"""Which files are suites, whose name counts, and what a profile is once it is resolved."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.model import Catalog, Length, Precision, Profile

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
        warn_targets = ["p95 < 5ms"]
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
        warn_targets=("p95 < 5ms",),
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


def test_alone_can_be_said_of_a_suite_and_of_a_profile(tmp_path: Path) -> None:
    assert not only_profile(tmp_path, ONE).alone
    assert only_profile(tmp_path, f"{ONE}alone = true").alone
    assert only_profile(tmp_path, f"[defaults]\nalone = true\n{ONE}").alone
    assert not only_profile(tmp_path, f"[defaults]\nalone = true\n{ONE}alone = false").alone


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


SECOND_NS = 1_000_000_000

LOADS: list[tuple[str, Load]] = [
    ('{ workers = 4, think_time = "5ms" }', ClosedLoad(4, 5_000_000)),
    (
        '{ rate = "500/s", arrivals = "poisson", max_in_flight = 9, precise = true }',
        OpenLoad(500.0, "poisson", 9, True),
    ),
    (
        '{ stages = [{ rate = "100/s", for = "5s" }, { rate = "1k/s", for = "10s", ramp = true }],'
        ' arrivals = "poisson" }',
        StagedLoad(
            "rate",
            (Stage(100.0, 5 * SECOND_NS), Stage(1000.0, 10 * SECOND_NS, ramp=True)),
            arrivals="poisson",
        ),
    ),
    (
        '{ stages = [{ workers = 4, for = "5s", ramp = true }, { workers = 0, for = "1s" }], '
        'think_time = "1ms" }',
        StagedLoad(
            "workers",
            (Stage(4, 5 * SECOND_NS, ramp=True), Stage(0, SECOND_NS)),
            think_time_ns=1_000_000,
        ),
    ),
]


@pytest.mark.parametrize(("toml", "load"), LOADS)
def test_every_load(tmp_path: Path, toml: str, load: Load) -> None:
    assert only_profile(tmp_path, f"{ONE}load = {toml}").load == load


def test_stages_say_how_long_and_take_the_place_of_the_defaults_stop_rule(tmp_path: Path) -> None:
    stages = '[{ workers = 1, for = "5s" }, { workers = 2, for = "3s" }]'
    profile = only_profile(
        tmp_path, f'[defaults]\nprecision = {{ p50 = "1%" }}\n{ONE}load = {{ stages = {stages} }}'
    )
    assert profile.stop == Length(8 * SECOND_NS)
    assert profile.precision is None


@pytest.mark.parametrize(
    ("toml", "precision"),
    [
        ('{ p99 = "2%" }', Precision("p99", 0.02, 10 * SECOND_NS, 60 * SECOND_NS)),
        ('{ p50 = "0.5 %", at_most = "1s" }', Precision("p50", 0.005, SECOND_NS, SECOND_NS)),
        (
            '{ p99.9 = "10%", at_least = "2m" }'.replace("p99.9", '"p99.9"'),
            Precision("p99.9", 0.1, 120 * SECOND_NS, 120 * SECOND_NS),
        ),
    ],
)
def test_precision_is_a_stop_rule_with_bounds(
    tmp_path: Path, toml: str, precision: Precision
) -> None:
    profile = only_profile(tmp_path, f'[defaults]\nduration = "5s"\n{ONE}precision = {toml}')
    assert profile.precision == precision
    assert profile.stop == Length(precision.at_most_ns)


@pytest.mark.parametrize(
    ("toml", "at_most_ns"), [('"auto"', 30 * SECOND_NS), ('{ at_most = "4s" }', 4 * SECOND_NS)]
)
def test_a_warmup_may_end_by_itself(tmp_path: Path, toml: str, at_most_ns: int) -> None:
    profile = only_profile(tmp_path, f"{ONE}warmup = {toml}")
    assert profile.auto_warmup
    assert profile.warmup == Length(at_most_ns)


def test_time_limit_batch_and_tags(tmp_path: Path) -> None:
    profile = only_profile(tmp_path, f'{ONE}timeout = "250ms"\ntags = ["slow", "io", "slow"]')
    assert (profile.timeout_ns, profile.tags, profile.batch) == (250_000_000, ("slow", "io"), 1)
    assert only_profile(tmp_path, f'{ONE}batch = "auto"').batch == 0
    profile = only_profile(tmp_path, f'{ONE}batch = 256\ntargets = ["mean < 5us"]')
    assert profile.batch == 256


MATRIX = """
[profile.grow]
workload = "cortex.search"
params = { hits = -1 }
matrix = { conversations = [100, 1_000], text = ["performance", "two words"], \
exclude = [{ conversations = 100, text = "two words" }], \
include = [{ text = "10", conversations = 5 }] }
targets = ["errors == 0"]
"""


def test_the_cells_of_a_matrix_are_profiles_with_their_coordinates_as_params(
    tmp_path: Path,
) -> None:
    file = write(tmp_path / "x.toml", MATRIX.replace("\\\n", ""))
    profiles = load_catalog([file], shipped=tmp_path).profiles
    assert [profile.full_name for profile in profiles] == [
        "x.grow[conversations=100,text=performance]",
        "x.grow[conversations=1000,text=performance]",
        'x.grow[conversations=1000,text="two words"]',
        'x.grow[conversations=5,text="10"]',
    ]
    assert {profile.family for profile in profiles} == {"x.grow"}
    assert profiles[2].params == {"hits": -1, "conversations": 1000, "text": "two words"}
    assert profiles[2].matrix == {"conversations": 1000, "text": "two words"}
    assert all(profile.targets == ("errors == 0",) for profile in profiles)
