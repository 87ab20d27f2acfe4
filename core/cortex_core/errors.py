"""What a store raises when the storage itself fails. A caller can act on the type.

| error | was anything done? | send it again? |
|---|---|---|
| StoreUnavailableError | no | yes, after a while |
| StoreConflictError | no | yes; it was run several times already |
| StoreOutcomeUnknownError | all of it, or nothing | only what may happen twice; else look first |
| StoreBusyError | no | yes, when there is less to do, or another client has ended |
| SearchTimeoutError | nothing to do | no: it would take as long again |
| every other StoreError | no | no: somebody has to mend the store, or the call |
"""


class StoreError(Exception):
    """The storage failed. What was asked for did not happen, unless a subclass says otherwise."""


class StoreUnavailableError(StoreError):
    """The server cannot be reached, or the connection broke before anything was done. What was
    asked for can be sent again later."""


class StoreConflictError(StoreError):
    """Others changed what a unit had read, each time that it was run. Nothing was done: it can be
    sent again."""


class StoreOutcomeUnknownError(StoreError):
    """The connection was lost while a transaction was being committed: all of it is stored, or
    nothing.

    What leads to the same state however often it happens (a capture with an id of its own, a
    deletion) can be sent again. For anything else, look at what is stored first. Events of
    such a transaction are not published.
    """


class StoreClosedError(StoreError):
    """The store is closing or closed."""


class StoreBusyError(StoreError):
    """Others had the store, or all of its connections, in use for longer than it waits."""


class StoreFullError(StoreError):
    """There is no room left. What was stored before is intact."""


class StoreDamagedError(StoreError):
    """The file is damaged, or is no database."""


class ForeignFileError(StoreError):
    """The place is a database of some other program; it was left untouched."""


class NewerSchemaError(StoreError):
    """The place was written by a newer version; it was left untouched."""


class UnknownStoreError(StoreError, ValueError):
    """The address names no place that a store could have, no kind of store that there is, or one
    that is not installed."""


class SearchTimeoutError(StoreError, TimeoutError):
    """A search, or another read, did not end before its deadline."""
