"""How long tests wait for what others do: another process, a thread, the end of a program."""

PATIENCE_S = 200.0
"""Whoever waits for that long has failed.

Nothing takes more than a few seconds where there is nothing else to do. On a machine with twenty
busy processes all of it takes twenty times as long, and must not fail.
"""
