"""What a target of fuzzing is, and what must be true of it whatever its input."""

from __future__ import annotations

import signal
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

MOST_CPU_S = 5.0
"""For one input, of this process. Processor time, so that a busy machine has no part in it."""
_LONGEST_REFUSAL = 2_000
"""Some name all that was expected."""

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


@dataclass(frozen=True)
class Target:
    """A door through which bytes from outside come in."""

    name: str
    run: Callable[[bytes], object]
    """Takes one input, and asserts what must be true of what came of it."""
    seeds: Callable[[], Sequence[bytes]]
    """Good inputs, of which others are made."""
    refuses: tuple[type[Exception], ...] = ()
    """What it may raise: an error with one clear line. Anything else is a fault."""
    words: tuple[bytes, ...] = ()
    """What its inputs are made of: keys, operators, units."""
    shape: Literal["bytes", "text", "json", "msgpack"] = "text"
    """What its seeds are, so that a part of one can be exchanged for another that fits there."""
    thousands: int = 10
    """How many thousand inputs of the million are its own."""
    done: Callable[[], object] = lambda: None
    """Gives back what it keeps open from one input to the next, such as a whole workbench with all
    that it changes in its process."""


class TooSlowError(BaseException):
    """No target can take it for one of its own errors."""


def check(target: Target, data: bytes) -> None:
    """Runs one input; raises for a fault of whatever kind."""
    with _bounded():
        try:
            target.run(data)
        except target.refuses as refused:
            clear(str(refused))


def clear(refusal: str) -> None:
    """An error that a person reads is one line that no terminal obeys, and not endless."""
    harmless(refusal)
    assert refusal.strip(), "an error without a word"
    assert len(refusal) <= _LONGEST_REFUSAL, f"an error of {len(refusal)} characters"


def harmless(text: str, *, lines: bool = False) -> None:
    """Nothing in it moves the cursor, changes the order of what is read, or cannot be encoded."""
    for character in text:
        hidden = unicodedata.category(character) in _HIDDEN and not (lines and character == "\n")
        assert not hidden, f"a raw U+{ord(character):04X} in {text[:300]!a}"
    text.encode()


@contextmanager
def _bounded() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise TooSlowError(f"it took more than {MOST_CPU_S:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
