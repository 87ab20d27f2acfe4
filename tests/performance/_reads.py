"""A workload that several scripts measure: a point read through aiosqlite."""

from __future__ import annotations

READS = """
import aiosqlite
from cortex_tui import workload

@workload
async def read(rows: int = 1_000):
    async with aiosqlite.connect("subject.db") as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY)")
        await connection.executemany(
            "INSERT OR IGNORE INTO item VALUES (?)", [(i,) for i in range(rows)]
        )
        await connection.commit()

        async def operation(i: int) -> None:
            assert list(
                await connection.execute_fetchall(
                    "SELECT id FROM item WHERE id = ?", (i % rows,)
                )
            )

        yield operation
"""
"""The source of a module; the database is `subject.db` in the working folder."""
