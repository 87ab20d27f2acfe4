"""The words on a command line, and the profiles that they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.selection import SelectionError, named_files, select

SHOP = """
[profile.checkout]
workload = "cortex.get"
tags = ["quick"]
[profile.check-stock]
workload = "cortex.get"
[profile.broken]
workload = "cortex.get"
duration = 5
tags = ["slow"]
"""

SCALING = """
[profile.grow]
workload = "cortex.search"
tags = ["slow"]
matrix = { conversations = [10, 100], text = ["a*", "performance"] }
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "shop.toml").write_text(SHOP)
    (folder / "depot.toml").write_text('[profile.checkout]\nworkload = "cortex.get"\n')
    (folder / "ruin.toml").write_text("broken")
    return load_catalog(working_folder=tmp_path, shipped=folder)


def names(catalog: Catalog, *words: str) -> list[str]:
    return [profile.full_name for profile in select(catalog, words).profiles]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["shop.checkout"], ["shop.checkout"]),
        (["shop"], ["shop.checkout", "shop.check-stock"]),
        (["*"], ["depot.checkout", "shop.checkout", "shop.check-stock"]),
        (["*.checkout"], ["depot.checkout", "shop.checkout"]),
        (["shop.check-stoc?"], ["shop.check-stock"]),
        (["shop", "*"], ["shop.checkout", "shop.check-stock", "depot.checkout"]),
        (["depot.checkout", "depot"], ["depot.checkout"]),
    ],
)
def test_words_and_patterns(catalog: Catalog, words: list[str], expected: list[str]) -> None:
    if expected:
        assert names(catalog, *words) == expected
    else:
        with pytest.raises(SelectionError):
            select(catalog, words)


def test_only_star_and_question_mark_are_special(catalog: Catalog) -> None:
    with pytest.raises(SelectionError, match=r"no profile matches \"\[sd\]\*\.checkout\""):
        select(catalog, ["[sd]*.checkout"])
    with pytest.raises(SelectionError):
        select(catalog, ["shop?.checkout"])


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("shpo", 'no profile or suite is called "shpo" (did you mean "shop"?)'),
        (
            "shop.chekout",
            'no profile or suite is called "shop.chekout" (did you mean "shop.checkout"?)',
        ),
        ("shop.zzz", 'no profile is called "shop.zzz" (shop has checkout, check-stock)'),
        ("zzz", 'no profile or suite is called "zzz" (expected one of depot, shop)'),
        ("zzz*", 'no profile matches "zzz*" (suites: depot, shop)'),
        ("@quik", 'no profile has the tag "quik" (did you mean "quick"?)'),
        ("", 'no profile or suite is called "" (expected one of depot, shop)'),
    ],
)
def test_a_word_without_a_profile_names_the_nearest(
    catalog: Catalog, word: str, message: str
) -> None:
    with pytest.raises(SelectionError) as raised:
        select(catalog, ["shop", word])
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("word", "suites"),
    [
        ("shop", ["shop"]),
        ("shop.broken", ["shop"]),
        ("shop.b*", ["shop"]),
        ("shop.checkout", []),
        ("shop.c*", []),
        ("ruin", ["ruin"]),
        ("ruin.anything", ["ruin"]),
        ("r*.any?hing", ["ruin"]),
        ("*-stock", ["ruin"]),
        ("*", ["ruin", "shop"]),
        ("depot*", []),
        ("shop.broken[n=1]", ["shop"]),
        ("@quick", ["ruin"]),
    ],
)
def test_a_selection_carries_the_problems_that_it_means(
    catalog: Catalog, word: str, suites: list[str]
) -> None:
    assert [problem.suite for problem in select(catalog, [word]).problems] == suites


def test_a_place_without_suites_concerns_every_selection(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    selected = select(load_catalog([tmp_path / "empty"]), ["mediator.search"])
    assert [problem.suite for problem in selected.problems] == [""]
    assert len(selected.profiles) == 1


def test_a_path_means_the_profiles_of_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.toml").write_text(SHOP)
    words = ["./shop.toml"]
    catalog = load_catalog(named_files=named_files(words))
    selected = select(catalog, words)
    assert [profile.name for profile in selected.profiles] == ["checkout", "check-stock"]
    assert [problem.profile for problem in selected.problems] == ["broken"]


@pytest.mark.parametrize("word", [".", "./", "profiles/", "../place", "./profiles"])
@pytest.mark.parametrize("own", [["profiles/shop.toml"], ["cortex-tui.toml"], ["shop.toml"]])
def test_a_path_of_a_folder_means_the_suites_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, own: list[str]
) -> None:
    (tmp_path / "place/profiles").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "place")
    for file in own:
        Path(file).write_text(SHOP)
    Path("elsewhere").mkdir()
    Path("elsewhere/other.toml").write_text(SHOP)
    catalog = load_catalog([Path("elsewhere")], named_files=named_files([word]))
    if own[0].startswith("profiles/") or "profiles" not in word:
        selected = select(catalog, [word])
        stem = Path(own[0]).stem
        assert {p.full_name for p in selected.profiles} == {
            f"{stem}.checkout", f"{stem}.check-stock"
        }  # fmt: skip
        assert [problem.profile for problem in selected.problems] == ["broken"]
    else:
        with pytest.raises(SelectionError, match="no profile in this folder's TOML files"):
            select(catalog, [word])


