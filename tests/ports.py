"""Ports for servers of tests that have to be given one."""

from __future__ import annotations

import random
import socket

_CHOICE = range(20_000, 32_000)
"""Below those that Linux (from 32768) and macOS (from 49152) give to whoever asks for any: one of
these would sooner or later be given to somebody else before its server listens."""
_chance = random.SystemRandom()


def free_port() -> int:
    """A port of this machine's loopback that nobody listens on."""
    while True:
        port = _chance.choice(_CHOICE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
