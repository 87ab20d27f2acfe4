"""What a store does besides its searches and scans, which give way to it."""


class Activity:
    """Counts the requests to a store, and the hops to a thread that are under way. Changed on the
    event loop; a search that works in Python looks at it on its own thread."""

    __slots__ = ("hops", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.hops = 0
