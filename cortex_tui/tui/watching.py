"""Whether anybody looks at the workbench: in a browser its page may be gone, or loaded again."""

from __future__ import annotations

from textual.message import Message


class Watched(Message):
    """A page shows the workbench from now on, and has nothing of it yet."""


class Unwatched(Message):
    """No page has shown it for some time: it is to leave once no session is running."""
