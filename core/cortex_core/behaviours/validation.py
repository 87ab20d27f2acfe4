"""Turns away what breaks the rules before it costs anything."""

from typing import Any

from cortex_core.mediator import Handle
from cortex_core.request import Request
from cortex_core.result import Result, refused


class Validation:
    """Answers a request that breaks rules with an `invalid` error for each of them."""

    def wrap(self, request_type: type[Request[Any]], handle: Handle) -> Handle:
        if request_type.violations is Request.violations:
            return handle

        async def validated(request: Request[Any]) -> Result[Any]:
            violations = request.violations()
            if violations:
                return refused(violations)
            return await handle(request)

        return validated
