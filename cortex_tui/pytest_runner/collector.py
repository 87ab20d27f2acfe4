"""Collects a project's tests, in a process of its own.

Started as `python -P -m cortex_tui.pytest_runner.collector FILE [pytest options]`.
"""

from __future__ import annotations

import sys

from cortex_tui.starting import own_process, without_collections


def main() -> int:
    own_process()
    with without_collections():
        from cortex_tui.pytest_runner.collecting_plugin import collect_into
    file, *arguments = sys.argv[1:]
    return collect_into(file, arguments)


if __name__ == "__main__":
    sys.exit(main())
