"""Joins what several runners of a run have sent, where it waits to be folded in.

Folding a message takes some 100 us, however few values it has, and a thousand runners send ten
thousand messages a second. With few runners nothing waits while the reader keeps up, and so nothing
is joined; those of many are made to wait (`placement/gathering.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cortex_tui.protocol.messages import Health, Message, Part, Pulse, Samples

_VALUE_BYTES = 8
_NO_HEALTH = Health()

Key = tuple[int, str, int]


def joined(batch: Sequence[Message]) -> Iterator[Message]:
    """The messages of a batch, with one in place of those that are of the same interval of a run.

    The values of an interval are passed on before any message but a pulse that came after them.
    """
    waiting: dict[Key, list[Samples]] = {}
    for message in batch:
        match message:
            case Samples():
                key = (message.run, message.phase, message.interval)
                waiting.setdefault(key, []).append(message)
            case Pulse():
                yield message
            case _:
                yield from map(_one, waiting.values())
                waiting.clear()
                yield message
    yield from map(_one, waiting.values())


def one_pulse(batch: Iterable[Message]) -> list[Message]:
    """The messages of a batch, its pulses in one at the end: a health of all who sent them."""
    found: list[Message] = []
    pulses: list[Pulse] = []
    for message in batch:
        (pulses if isinstance(message, Pulse) else found).append(message)  # type: ignore[arg-type]
    if pulses:
        health = _health(pulse.health for pulse in pulses)
        found.append(Pulse(max(pulse.at_ns for pulse in pulses), health))
    return found


def _one(messages: Sequence[Samples]) -> Samples:
    """In place of messages of one interval; what is as of the moment is that of the last."""
    if len(messages) == 1:
        return messages[0]
    last = messages[-1]
    values = zip(*(message.values for message in messages), strict=True)
    service, response, lateness, failures = (b"".join(each) for each in values)
    return msgspec.structs.replace(
        last,
        parts=tuple(part for message in messages for part in parts_of(message)),
        service=service,
        response=response,
        lateness=lateness,
        failures=failures,
        errors=_sums(message.errors for message in messages),
        tracebacks=_first(message.tracebacks for message in messages),
        texts=_first(message.texts for message in messages),
        drained=sum(message.drained for message in messages),
        failed_in_batches=sum(message.failed_in_batches for message in messages),
        waits=_sums(message.waits for message in messages),
        unstarted=sum(message.unstarted for message in messages),
        neighbours=max(message.neighbours for message in messages),
        at_ns=max(message.at_ns for message in messages),
        health=_health(message.health for message in messages),
        spanned=_spanned(messages),
    )


def parts_of(samples: Samples) -> tuple[Part, ...]:
    """What each runner has in a message, in the order of its values."""
    return samples.parts or (
        Part(
            samples.runner,
            len(samples.service) // _VALUE_BYTES,
            samples.drained,
            sum(samples.errors.values()),
            samples.failed_in_batches,
            samples.unstarted,
        ),
    )


def merged_health(a: Health, b: Health) -> Health:
    """What happened in two parts of the time: longest block, and sums of the rest."""
    if b == _NO_HEALTH:
        return a
    return Health(
        loop_lag_ns=max(a.loop_lag_ns, b.loop_lag_ns),
        gc_pause_ns=a.gc_pause_ns + b.gc_pause_ns,
        gc_pauses=a.gc_pauses + b.gc_pauses,
        cpu_ns=a.cpu_ns + b.cpu_ns,
        wall_ns=a.wall_ns + b.wall_ns,
        voluntary_switches=a.voluntary_switches + b.voluntary_switches,
        involuntary_switches=a.involuntary_switches + b.involuntary_switches,
        steal_ns=a.steal_ns + b.steal_ns,
        foreign_ns=a.foreign_ns + b.foreign_ns,
        block_cause=max((a.loop_lag_ns, a.block_cause), (b.loop_lag_ns, b.block_cause))[1],
    )


def _sums(each: Iterable[dict[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for counts in each:
        for name, count in counts.items():
            sums[name] = sums.get(name, 0) + count
    return sums


def _first(each: Iterable[dict[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for texts in each:
        found = {**texts, **found}
    return found


def _health(each: Iterable[Health]) -> Health:
    whole = Health()
    for health in each:
        whole = merged_health(whole, health)
    return whole


def _spanned(messages: Sequence[Samples]) -> dict[int, Health]:
    found: dict[int, Health] = {}
    for message in messages:
        for interval, health in message.spanned.items():
            found[interval] = merged_health(found.get(interval, Health()), health)
    return found
