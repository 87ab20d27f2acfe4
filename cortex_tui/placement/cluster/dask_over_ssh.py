"""What SSHCluster starts in place of a bare interpreter: a part of Dask that ends with its stdin.

Run as `python -P -m cortex_tui.placement.cluster.dask_over_ssh -m distributed.cli.dask_spec ...`.
The server of SSH closes the stdin of a program when the connection ends, however it ends; it does
not kill the program.
"""

from __future__ import annotations

import os
import sys
import threading


def _end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)  # agents end with the pipe that this process has of them


def main() -> None:
    from distributed.cli.dask_spec import main as start_parts

    threading.Thread(target=_end_with_stdin, daemon=True).start()
    start_parts(sys.argv[3:])


if __name__ == "__main__":
    main()
