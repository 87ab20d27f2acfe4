"""`python -m cortex_core.data --conversations 1000000 memory.db`: fills a store from a seed."""

import argparse
import asyncio
import sys
import time
from typing import NamedTuple, TextIO

from cortex_core.addresses import MEMORY, address, shown
from cortex_core.data.filling import seed_store
from cortex_core.data.seed import seed_file
from cortex_core.data.stream import DEFAULT_COUNT, DEFAULT_SEED
from cortex_core.errors import StoreError
from cortex_core.events import Events
from cortex_core.lines import one_line
from cortex_core.sqlite.failures import FAILURES
from cortex_core.stores import open_store

_WIDTH = 30
_EVERY_S = 0.1


class Bar:
    """A line on a terminal that is drawn over itself; elsewhere a line for each thing done."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._what = ""
        self._began_s = self._drawn_s = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        now_s = time.monotonic()
        if what != self._what:
            self._what, self._began_s = what, now_s
        over = done >= total
        if not over and (not self._live or now_s - self._drawn_s < _EVERY_S):
            return
        self._drawn_s = now_s
        text = _line(what, done, total, now_s - self._began_s)
        if self._live:
            # Erase what a longer line has left behind.
            self._out.write(f"\r{text}\x1b[K")
        if over:
            self._out.write("\n" if self._live else f"{text}\n")
        self._out.flush()


def _line(what: str, done: int, total: int, took_s: float) -> str:
    share = done / total if total else 1.0
    full = int(share * _WIDTH)
    bar = "#" * full + "." * (_WIDTH - full)
    left = "" if not 0 < share < 1 else f", {took_s / share - took_s:.0f} s left"
    return f"{what:27} [{bar}] {share:4.0%}  {done:,} of {total:,} in {took_s:.1f} s{left}"


def _count(text: str) -> int:
    digits = text.replace("_", "").replace(",", "")
    if not digits.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a number such as 1000000, got {text!r}")
    return int(digits)


class Wanted(NamedTuple):
    """How many memories, and the seed that determines them."""

    conversations: int
    patterns: int
    seed: int


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cortex_core.data",
        description="Makes a memory of generated conversations and patterns. A file that is there "
        "is replaced once the new one is complete; in a store with a URL, memories with the same "
        "ids are replaced, and others stay.",
    )
    parser.add_argument(
        "where", metavar="FILE|URL", help="the database to fill, such as postgresql://host/database"
    )
    for name, default, text in (
        ("--conversations", DEFAULT_COUNT, "how many"),
        ("--patterns", 0, "how many"),
        ("--seed", DEFAULT_SEED, "what determines them"),
    ):
        parser.add_argument(
            name, type=_count, metavar="N", default=default, help=f"{text} ({default})"
        )
    given = parser.parse_args(arguments)
    wanted = Wanted(given.conversations, given.patterns, given.seed)
    name, left = shown(given.where), "what was saved stays, and the same command completes it"
    try:
        scheme, place = address(given.where)
        if scheme == "sqlite":
            left = "nothing was changed"
            if place == MEMORY:
                raise ValueError(_nothing_left(name))
            seed_file(place, progress=Bar(sys.stderr), **wanted._asdict())
        else:
            asyncio.run(_fill(given.where, wanted))
    except (OSError, *FAILURES) as error:
        sys.stderr.write(f"{name}: cannot be written: {one_line(str(error))}\n")
        return 1
    except (StoreError, ValueError) as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{name}: interrupted; {left}\n")
        return 130
    return 0


def _nothing_left(name: str) -> str:
    return f"{name}: nothing would be left of a store in memory"


async def _fill(where: str, wanted: Wanted) -> None:
    """Raises StoreError, ValueError where nothing would be left of what was saved."""
    store = await open_store(where, Events().publish)
    try:
        if not store.capabilities.persistent:
            raise ValueError(_nothing_left(shown(where)))
        await seed_store(store, progress=Bar(sys.stderr), **wanted._asdict())
    finally:
        await store.close()


if __name__ == "__main__":
    sys.exit(main())
