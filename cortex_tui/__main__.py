"""`python -m cortex_tui`: the same as `cortex-tui`."""

from cortex_tui.cli import main

if __name__ == "__main__":
    main()
