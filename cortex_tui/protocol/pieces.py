"""Cuts the values of an interval into several messages."""

from __future__ import annotations

import msgspec

from cortex_tui.limits import MAX_PIECE_BYTES
from cortex_tui.protocol.messages import Samples

_VALUE_BYTES = 8


def pieces(samples: Samples) -> list[Samples]:
    """Messages that add up to this one, none with more than MAX_PIECE_BYTES of values."""
    values = samples.values
    if sum(map(len, values)) <= MAX_PIECE_BYTES:
        return [samples]
    step = MAX_PIECE_BYTES // sum(map(bool, values)) // _VALUE_BYTES * _VALUE_BYTES
    found: list[Samples] = []
    for start in range(0, max(map(len, values)), step):
        service, response, lateness, failures = (each[start : start + step] for each in values)
        piece = msgspec.structs.replace(
            samples, service=service, response=response, lateness=lateness, failures=failures
        )
        if samples.drained:
            piece = msgspec.structs.replace(piece, drained=len(service) // _VALUE_BYTES)
        if found:
            piece = msgspec.structs.replace(
                piece,
                errors={},
                tracebacks={},
                texts={},
                waits={},
                unstarted=0,
                failed_in_batches=0,
            )
        found.append(piece)
    return found
