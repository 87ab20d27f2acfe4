"""Memory that was freed is of use to whoever needs some next."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

ALLOCATE = """
import ctypes, os, tempfile, threading
from cortex_tui.session.freed import share_memory_of_threads

share_memory_of_threads()
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


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="no glibc")
def test_threads_share_the_memory_that_they_free() -> None:
    run = subprocess.run(
        [sys.executable, "-c", ALLOCATE], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "1"
