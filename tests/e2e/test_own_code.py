"""Somebody's own code under measurement: a module next to its TOML file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram

from tests.e2e.conftest import Launch
from tests.e2e.program import call, write_suite

CHECKOUT = """
    from cortex_tui import workload


    @workload
    async def checkout(basket_size: int = 3, price: float = 1.0):
        orders = []

        async def operation(i):
            await asyncio.sleep(0.001)
            orders.append(i)
            if i % 50 == 49:
                raise LookupError("out of stock")

        yield operation
        print(f"basket of {basket_size}: {len(orders)} orders")
"""
PROFILES = """
    [profile.closed]
    summary = "Two customers"
    workload = "mybench:checkout"
    params = { basket_size = 5 }
    load = { workers = 2 }
    iterations = 400
    targets = ["p50 < 1s", "errors == 0"]

    [profile.steady]
    workload = "mybench:checkout"
    load = { rate = "200/s" }
"""
TIMES = {
    *("min", "mean", "stddev", "median", "iqr", "outliers"),
    *("p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max", "histogram"),
}


@pytest.fixture
def shop(folder: Path) -> Path:
    file = write_suite(folder, PROFILES, code=CHECKOUT)
    (file.parent / "bench.py").rename(file.parent / "mybench.py")
    return folder


def test_own_code_runs_in_the_workbench(shop: Path, launch: Launch) -> None:
    workbench = launch("launch", "shop")
    screen = workbench.run_to_end()
    closed, steady = workbench.row("closed", screen), workbench.row("steady", screen)
    assert closed.operations > steady.operations > 80
    assert "✗" in closed.text
    workbench.press("l")
    workbench.terminal.wait_for("basket of 5:", "basket of 3:")


def test_own_code_runs_headless_and_is_reported_as_json(shop: Path) -> None:
    done = call(shop, "run", "shop", "--save", "first", "--json", "-")
    assert done.returncode == 1, done.stderr  # a target was missed
    document = json.loads(done.stdout)
    assert document["schema"] == "cortex-tui/session@1"
    assert document["snapshot"] == "first"
    assert document["started_at"].endswith("Z")
    assert document["placement"] == "process"
    assert document["environment"]["python"]
    closed, steady = document["runs"]
    assert closed["profile"] == "shop.closed"
    assert closed["params"] == {"basket_size": 5}
    assert closed["neighbours"] == ["shop.steady"]
    assert [target["target"] for target in closed["targets"]] == ["p50 < 1s", "errors == 0"]
    assert [target["met"] for target in closed["targets"]] == [True, False]
    assert closed["response_ns"] is None
    assert closed["lateness_ns"] is None
    assert steady["profile"] == "shop.steady"
    assert steady["measured_ns"] >= 500_000_000
    assert 80 <= steady["operations"] <= 100
    for run in (closed, steady):
        _is_consistent(run)
    for kind in ("response_ns", "lateness_ns"):
        assert _total(steady[kind]) == steady["operations"]
    assert steady["response_ns"]["p50"] >= steady["service_ns"]["p50"]


def _is_consistent(run: dict[str, Any]) -> None:
    assert run["state"] == "finished"
    assert run["measured_ns"] > 0
    per_s = (run["operations"] - run["drained"]) * 1e9 / run["measured_ns"]
    assert run["throughput_per_s"] == pytest.approx(per_s)
    assert run["unfinished"] == run["unstarted"] == run["overflow"] == 0
    # One in fifty failed: p99 and beyond say less than they seem to.
    assert run["flagged"] == ["p99", "p99.9", "p99.99"]
    warning = run["warnings"][0]
    assert warning.startswith("p99, p99.9, p99.99 may be too low")
    assert run["errors"] == {"LookupError": _total(run["failure_ns"])}
    for kind in ("service_ns", "failure_ns"):
        assert run[kind].keys() >= TIMES
    times = run["service_ns"]
    assert _total(times) == run["operations"]
    assert times["p50"] == times["median"]
    assert 0 < times["min"] <= times["p50"] <= times["p75"] <= times["max"]
    # Ten operations must lie beyond a percentile, or it is not told.
    assert [times[p] is None for p in ("p90", "p99")] == [
        run["operations"] < 100,
        run["operations"] < 1_000,
    ]


def _total(times: dict[str, Any]) -> int:
    total: int = HdrHistogram.decode(times["histogram"]).get_total_count()
    return total
