"""`cortex-tui run … --cluster tcp://…` with agents in network namespaces, as on other machines."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.dask_machines import dask_machines, line_with, process
from tests.network_namespaces import why_not

pytestmark = pytest.mark.long

SUITE = """
[profile.both]
workload = "bench:work"
load = { rate = "200/s" }
warmup = "100ms"
iterations = 1000
"""
CODE = """
async def work():
    pass
"""


@pytest.fixture(scope="module", autouse=True)
def _namespaces() -> None:
    if reason := why_not():
        pytest.skip(reason)


@pytest.mark.timeout(600)
async def test_a_session_whose_cable_is_cut_for_a_time_is_whole(tmp_path: Path) -> None:
    """Dask is known as localhost here, and by other addresses there."""
    (tmp_path / "bench.toml").write_text(SUITE)
    (tmp_path / "bench.py").write_text(CODE)
    async with dask_machines(2) as (port, machines):
        run = [
            "cortex_tui", "run", "bench", "--profiles", "bench.toml", "--store", "s.db",
            "--cluster", f"tcp://127.0.0.1:{port}", "--lost-after", "5m", "--loose-clock",
            "--json", "out.json",
        ]  # fmt: skip
        async with process(sys.executable, "-m", *run, cwd=tmp_path) as running:
            await line_with(running, "measure")
            machines[1].cut()
            await asyncio.sleep(2)  # longer than a sign of life may take
            machines[1].mend()
            output, _ = await running.communicate()
        assert running.returncode == 0, output.decode()
    document = json.loads((tmp_path / "out.json").read_bytes())
    (result,) = document["runs"]
    assert result["operations"] == 1_000
    assert [shard["machine"] for shard in result["shards"]] == ["m1", "m2"]
    assert [shard["operations"] for shard in result["shards"]] == [500, 500]
