"""Asking for a key a second time, where the first may have been hit by chance."""

from __future__ import annotations

from time import monotonic

ASKED_S = 10.0
"""How long a person has for the second key; as long is the question shown."""


class SecondKey:
    """Tells the second of two presses, one right behind the other, from a first one."""

    def __init__(self) -> None:
        self._asked_at, self._asked_s = -1, 0.0

    def is_second(self, inputs: int) -> bool:
        """`inputs` is how many keys and presses of the mouse there were. If it is a first one, the
        next may be the second."""
        now_s = monotonic()
        second = inputs == self._asked_at + 1 and now_s - self._asked_s < ASKED_S
        self._asked_at, self._asked_s = inputs, now_s
        return second
