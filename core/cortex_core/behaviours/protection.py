"""Keeps what protected namespaces have, and the store from a flood."""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from cortex_core.domain.namespace import Namespace
from cortex_core.mediator import Handle, answered
from cortex_core.request import Request
from cortex_core.result import PROTECTED, RATE_LIMITED, Error, Result, failed

_SECOND_NS = 1_000_000_000


class Protection:
    """Refuses to remove or replace what is in `namespaces`, and more than `rate_per_s` requests.

    `namespaces` are patterns such as `cortex.rules` or `cortex.*`. Something new can be stored
    there, and a pattern can be observed; nothing can be deleted, or stored anew under its id,
    there or elsewhere. What a request destroys is known only once it is loaded, so handlers
    ask `refusal` within their transaction, whatever the behaviours: nothing can move into a
    protected namespace in between.

    The rate counts all requests together. A second's worth may come at once, and the
    allowance grows back evenly (the generic cell rate algorithm, ITU-T I.371).
    There is no limit without `rate_per_s`, and never one over a lifetime.
    """

    def __init__(
        self,
        namespaces: Iterable[str] = (),
        rate_per_s: float | None = None,
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        if rate_per_s is not None and not rate_per_s > 0:
            raise ValueError(f"rate_per_s: expected more than 0, got {rate_per_s}")
        if isinstance(namespaces, str):
            # As an iterable, it would be one pattern for each of its characters.
            raise TypeError(f"namespaces: expected several patterns, got the text {namespaces!r}")
        self.namespaces = tuple(namespaces)
        self.rate_per_s = rate_per_s
        self._clock_ns = clock_ns
        self._paid_until_ns: float = clock_ns()

    def refusal(self, namespace: str) -> Error | None:
        """Why nothing may be removed or replaced in `namespace`; None where it may."""
        for pattern in self.namespaces:
            if Namespace(namespace).matches(pattern):
                return Error(PROTECTED, f"namespace {namespace} is protected by {pattern}")
        return None

    def wrap(self, request_type: type[Request[Any]], handle: Handle) -> Handle:
        rate_per_s = self.rate_per_s
        if rate_per_s is None:
            return handle
        each_ns = _SECOND_NS / rate_per_s
        burst_ns = max(_SECOND_NS, each_ns)

        clock_ns = self._clock_ns

        def limited(request: Request[Any]) -> Awaitable[Result[Any]]:
            now_ns = clock_ns()
            paid_until_ns = self._paid_until_ns
            if paid_until_ns < now_ns:
                paid_until_ns = now_ns
            paid_until_ns += each_ns
            if paid_until_ns - now_ns > burst_ns:
                wait_ms = (paid_until_ns - now_ns - burst_ns) / 1e6
                return answered(failed(RATE_LIMITED, _limited(rate_per_s, wait_ms)))
            self._paid_until_ns = paid_until_ns
            return handle(request)

        return limited


def _limited(rate_per_s: float, wait_ms: float) -> str:
    return f"more than {rate_per_s:g} requests a second; try again in {wait_ms:.0f} ms"
