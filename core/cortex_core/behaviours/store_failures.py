"""Answers in place of a store that did not: what a sender can act on is a result."""

from typing import Any

from cortex_core.errors import (
    StoreConflictError,
    StoreError,
    StoreOutcomeUnknownError,
    StoreUnavailableError,
)
from cortex_core.mediator import Handle
from cortex_core.request import Request
from cortex_core.result import CONFLICT, OUTCOME_UNKNOWN, UNAVAILABLE, Result, failed

_CODES: dict[type[StoreError], str] = {
    StoreUnavailableError: UNAVAILABLE,
    StoreConflictError: CONFLICT,
    StoreOutcomeUnknownError: OUTCOME_UNKNOWN,
}


class StoreFailures:
    """Answers with an error where a server or other writers were in the way: `unavailable` and
    `conflict` (nothing was done; send it again) or `outcome_unknown` (look before sending it
    again). What nobody can mend by sending again, such as a full disk, is raised as before."""

    def wrap(self, request_type: type[Request[Any]], handle: Handle) -> Handle:
        async def answered(request: Request[Any]) -> Result[Any]:
            try:
                return await handle(request)
            except (StoreUnavailableError, StoreConflictError, StoreOutcomeUnknownError) as error:
                code = next(code for kind, code in _CODES.items() if isinstance(error, kind))
                return failed(code, str(error))

        return answered
