"""Whatever is wrong in a suite is one line: file, key, what was expected, what was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.loads.registry import load_keys
from tests.unit.profiles.loading import lines, load

PROFILE_ERRORS = [
    ('load = { rate = "fast" }', 'load.rate: expected a rate such as "500/s", got "fast"'),
    ("load = { rate = 500 }", 'load.rate: expected a rate such as "500/s", got 500'),
    ('load = { rate = "-5/s" }', 'load.rate: expected a rate such as "500/s", got "-5/s"'),
    ('load = { rate = "0/s" }', 'load.rate: expected a rate above 0, got "0/s"'),
    ('load = { rate = "2000k/s" }', 'load.rate: expected at most "1000000/s", got "2000k/s"'),
    (
        "load = { workers = 0 }",
        "load.workers: expected a whole number from 1 to 100,000, got 0",
    ),
    (
        "load = { workers = true }",
        "load.workers: expected a whole number from 1 to 100,000, got true",
    ),
    (
        "load = { workers = 1.5 }",
        "load.workers: expected a whole number from 1 to 100,000, got 1.5",
    ),
    (
        'load = { workers = 2, rate = "5/s" }',
        "load: expected one of workers, rate and stages, got workers and rate",
    ),
    (
        "load = {}",
        'load: expected { workers = 1 }, { rate = "500/s" } or { stages = […] }, got none',
    ),
    ("load = 4", "load: expected a table, got 4"),
    (
        'load = { rate = "5/s", max_in_flight = 0 }',
        "load.max_in_flight: expected a whole number from 1 to 10,000,000, got 0",
    ),
    (
        "load = { max_in_flight = 4 }",
        "load.max_in_flight: expected rate or stages with it",
    ),
    ("load = { worker = 1 }", 'load.worker: unknown key (did you mean "workers"?)'),
    (
        'load = { rate = "5/s", arrivals = "bursts" }',
        'load.arrivals: expected "constant" or "poisson", got "bursts"',
    ),
    (
        'load = { workers = 1, arrivals = "poisson" }',
        "load.arrivals: expected rate or stages with it",
    ),
    ('load = { rate = "5/s", precise = 1 }', "load.precise: expected true or false, got 1"),
    (
        'load = { rate = "5/s", think_time = "5ms" }',
        "load.think_time: expected workers or stages with it",
    ),
    (
        "load = { workers = 1, think_time = 5 }",
        'load.think_time: expected a duration such as "10s" or "250ms", got 5',
    ),
    ("load = { stages = [] }", "load.stages: expected 1 to 1,000 stages, got 0"),
    (
        'load = { stages = "up" }',
        'load.stages: expected a list such as [{ rate = "100/s", for = "5s" }], got "up"',
    ),
    ("load = { stages = [5] }", "load.stages: stage 1: expected a table, got 5"),
    (
        'load = { stages = [{ rate = "5/s", fro = "5s" }] }',
        'load.stages: stage 1: fro: unknown key (did you mean "for"?)',
    ),
    (
        'load = { stages = [{ rate = "5/s" }] }',
        'load.stages: stage 1: expected for = "10s" or the like, there is none',
    ),
    (
        'load = { stages = [{ for = "5s" }] }',
        "load.stages: stage 1: expected rate or workers, got neither",
    ),
    (
        'load = { stages = [{ rate = "5/s", for = "5s" }, { workers = 2, for = "5s" }] }',
        "load.stages: expected rate in all stages or workers in all, got both",
    ),
    (
        'load = { stages = [{ rate = "0/s", for = "5s" }] }',
        "load.stages: expected a stage above 0, there is none",
    ),
    (
        'load = { stages = [{ workers = 1, for = "168h" }, { workers = 2, for = "1s" }] }',
        'load.stages: expected at most "168h" in all',
    ),
    (
        'load = { stages = [{ rate = "5/s", for = "5s" }] }\nduration = "5s"',
        "duration: expected none with stages, which have durations of their own",
    ),
    (
        'load = { stages = [{ rate = "5/s", for = "5s" }] }\nprecision = { p50 = "2%" }',
        "precision: expected none with stages, which have durations of their own",
    ),
    (
        'precision = { p99 = "2%" }\nduration = "5s"',
        "duration: expected none with precision, whose bound is at_most",
    ),
    ('precision = "2%"', 'precision: expected a table, got "2%"'),
    (
        'precision = { at_most = "5s" }',
        'precision: expected one percentile such as p99 = "2%", got none',
    ),
    (
        'precision = { p50 = "2%", p99 = "2%" }',
        'precision: expected one percentile such as p99 = "2%", got p50 and p99',
    ),
    (
        'precision = { mean = "2%" }',
        "precision.mean: expected a percentile such as p99, at_least or at_most",
    ),
    (
        'precision = { p99 = "0%" }',
        'precision.p99: expected a share of its value such as "2%", got "0%"',
    ),
    (
        "precision = { p99 = 0.02 }",
        'precision.p99: expected a share of its value such as "2%", got 0.02',
    ),
    (
        'precision = { p99 = "2%", at_least = "9s", at_most = "5s" }',
        'precision.at_least: expected at most at_most (5.00s), got "9s"',
    ),
    ('timeout = "0s"', 'timeout: expected a duration above 0, got "0s"'),
    ('alone = "yes"', 'alone: expected true or false, got "yes"'),
    ('tags = "slow"', 'tags: expected a list such as ["slow"], got "slow"'),
    ('tags = ["a b"]', 'tags: expected a name of letters, digits, - and _, got "a b"'),
    ('batch = "big"', 'batch: expected "auto" or a whole number, got "big"'),
    ("batch = 0", "batch: expected a whole number from 1 to 1,048,576, got 0"),
    (
        'batch = 8\nload = { rate = "5/s" }',
        "batch: expected a load of workers (arrivals start one by one)",
    ),
    (
        'batch = "auto"\ntimeout = "1s"',
        "timeout: expected none with batch (its own cost would be measured)",
    ),
    ("batch = 8\niterations = 5", "iterations: expected at least a batch of 8"),
    (
        'batch = "auto"\ntargets = ["mean < 5us", "p99 < 5us"]',
        'targets: target 2, "p99 < 5us": expected mean or throughput '
        "(a batch is timed as one, so there are no percentiles of operations)",
    ),
    (
        'batch = 8\ntargets = ["max < 5us"]',
        'targets: target 1, "max < 5us": expected mean or throughput '
        "(a batch is timed as one, so there are no percentiles of operations)",
    ),
    ("matrix = {}", "matrix: expected lists such as conversations = [100, 1_000], got none"),
    ("matrix = { n = 5 }", "matrix.n: expected a list such as [100, 1_000], got 5"),
    ("matrix = { n = [] }", "matrix.n: expected at least one value, the list is empty"),
    ("matrix = { n = [1, 1] }", "matrix.n: expected each value once, got 1 again"),
    (
        "matrix = { n = [[1]] }",
        "matrix.n: expected text, a number, true or false, got a list",
    ),
    (
        f"matrix = {{ a = {list(range(40))}, b = {list(range(26))} }}",
        "matrix: expected at most 1,000 cells, got 1,040",
    ),
    (
        "matrix = { n = [1, 2], exclude = [{ n = 3 }] }",
        "matrix.exclude: no cell has n=3",
    ),
    (
        "matrix = { n = [1, 2], exclude = [{ m = 3 }] }",
        "matrix.exclude.m: not in the matrix (expected n)",
    ),
    (
        "matrix = { n = [1], exclude = [{ n = 1 }] }",
        "matrix: expected at least one cell, all are excluded",
    ),
    (
        "matrix = { n = [1], m = [1], include = [{ n = 3 }] }",
        "matrix.include: expected values for n, m in each, got n",
    ),
    (
        "matrix = { n = [1, 2], include = [{ n = 2 }] }",
        "matrix.include: the cell n=2 is there already",
    ),
    (
        "matrix = { n = [1, 2] }\nparams = { n = 5 }",
        "matrix: n is in params, too: expected it in one of them",
    ),
    ("warmup = 1.5", 'warmup: expected a duration such as "1s", "auto", or iterations, got 1.5'),
    ("warmup = {}", 'warmup: expected { at_most = "10s" }, got an empty table'),
    (
        'warmup = { at_least = "1s" }',
        'warmup.at_least: unknown key (did you mean "at_most"?)',
    ),
    ("warmup = -1", "warmup: expected a whole number from 0 to 1,000,000,000,000, got -1"),
    ('warmup = "1 parsec"', 'warmup: expected a duration such as "10s" or "250ms", got "1 parsec"'),
    ('duration = "0s"', 'duration: expected a duration above 0, got "0s"'),
    ("duration = 5", 'duration: expected a duration such as "10s" or "250ms", got 5'),
    ('duration = "10 sec"', 'duration: expected a duration such as "10s" or "250ms", got "10 sec"'),
    ('duration = "999h"', 'duration: expected at most "168h", got "999h"'),
    ("iterations = 0", "iterations: expected a whole number from 1 to 1,000,000,000,000, got 0"),
    ("worker = 4", "worker: unknown key (did you mean load = { workers = … }?)"),
    ('durations = "5s"', 'durations: unknown key (did you mean "duration"?)'),
    ("summary = 5", "summary: expected text, got 5"),
    ("params = [1]", "params: expected a table, got a list"),
    (
        "params = { n = [1, 2] }",
        "params.n: expected one value, got a list (matrix = { n = […] })",
    ),
    (
        "params = { n = 1979-05-27 }",
        "params.n: expected text, a number, true or false, got 1979-05-27",
    ),
    ("params = { n = nan }", "params.n: expected a finite number, got nan"),
    (
        "params = { n = 9223372036854775808 }",
        "params.n: expected a 64-bit integer, got 9223372036854775808",
    ),
    (
        'params = { "basket size" = 1 }',
        'params.basket size: expected names such as basket_size, got "basket size"',
    ),
    (
        'targets = "p95 < 5ms"',
        'targets: expected a list such as ["p95 < 50ms"], got "p95 < 5ms"',
    ),
    ("targets = [5]", 'targets: target 1: expected text such as "p95 < 50ms", got 5'),
    (
        'targets = ["lateness.p99 < 1ms"]',
        'targets: target 1, "lateness.p99 < 1ms": expected a load with a rate '
        "(a closed load has no lateness)",
    ),
    (
        'iterations = 50\ntargets = ["errors == 0", "p99 < 1ms"]',
        'targets: target 2, "p99 < 1ms": expected at least 299 iterations for it, got 50',
    ),
    (
        'targets = ["scaling(n) <= 1.1"]',
        'targets: target 1, "scaling(n) <= 1.1": expected a matrix in the same profile, '
        "whose cells it compares",
    ),
    (
        'matrix = { n = [1, 2] }\ntargets = ["scaling(m) <= 1.1"]',
        'targets: target 1, "scaling(m) <= 1.1": m is not in the matrix (expected n)',
    ),
    (
        'matrix = { n = [1, 0] }\ntargets = ["scaling(n) <= 1.1"]',
        'targets: target 1, "scaling(n) <= 1.1": expected numbers above 0 for n in the matrix',
    ),
    (
        'matrix = { n = [1], m = [1, 2] }\ntargets = ["scaling(n) <= 1.1"]',
        'targets: target 1, "scaling(n) <= 1.1": expected at least two values for n in the matrix',
    ),
    (
        'database = "ram"',
        'database: expected "own", "shared", "memory" or a URL such as '
        '"postgresql://host/database", got "ram"',
    ),
    (
        'database = "sqlite:///a.db"',
        'database: expected "own", "shared", "memory" or a URL such as '
        '"postgresql://host/database", got the scheme "sqlite"',
    ),
    (
        'database = "postgresql://me:hidden@host/db"',
        "database: expected no password in a file; it can be in the variable PGPASSWORD, in "
        "~/.pgpass, or in the URL of --database",
    ),
    (
        'database = "postgresql://me:hidden@hidden@host/db"',
        "database: expected a URL such as postgresql://user:password@host/database, in whose "
        "password special characters are written as in %40 for @",
    ),
]


@pytest.mark.parametrize(("toml", "message"), PROFILE_ERRORS, ids=[e[0] for e in PROFILE_ERRORS])
def test_a_wrong_key_is_one_line_and_the_other_profiles_stay_usable(
    tmp_path: Path, toml: str, message: str
) -> None:
    catalog = load(
        tmp_path,
        f'[profile.steady]\nworkload = "cortex.get"\n{toml}\n'
        '[profile.other]\nworkload = "cortex.get"\n',
    )
    assert lines(catalog) == [f"profiles/x.toml: profile.steady.{message}"]
    assert [profile.full_name for profile in catalog.profiles] == ["x.other"]
    assert catalog.problems[0].suite == "x"
    assert catalog.problems[0].profile == "steady"


WORKLOAD_ERRORS = [
    ('"cortex.serach"', 'no built-in workload "cortex.serach" (did you mean "cortex.search"?)'),
    (
        '"checkout"',
        'expected a built-in name such as "cortex.search" or "package.module:attribute", '
        'got "checkout"',
    ),
    (
        '"shop.bench:"',
        'expected a built-in name such as "cortex.search" or "package.module:attribute", '
        'got "shop.bench:"',
    ),
    ("5", "expected text, got 5"),
]


@pytest.mark.parametrize(("workload", "message"), WORKLOAD_ERRORS)
def test_a_wrong_workload_is_said(tmp_path: Path, workload: str, message: str) -> None:
    catalog = load(tmp_path, f"[profile.steady]\nworkload = {workload}\n")
    assert lines(catalog) == [f"profiles/x.toml: profile.steady.workload: {message}"]


def test_a_profile_without_a_workload_is_said(tmp_path: Path) -> None:
    catalog = load(tmp_path, '[profile.steady]\nsummary = "none"\n')
    assert lines(catalog) == [
        "profiles/x.toml: profile.steady.workload: "
        'expected a built-in name such as "cortex.search" or "package.module:attribute", '
        "there is none"
    ]


@pytest.mark.parametrize("key", ["targets", "warn_targets"])
@pytest.mark.parametrize(
    "target", ["p95 < fast", "p95", "scaling(n) <= 5ms", "p101 < 5ms", "lateness.p99 < 1ms"]
)
def test_a_target_that_cannot_be_read_is_named_by_its_place(
    tmp_path: Path, target: str, key: str
) -> None:
    catalog = load(
        tmp_path,
        f'[profile.steady]\nworkload = "cortex.get"\n{key} = ["errors == 0", "{target}"]\n',
    )
    (line,) = lines(catalog)
    assert line.startswith(f"profiles/x.toml: profile.steady.{key}: target 2")
    assert catalog.profiles == ()


@pytest.mark.parametrize("table", ["defaults", "profile.steady"])
def test_every_wrong_target_has_its_line(tmp_path: Path, table: str) -> None:
    wrong = '"p95 < fast", "errors == 0", 5, "p101 < 5ms", "p95"'
    catalog = load(
        tmp_path,
        f'{table}.targets = [{wrong}]\nprofile.steady.workload = "cortex.get"\n',
    )
    found = lines(catalog)
    assert [line.partition(f"{table}.targets: ")[2][:8] for line in found] == [
        "target 1",
        "target 3",
        "target 4",
        "target 5",
    ]


@pytest.mark.parametrize("table", ["defaults", "profile.steady"])
@pytest.mark.parametrize("key", load_keys())
def test_a_key_of_a_load_belongs_in_it(tmp_path: Path, table: str, key: str) -> None:
    catalog = load(tmp_path, f'{table}.{key} = []\nprofile.steady.workload = "cortex.get"\n')
    assert lines(catalog) == [
        f"profiles/x.toml: {table}.{key}: {key} belongs in load: load = {{ {key} = … }}"
    ]


def test_every_wrong_key_of_a_profile_has_its_line(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        '[profile.steady]\nworkload = "cortex.get"\nduraton = "5s"\nwarmup = true\nload = 3\n',
    )
    assert lines(catalog) == [
        'profiles/x.toml: profile.steady.duraton: unknown key (did you mean "duration"?)',
        'profiles/x.toml: profile.steady.warmup: expected a duration such as "1s", "auto", or '
        "iterations, got true",
        "profiles/x.toml: profile.steady.load: expected a table, got 3",
    ]


def test_the_line_is_that_of_the_very_key_though_another_is_written_with_the_same_dots(
    tmp_path: Path,
) -> None:
    text = """
