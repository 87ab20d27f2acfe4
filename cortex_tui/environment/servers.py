"""The servers on which a session keeps its data."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

ANSWER_S = 3.0
"""How long a server may take to say what it is."""


def server_facts(addresses: Mapping[str, str]) -> dict[str, Any]:
    """`servers`: what each is, by its address as it is shown; `addresses` has the whole ones, with
    passwords, by those. A server that does not answer is left out."""
    return {"servers": asyncio.run(_versions(addresses))}


async def _versions(addresses: Mapping[str, str]) -> dict[str, str]:
    found = await asyncio.gather(*map(_version, addresses.values()))
    return {shown: version for shown, version in zip(addresses, found, strict=True) if version}


async def _version(address: str) -> str:
    from cortex_core.errors import StoreError
    from cortex_core.stores import server_version

    try:
        async with asyncio.timeout(ANSWER_S):
            return await server_version(address)
    except (StoreError, ValueError, TimeoutError):
        # The runs there fail, and say why.
        return ""
