"""From nothing to a suite that runs: the files that `cortex-tui new` and the workbench write."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple

from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.schema import SCHEMA_FILE, SCHEMA_LINE, schema_text, suite_schema
from cortex_tui.toml.words import shown

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_MOST_CHARS = 200
"""Of a name: those of files have 255 at most, with their endings."""

SUITE = """\
{schema}

# A suite: one file of benchmarks. `cortex-tui check` says what is wrong with it. The line above
# names the file with which an editor completes keys (taplo, Even Better TOML, tombi).

description = "First benchmarks of {name}"

# What every profile below takes, unless it says otherwise.
[defaults]
workload = "{module}:digest"            # the function in {module}.py, in this folder
warmup = "500ms"                        # runs, but does not count
duration = "3s"

# A closed load: each worker starts its next operation when its last one has ended. It shows how
# fast the code is, but not what its users wait for: a slow operation only delays the next.
[profile.one-at-a-time]
summary = "One worker, small requests"
load = {{ workers = 1 }}
targets = ["p95 < 20ms", "errors == 0"]   # missing one fails the run
warn_targets = ["p95 < 10ms"]             # missing one is only a warning

# An open load: operations start on a schedule, as requests of users do, and their response time
# runs from when they were due.
[profile.steady]
summary = "500 small requests a second, at random"
load = {{ rate = "500/s", arrivals = "poisson" }}
targets = ["p99 < 50ms", "errors == 0"]

# A matrix makes a profile of each combination of parameters. Take the # away to have it.
# [profile.growing]
# summary = "From small to large requests"
# matrix = {{ size = [1_000, 10_000, 100_000] }}
# tags = ["slow"]                         # cortex-tui run @slow
"""

WORKLOAD = '''\
"""What {name}.toml measures: replace Service by code of your own, or import yours here."""

import asyncio
import hashlib

from cortex_tui import workload


class Service:
    """Stands in for a server, a database, a library: anything that can be awaited."""

    async def connect(self):
        await asyncio.sleep(0.01)

    async def digest(self, payload):
        await asyncio.sleep(0.002)  # the way there and back
        return hashlib.sha256(payload).digest()

    async def close(self):
        await asyncio.sleep(0.01)


@workload
async def digest(size: int = 1_000):  # parameters by name: params = {{ size = 5_000 }}
    """A request of `size` bytes, and its answer."""
    # Before the yield: set up, once for each run. It is not timed.
    service = Service()
    await service.connect()
    payload = bytes(size)

    # The operation: timed, again and again. It fails by raising, and a failure is counted by its
    # type, apart from the latencies of those that succeeded.
    async def operation(i: int):  # i counts up
        answer = await service.digest(payload)
        if len(answer) != 32:
            raise ValueError(f"expected 32 bytes, got {{len(answer)}}")

    yield operation

    # Behind the yield: tear down. It is not timed.
    await service.close()
'''


class NoSuiteError(Exception):
    """Why no suite was written, in a sentence."""


class NewSuite(NamedTuple):
    """The files that were written."""

    suite: Path
    code: Path
    schema: Path
    """Ours: it has the keys that this version knows, whatever it had before."""


def write_new_suite(name: str, folder: Path, catalog: Catalog) -> NewSuite:
    """Writes a suite and its code into the folder, and nothing over anything that is there.

    Its name may be none of those in `catalog`. Raises NoSuiteError.
    """
    module = name.replace("-", "_")
    new = NewSuite(folder / f"{name}.toml", folder / f"{module}.py", folder / SCHEMA_FILE)
    _check(name, module, new, catalog)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new.schema.write_text(schema_text(suite_schema()), encoding="utf-8")
        _write(new.code, WORKLOAD.format(name=name))
        try:
            _write(new.suite, SUITE.format(name=name, module=module, schema=SCHEMA_LINE))
        except OSError:
            new.code.unlink()
            raise
    except OSError as error:
        raise NoSuiteError(
            f"{error.filename or folder}: cannot be written: {error.strerror}"
        ) from None
    return new


def _check(name: str, module: str, new: NewSuite, catalog: Catalog) -> None:
    if keyword.iskeyword(module):
        raise NoSuiteError(
            f"{shown(name)}: a word of Python's own, which no module can be called: take another "
            "name"
        )
    if not _NAME.fullmatch(name):
        raise NoSuiteError(
            f"{shown(name)}: expected a name of letters, digits, - and _ that starts with a letter"
        )
    if len(name) > _MOST_CHARS:
        raise NoSuiteError(f"{name[:20]}…: expected at most {_MOST_CHARS} characters")
    for file in (new.suite, new.code):
        try:
            file.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise NoSuiteError(f"{file}: cannot be written: {error.strerror}") from None
        raise NoSuiteError(f"{file}: it is there already, and stays as it is")
    taken = {suite.name: suite.source for suite in catalog.suites}
    if name in taken:
        raise NoSuiteError(f"{name}: there is a suite of that name already: {taken[name]}")
    if hidden := _hidden_by(module):
        # A suite's folder comes first where its code is looked for.
        raise NoSuiteError(f"{new.code} would hide the module {hidden}: take another name")


def _hidden_by(module: str) -> str:
    """What a module of that name would take the place of; "" for nothing."""
    if module in sys.stdlib_module_names:
        return f"{module} of the standard library"
    for spec in (PathFinder.find_spec(module, [str(Path.cwd())]), importlib.util.find_spec(module)):
        if spec is not None and spec.origin is not None:
            return spec.origin
    return ""


def _write(file: Path, text: str) -> None:
    with file.open("x", encoding="utf-8") as opened:
        opened.write(text)
