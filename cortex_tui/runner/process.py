"""The door of a runner process, which `runner.serving` is all of.

Started as `python -P -m cortex_tui.runner.process CHANNEL LIFELINE`.
"""

from __future__ import annotations

from cortex_tui.starting import own_process, without_collections


def main() -> None:
    own_process()
    with without_collections():
        from cortex_tui.runner.serving import serve
    serve()


if __name__ == "__main__":
    main()
