"""Memory that was freed is of use to whoever needs some next."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

THREADS = """
import ctypes, os, tempfile, threading
from cortex_tui.freed import keep_little_freed_memory

keep_little_freed_memory()
all_there = threading.Barrier(8)

def work():
    kept = [bytearray(1_000) for _ in range(100)]
    all_there.wait()
    del kept

threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(os.fsencode(file.name), b"w"))
    assert libc.malloc_info(0, stream) == 0
    libc.fclose(stream)
    print(file.read().count(b"<heap "))
"""
LARGE_PIECES = """
import os
from cortex_tui.freed import keep_little_freed_memory

def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

keep_little_freed_memory()
bytes(bytearray(b"x") * 20_000_000)  # freed again, and the largest that there is
before, kept = resident_bytes(), []
for _ in range(10):
    large = bytearray(b"x") * 8_000_000
    kept.append(bytearray(1_000))  # stays, and lies behind it
    del large
print(resident_bytes() - before)
"""

MANY_PIECES = """
import resource
from cortex_tui.freed import keep_little_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

keep_little_freed_memory()
for turn in range(51):
    if turn == 1:
        before = faults()
    kept = [bytearray(b"x") * 100_000 for _ in range(9)]
    del kept
print(faults() - before)
"""


def printed_by(code: str) -> int:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(run.stdout)


needs_glibc = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_info"), reason="only glibc has these options"
)


@needs_glibc
def test_threads_share_the_memory_that_they_free() -> None:
    assert printed_by(THREADS) == 1


@needs_glibc
def test_large_pieces_are_given_back_whatever_was_freed_before() -> None:
    assert printed_by(LARGE_PIECES) < 4_000_000


@needs_glibc
def test_what_is_freed_and_needed_again_at_once_is_not_given_back_meanwhile() -> None:
    # Pages of 900 kB that the system has to give anew, fifty times.
    assert printed_by(MANY_PIECES) < 50
