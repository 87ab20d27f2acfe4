"""The command line. Importing it loads nothing; `main` loads the commands, each what it runs."""

from __future__ import annotations

import gc
import os
import sys

from cortex_tui.exit_codes import INTERRUPTED

# As typing has it, whose import takes milliseconds: an interrupt then would print a traceback.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs a command and ends the process with its exit code.

    An interrupt that comes while modules are still loaded ends it like any other.
    """
    try:
        from cortex_tui.starting import own_process, resume_collections, without_collections

        if arguments is None:  # else the process is that of the caller
            own_process()
        with without_collections():
            from cortex_tui.cli.entry import run_command

        try:
            code = run_command(arguments)
        finally:
            resume_collections()
        if arguments is None:
            from cortex_tui.cli.last_threads import end_in_time

            end_in_time(code)
    except KeyboardInterrupt:
        sys.stderr.flush()
        os._exit(INTERRUPTED)  # half loaded modules must not say anything while they go
    # Nothing is left to be found: Python would look through all objects twice while it ends.
    gc.freeze()
    sys.exit(code)
