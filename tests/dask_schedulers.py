"""A Dask scheduler with machines of `cortex-tui agent` or `dask worker`, as processes of a test."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple


class Certificates(NamedTuple):
    """Files, as options of Dask and of `cortex-tui` have them."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path) -> Certificates:
        from distributed.security import Security

        made = Security.temporary()
        files = cls(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
        texts = (made.tls_ca_file, made.tls_scheduler_cert, made.tls_scheduler_key)
        for file, text in zip(files, texts, strict=True):
            file.write_text(text, encoding="utf-8")
        return files

    @property
    def words(self) -> list[str]:
        return [str(file) for file in self]


class Machines(NamedTuple):
    address: str
    scheduler: Process
    agents: list[Process]


@asynccontextmanager
async def process(*command: str) -> AsyncIterator[Process]:
    """Reads what it reports from stderr; it is killed at the end."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
    )
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.kill()
        await started.wait()


async def line_of(started: Process, text: str) -> str:
    """The next line that has the text."""
    assert started.stderr is not None
    seen = []
    async for line in started.stderr:
        seen.append(line.decode())
        if text in seen[-1]:
            return seen[-1].strip()
    raise AssertionError(f"it ended without {text!r}: {''.join(seen[-20:])}")


@asynccontextmanager
async def machines(
    count: int = 2, tls: Certificates | None = None, options: Sequence[str] = ()
) -> AsyncIterator[Machines]:
    """A scheduler on loopback, and that number of machines m1, m2, … that have connected to it."""
    scheme = "tls" if tls else "tcp"
    encrypted = (
        ["--tls-ca-file", tls.words[0], "--tls-cert", tls.words[1], "--tls-key", tls.words[2]]
        if tls
        else []
    )
    async with AsyncExitStack() as stack:
        scheduler = await stack.enter_async_context(
            process("distributed.cli.dask_scheduler", "--host", f"{scheme}://127.0.0.1", "--port",
                    "0", "--no-dashboard", *encrypted)
        )  # fmt: skip
        address = (await line_of(scheduler, "Scheduler at:")).split()[-1]
        reading = asyncio.ensure_future(_read_on(scheduler))
        stack.callback(reading.cancel)
        own = ["--tls", *tls.words] if tls else []
        agents = [
            await stack.enter_async_context(
                process("cortex_tui", "agent", address, "--name", f"m{number}", *own, *options)
            )
            for number in range(1, count + 1)
        ]
        await asyncio.gather(*(line_of(agent, "ready for sessions") for agent in agents))
        yield Machines(address, scheduler, agents)


async def _read_on(started: Process) -> None:
    """A pipe that is full would stop it."""
    assert started.stderr is not None
    while await started.stderr.read(65_536):
        pass
