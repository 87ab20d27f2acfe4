"""Says what was sent and what became of it."""

import logging
from reprlib import Repr
from typing import Any

from cortex_core.mediator import Handle
from cortex_core.redaction import LOOKED_AHEAD, shown
from cortex_core.request import Request
from cortex_core.result import Result

log = logging.getLogger("cortex_core.requests")

_VALUE_MOST = 80
_REASONS_MOST = 1_000

_brief = Repr()
_brief.maxstring = _brief.maxother = 2 * LOOKED_AHEAD
_brief.maxtuple = _brief.maxlist = _brief.maxdict = 20


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
                reason = shown(_text(error), _REASONS_MOST)
                log.error("%s raised %s", described(request), reason)
                raise
            if result.errors:
                if enabled(info):
                    reasons = "; ".join(f"{e.code}: {e.message}" for e in result.errors)
                    log.info("%s failed: %s", described(request), shown(reasons, _REASONS_MOST))
            elif enabled(debug):
                log.debug("%s succeeded", described(request))
            return result

        return logged


def described(request: Request[Any]) -> str:
    """The request's type and fields, fit for a log."""
    fields = (_field(name, getattr(request, name)) for name in request.__struct_fields__)
    return f"{type(request).__name__}({', '.join(fields)})"


def _field(name: str, value: object) -> str:
    # Name and value are looked at together: a field may be called password.
    return shown(f"{name}={_text(value)}", len(name) + 1 + _VALUE_MOST)


def _text(value: object) -> str:
    try:
        return _brief.repr(value)
    except Exception:  # what a log shows must not make the request fail
        return f"<{type(value).__name__}>"
