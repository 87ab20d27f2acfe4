"""The built-in workload `command`: a program, timed from its spawn to its exit."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from cortex_tui.limits import MAX_OUTPUT_TAIL_BYTES
from cortex_tui.workloads.api import Workload, workload
from cortex_tui.workloads.context import current_run
from cortex_tui.workloads.operation import WorkloadError

_LINE_CHARS = 200


class ExitStatusError(Exception):
    """A program did not exit with 0: with which code, or by which signal, and its last words."""


@workload
async def command(
    run: str,
    cwd: str = "",
    input: str = "",  # noqa: A002 - the name that a profile gives it
) -> AsyncGenerator[Callable[[], Awaitable[None]], None]:
    """Run a program: `run` is cut into words as a shell does, but no shell sees it.

    It is looked for on PATH, or from `cwd` on if it has a slash. Without `cwd` it runs in the
    working folder. It reads `input`; what it writes to stdout is thrown away.
    """
    words = _words(run)
    folder = _folder(cwd)
    _check_program(words[0], folder)
    source = _source_of(input)
    errors: list[IO[bytes]] = []

    async def operation() -> None:
        last_words = errors.pop() if errors else _temporary_file()
        try:
            process = _spawn(words, folder, source, last_words)
            await _exited(process)
            if process.returncode:
                raise ExitStatusError(_failure_text(process.returncode, last_words))
        except BaseException:
            # What it has started may still write there.
            last_words.close()
            raise
        if os.fstat(last_words.fileno()).st_size:
            last_words.seek(0)
            last_words.truncate()
        errors.append(last_words)

    try:
        yield operation
    finally:
        for file in errors:
            file.close()
        if input:
            os.unlink(source)


def _words(run: str) -> list[str]:
    try:
        words = shlex.split(run)
    except ValueError as error:
        raise WorkloadError(f"command: run = {run!r}: {error}") from None
    if not words:
        raise WorkloadError('command: run: expected a program such as "python -c pass", got none')
    return words


def _folder(cwd: str) -> str | None:
    if cwd and not os.path.isdir(cwd):
        raise WorkloadError(f"command: cwd = {cwd!r}: there is no such folder")
    return cwd or None


def _check_program(name: str, folder: str | None) -> None:
    # A name with a slash is looked for by the child, which is in its own folder by then.
    found = shutil.which(os.path.join(folder or "", name) if "/" in name else name)
    if found is None:
        where = f"in {folder or os.getcwd()}" if "/" in name else "on PATH"
        raise WorkloadError(f"command: there is no program {name!r} {where}")


def _source_of(text: str) -> str:
    """A file to read the input from: unlike a pipe, nobody has to keep filling it."""
    if not text:
        return os.devnull
    context = current_run.get()
    file = Path(context.scratch) / f"input-{context.run}"
    file.write_text(text, encoding="utf-8")
    return str(file)


def _temporary_file() -> IO[bytes]:
    # A pipe would have to be read while the program runs, and what it has started may keep one
    # open long after its end.
    return tempfile.TemporaryFile()


def _spawn(
    words: list[str], folder: str | None, source: str, last_words: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Holds the loop until the program runs, as every way to start one does."""
    with open(source, "rb") as reading:
        return subprocess.Popen(
            words, cwd=folder, stdin=reading, stdout=subprocess.DEVNULL, stderr=last_words
        )


async def _exited(process: subprocess.Popen[bytes]) -> None:
    """Waits for the exit and reaps it; if it is not to be waited for any more, kills it."""
    try:
        if hasattr(os, "pidfd_open"):
            await _ended_in_loop(process.pid)
            process.wait()
        else:  # macOS
            await asyncio.to_thread(process.wait)
    except BaseException:
        _kill(process)
        raise


async def _ended_in_loop(pid: int) -> None:
    """A process descriptor in the loop costs nothing compared with the spawn: 0.63 ms for `true`.

    asyncio's own children take a thread each before Python 3.12 (0.75 ms), and uvloop's 2.3 ms.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    with _descriptor(pid) as fd:
        loop.add_reader(fd, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(fd)


@contextmanager
def _descriptor(pid: int) -> Iterator[int]:
    fd = os.pidfd_open(pid)
    try:
        yield fd
    finally:
        os.close(fd)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends it and all that it has started."""
    for pid in _descendants(process.pid):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _descendants(pid: int) -> list[int]:
    """As far as they are known; on macOS, and without this part of /proc, they are not."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children = [int(child) for child in (task / "children").read_text().split()]
            for child in children:
                found += [child, *_descendants(child)]
    return found


def _failure_text(code: int, last_words: IO[bytes]) -> str:
    how = f"exited with {code}" if code > 0 else f"killed by {_signal_name(-code)}"
    end = last_words.seek(0, os.SEEK_END)
    last_words.seek(max(0, end - MAX_OUTPUT_TAIL_BYTES))
    lines = last_words.read().decode(errors="backslashreplace").strip().splitlines()
    return f"{how}: {lines[-1][:_LINE_CHARS]}" if lines else how


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


WORKLOADS: dict[str, Workload] = {"command": command}
