"""Ten minutes on three machines whose network fails at random: not an operation is lost."""

from __future__ import annotations

import asyncio
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

from tests.dask_machines import dask_machines, process
from tests.network_namespaces import Namespace, why_not

SECONDS = 600
RATE = 300
MACHINES = 3
SUITE = f"""
[defaults]
load = {{ rate = "{RATE}/s", processes = {MACHINES} }}
warmup = "1s"
iterations = {SECONDS * RATE}

[profile.nap]
workload = "nap_bench:nap"

[profile.tenth-fails]
workload = "nap_bench:tenth_fails"
"""
BENCH = """
import asyncio
from cortex_tui import workload

async def nap():
    await asyncio.sleep(0.001)

@workload
async def tenth_fails():
    async def operation(i):
        if i % 10 == 0:
            raise ValueError(i)

    yield operation
"""


async def fail_at_random(machine: Namespace, seed: int) -> None:
    """Until it is cancelled; no fault lasts as long as a machine may be silent."""
    random = Random(seed)
    try:
        while True:
            await asyncio.sleep(random.uniform(1, 15))
            if random.random() < 0.6:
                machine.cut()
                await asyncio.sleep(random.choice([0.1, 1, 4, 20]))
            else:
                machine.slow(random.choice([30_000, 200_000, 1_000_000]))
                await asyncio.sleep(random.uniform(1, 10))
                machine.speed_up()
            machine.mend()
    finally:
        machine.mend()


# To import it, as each process of the suite would, takes a third of a second.
@pytest.mark.skipif(find_spec("distributed") is None, reason="the extra `cluster` is not installed")
@pytest.mark.soak
async def test_nothing_is_lost_in_a_network_that_fails_at_random(tmp_path: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    (tmp_path / "nap_bench.py").write_text(BENCH)
    (tmp_path / "cortex-tui.toml").write_text(SUITE)
    async with dask_machines(MACHINES) as (port, machines):
        run = [
            "cortex_tui", "run", "cortex-tui", "--cluster", f"tcp://127.0.0.1:{port}",
            "--lost-after", "2m", "--loose-clock", "--json", "out.json",
        ]  # fmt: skip
        faults = [
            asyncio.create_task(fail_at_random(machine, seed))
            for seed, machine in enumerate(machines)
        ]
        async with process(sys.executable, "-m", *run, cwd=tmp_path) as running:
            output, _ = await running.communicate()
        for fault in faults:
            fault.cancel()
        await asyncio.gather(*faults, return_exceptions=True)
    assert running.returncode == 0, output.decode()
    nap, tenth = json.loads((tmp_path / "out.json").read_bytes())["runs"]
    due = SECONDS * RATE
    assert (nap["operations"], nap["errors"]) == (due, {})
    assert (tenth["operations"], tenth["errors"]) == (due - due // 10, {"ValueError": due // 10})
    for result in (nap, tenth):
        done = [each["operations"] + each["errors"] for each in result["shards"]]
        assert done == [due // MACHINES] * MACHINES
