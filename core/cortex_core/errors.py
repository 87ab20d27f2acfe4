"""What a store raises when the storage itself fails. A caller can act on the type."""


class StoreError(Exception):
    """The storage failed; what was asked for did not happen."""


class StoreClosedError(StoreError):
    """The store is closing or closed."""


class StoreBusyError(StoreError):
    """Another process locked the store for longer than the store waits."""


class StoreFullError(StoreError):
    """There is no room left. What was stored before is intact."""


class StoreDamagedError(StoreError):
    """The file is damaged, or is no database."""


class ForeignFileError(StoreError):
    """The file is a database of some other program; it was left untouched."""


class NewerSchemaError(StoreError):
    """The file was written by a newer version; it was left untouched."""


class SearchTimeoutError(StoreError, TimeoutError):
    """A search did not end before its deadline."""


class StoreUnavailableError(StoreError):
    """The server cannot be reached, or the connection to it broke before anything was done."""


class StoreConflictError(StoreError):
    """Other transactions were in the way each time that this one was run; nothing was done."""


class StoreOutcomeUnknownError(StoreError):
    """The connection broke during the commit: what was asked for happened, or it did not."""