def test_files_of_a_project_that_are_no_suites_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("profiles").mkdir()
    Path("profiles/shop.toml").write_text(SHOP)
    Path("pyproject.toml").write_text('[project]\nname = "shop"\n')
    assert named_files(["."]) == [Path("profiles/shop.toml")]


def test_a_slash_makes_a_folder_of_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop").mkdir()
    Path("bench").mkdir()
    catalog = load_catalog(named_files=named_files(["shop", "bench"]))
    with pytest.raises(SelectionError, match=r"\(for the suites of that folder, write bench/\)"):
        select(catalog, ["bench"])
    with pytest.raises(SelectionError, match='"gone/": expected a folder of TOML files, found'):
        select(catalog, ["gone/"])


def test_a_path_without_a_file_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    selected = select(load_catalog(named_files=[Path("no.toml")]), ["no.toml"])
    assert [str(p) for p in selected.problems] == [
        "no.toml: cannot be read: No such file or directory"
    ]


@pytest.fixture
def cells(tmp_path: Path) -> Catalog:
    (tmp_path / "big.toml").write_text(SCALING)
    (tmp_path / "shop.toml").write_text(SHOP)
    return load_catalog([tmp_path], shipped=tmp_path)


CELLS = [
    'big.grow[conversations=10,text="a*"]',
    "big.grow[conversations=10,text=performance]",
    'big.grow[conversations=100,text="a*"]',
    "big.grow[conversations=100,text=performance]",
]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("big.grow", CELLS),
        ("big", CELLS),
        ("*.grow", CELLS),
        ("@slow", CELLS),
        ("@quick", ["shop.checkout"]),
        ("*[conversations=10,*", CELLS[:2]),
        *((name, [name]) for name in CELLS),
    ],
)
def test_a_matrix_is_selected_by_its_profile_or_by_its_cells(
    cells: Catalog, word: str, expected: list[str]
) -> None:
    assert names(cells, word) == expected


@pytest.mark.parametrize("number", range(4))
def test_the_parameters_of_a_cell_may_stand_in_any_order(cells: Catalog, number: int) -> None:
    first, second = CELLS[number].removeprefix("big.grow[").removesuffix("]").split(",")
    assert names(cells, f"big.grow[{second},{first}]") == [CELLS[number]]


def test_a_pattern_over_cells_keeps_its_order(cells: Catalog) -> None:
    assert names(cells, "big.grow[*,text=performance]") == [CELLS[1], CELLS[3]]
    with pytest.raises(SelectionError):
        select(cells, ["big.grow[text=performance,*]"])


@pytest.mark.parametrize(
    "word",
    [
        "big.grow[text=performance,conversations=1000]",
        "big.grow[text=perfomance,conversations=100]",
    ],
)
def test_the_nearest_cell_does_not_depend_on_the_order(cells: Catalog, word: str) -> None:
    with pytest.raises(SelectionError) as raised:
        select(cells, [word])
    assert str(raised.value) == (
        f'no cell is called "{word}" (did you mean "big.grow[conversations=100,text=performance]"?)'
    )


@pytest.mark.parametrize(
    "word",
    [
        "big.grow[text=performance,,conversations=100]",
        "big.grow[text=performance,conversations=100],",
        'big.grow[text="performance,conversations=100]',
        "big.grow[]",
        "big.grow[",
    ],
)
def test_what_is_not_written_as_a_cell_is_none(cells: Catalog, word: str) -> None:
    with pytest.raises(SelectionError):
        select(cells, [word])


def test_for_a_cell_that_is_not_there_those_that_are_are_named(cells: Catalog) -> None:
    with pytest.raises(SelectionError) as raised:
        select(cells, ["big.grow[conversations=1000,text=performance]"])
    assert str(raised.value) == (
        'no cell is called "big.grow[conversations=1000,text=performance]" '
        '(did you mean "big.grow[conversations=100,text=performance]"?)'
    )


def test_for_a_tag_that_nobody_has_those_that_are_are_named(cells: Catalog) -> None:
    with pytest.raises(SelectionError, match=r"\(did you mean \"slow\"\?\)"):
        select(cells, ["@slo"])


def test_a_tag_means_the_broken_profiles_that_have_it(cells: Catalog) -> None:
    assert [problem.profile for problem in select(cells, ["@slow"]).problems] == ["broken"]
    assert select(cells, ["@quick"]).problems == ()
