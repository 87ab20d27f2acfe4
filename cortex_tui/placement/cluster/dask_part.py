"""A part of Dask as a process that ends with its stdin, however that ends.

Run as `python -P -m cortex_tui.placement.cluster.dask_part -m distributed.cli.dask_spec ...`: what
SSHCluster has for an interpreter is all but the end of that. The server of SSH closes the stdin of
a program when the connection ends, but does not kill it.
"""

from __future__ import annotations

import os
import sys
import threading

from cortex_tui.starting import own_process, without_collections

MODULE = "cortex_tui.placement.cluster.dask_part"
SPEC_MODULE = "distributed.cli.dask_spec"


def _end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)  # agents end with the pipe that this process has of them


def main() -> None:
    own_process()
    with without_collections():
        from distributed.cli.dask_spec import main as start_parts

    threading.Thread(target=_end_with_stdin, daemon=True).start()
    start_parts(sys.argv[3:])


if __name__ == "__main__":
    main()
