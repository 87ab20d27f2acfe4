"""The examples in docs/core/index.md do what they say."""

import re
import subprocess
import sys
from pathlib import Path

from tests.postgres_server import PostgresServer

DOCS = Path(__file__).parents[3] / "docs" / "core" / "index.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)

UNIT_AROUND = """
import asyncio
from dataclasses import replace
from cortex_core import Cortex, LearnPattern, PatternType
from cortex_core.ports import Tx

async def main():
    async with Cortex.open(":memory:") as cortex:
        await cortex.send(LearnPattern(name="n", type=PatternType.BUG_FIX, content="c",
                                       confidence=0.95, namespace="team"))
{example}
        print(moved, (await cortex.patterns.in_namespace("cortex.rules"))[0].name)

asyncio.run(main())
"""

SERVER_AROUND = """
import asyncio
from psycopg_pool import AsyncConnectionPool
from cortex_core import Cortex, Events
from cortex_core.postgres.store import PostgresStore, drop

async def main():
    async with AsyncConnectionPool("{url}", min_size=1, open=False) as pool:
{example}
    await drop("{url}")
    await drop("{url}?schema=memory")

asyncio.run(main())
"""


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_example_finds_what_it_captured(tmp_path: Path) -> None:
    assert "WAL checkpoints: «Checkpoints» stalled writers." in run(EXAMPLES[0], tmp_path)


def test_a_unit_of_work_of_one_s_own(tmp_path: Path) -> None:
    indented = "".join(f"        {line}\n" for line in EXAMPLES[2].splitlines())
    assert run(UNIT_AROUND.format(example=indented), tmp_path) == "1 n\n"


def test_a_memory_without_a_file(tmp_path: Path) -> None:
    indented = "".join(f"    {line}\n" for line in EXAMPLES[1].splitlines())
    around = f"import asyncio\nasync def main():\n{indented}\nasyncio.run(main())\n"
    assert run(around, tmp_path) == "0\n"


def test_a_memory_on_a_server(tmp_path: Path, postgres_server: PostgresServer) -> None:
    example = EXAMPLES[3].replace("postgresql://me@host/work", postgres_server.url)
    indented = "".join(f"        {line}\n" for line in example.splitlines())
    assert (
        run(SERVER_AROUND.format(example=indented, url=postgres_server.url), tmp_path) == "0\n0\n"
    )


def test_data_for_measurements(tmp_path: Path) -> None:
    run(EXAMPLES[4].replace("100_000", "100"), tmp_path)
    assert (tmp_path / "seed.db").exists()
