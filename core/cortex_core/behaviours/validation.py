"""Turns away what breaks the rules before it costs anything."""

from collections.abc import Awaitable
from typing import Any

from cortex_core.mediator import Handle, answered
from cortex_core.request import Request
from cortex_core.result import Result, refused


class Validation:
    """Answers a request that breaks rules with an `invalid` error for each of them."""

    def wrap(self, request_type: type[Request[Any]], handle: Handle) -> Handle:
        if request_type.violations is Request.violations:
            return handle

        # A plain function that hands on the awaitable: no frame of its own while it waits.
        def validated(request: Request[Any]) -> Awaitable[Result[Any]]:
            violations = request.violations()
            return answered(refused(violations)) if violations else handle(request)

        return validated
