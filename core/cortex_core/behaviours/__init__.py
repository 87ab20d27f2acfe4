"""What every request passes through on its way to the handler."""

from cortex_core.behaviours.logs import Logging
from cortex_core.behaviours.protection import Protection
from cortex_core.behaviours.store_failures import StoreFailures
from cortex_core.behaviours.timing import Timing, TimingSummary
from cortex_core.behaviours.validation import Validation

__all__ = ["Logging", "Protection", "StoreFailures", "Timing", "TimingSummary", "Validation"]