"profile.a" = 1
"profile.b.load" = 2

[profile.a]
workload = "cortex.get"
"load.rate" = 3
load = { workers = 1, rate = 4 }

[profile.b]
workload = "cortex.get"
load = 5
"""
    found = {(each.line, each.message.partition(" (")[0]) for each in load(tmp_path, text).problems}
    assert {(2, "unknown key"), (3, "unknown key"), (7, "unknown key")} <= found
    assert (8, 'expected a rate such as "500/s", got 4') in found
    assert (12, "expected a table, got 5") in found


def test_what_is_wrong_with_each_stage_is_named(tmp_path: Path) -> None:
    stages = '{ rate = "5/s" }, { rate = 5, far = "1s" }, {}, { rate = "5/s", for = "1s" }'
    catalog = load(
        tmp_path, f'[profile.a]\nworkload = "cortex.get"\nload = {{ stages = [{stages}] }}\n'
    )
    where = "profiles/x.toml: profile.a.load.stages:"
    assert lines(catalog) == [
        f'{where} stage 1: expected for = "10s" or the like, there is none',
        f'{where} stage 2: far: unknown key (did you mean "for"?)',
        f'{where} stage 2: rate: expected a rate such as "500/s", got 5',
        f"{where} stage 3: expected rate or workers, got neither",
        f'{where} stage 3: expected for = "10s" or the like, there is none',
    ]
