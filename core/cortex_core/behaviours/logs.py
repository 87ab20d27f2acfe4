"""Says what was sent and what became of it."""

import logging
from typing import Any

from cortex_core.behaviours.secrets import redacted
from cortex_core.mediator import Handle
from cortex_core.request import Request
from cortex_core.result import Result

log = logging.getLogger("cortex_core.requests")

_VALUE_MOST = 80


class Logging:
    """Logs requests at DEBUG, failed ones at INFO, raised exceptions at ERROR.

    Values of fields are shortened to 80 characters, after what looks like a secret was
    taken out of them.
    """

    def wrap(self, request_type: type[Request[Any]], handle: Handle) -> Handle:
        enabled = log.isEnabledFor
        debug, info = logging.DEBUG, logging.INFO

        async def logged(request: Request[Any]) -> Result[Any]:
            try:
                result = await handle(request)
            except Exception as error:
                log.error("%s raised %s", described(request), redacted(repr(error)))
                raise
            if result.errors:
                if enabled(info):
                    reasons = "; ".join(f"{e.code}: {e.message}" for e in result.errors)
                    log.info("%s failed: %s", described(request), redacted(reasons))
            elif enabled(debug):
                log.debug("%s succeeded", described(request))
            return result

        return logged


def described(request: Request[Any]) -> str:
    """The request's type and fields, fit for a log."""
    fields = (f"{name}={_shown(getattr(request, name))}" for name in request.__struct_fields__)
    return f"{type(request).__name__}({', '.join(fields)})"


def _shown(value: object) -> str:
    # A name next to the value, as in password='…', must be seen together with it, so the
    # whole repr is redacted before it is cut: a cut secret no longer has its shape.
    shown = redacted(repr(value))
    return shown if len(shown) <= _VALUE_MOST else f"{shown[:_VALUE_MOST]}… ({len(shown)})"
