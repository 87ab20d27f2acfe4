"""What an agent does before a session: it unpacks the user's code, and describes its machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from cortex_tui.environment import describe_environment
from cortex_tui.limits import MAX_PACKED_BYTES
from cortex_tui.placement.cluster.bundle import BundleError, CodeFolders
from cortex_tui.placement.cluster.control import (
    CodePiece,
    CodeState,
    Describe,
    Described,
    FromAgent,
    OfferCode,
)


class AgentSetup:
    """Answers in the order in which it is asked."""

    def __init__(self, folder: str, send: Callable[[FromAgent], None]) -> None:
        self._folder = folder
        self._send = send
        self._codes = CodeFolders(f"{folder}/code")
        self._pieces = bytearray()
        self._last: asyncio.Task[None] | None = None

    def take(self, message: OfferCode | CodePiece | Describe) -> None:
        match message:
            case OfferCode(digest):
                self._then(self._offer(digest))
            case CodePiece(digest, data, last):
                if len(self._pieces) <= MAX_PACKED_BYTES:
                    self._pieces += data
                if last:
                    packed, self._pieces = bytes(self._pieces), bytearray()
                    self._then(self._unpack(digest, packed))
            case Describe():
                self._then(self._describe())

    async def close(self) -> None:
        """What is being unpacked would be written into a folder that is deleted."""
        if self._last is not None:
            await asyncio.gather(self._last, return_exceptions=True)

    def _then(self, work: Coroutine[Any, Any, None]) -> None:
        before = self._last

        async def in_turn() -> None:
            if before is not None:
                await asyncio.wait([before])
            await work

        self._last = asyncio.ensure_future(in_turn())

    async def _offer(self, digest: str) -> None:
        self._send(CodeState(digest, self._codes.find(digest)))

    async def _unpack(self, digest: str, packed: bytes) -> None:
        try:
            folder = await asyncio.to_thread(self._codes.unpack, digest, packed)
        except BundleError as error:
            self._send(CodeState(digest, error=str(error)))
        else:
            self._send(CodeState(digest, folder))

    async def _describe(self) -> None:
        facts = await asyncio.to_thread(describe_environment, Path(self._folder))
        # The repository in which an agent happens to be started is not that of the code.
        kept = {name: fact for name, fact in facts.items() if not name.startswith("git_")}
        self._send(Described(kept))
