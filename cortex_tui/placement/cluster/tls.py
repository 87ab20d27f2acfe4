"""TLS of links. The certificate is pinned: the agent's ticket has its fingerprint.

So it does not matter who signed it, or for which names; an agent reaches the program under names
that no certificate has. The program's certificate is one from a file, or is made for the session.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, ready for connections that come in."""

    context: ssl.SSLContext
    fingerprint: bytes
    """The SHA-256 of the certificate in DER form."""


def client_context() -> ssl.SSLContext:
    """For connections whose certificate is compared with a fingerprint before anything is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def check_fingerprint(transport: asyncio.BaseTransport, fingerprint: bytes) -> None:
    """Raises ConnectionError where the other side has another certificate."""
    connection = transport.get_extra_info("ssl_object")
    certificate = connection.getpeercert(binary_form=True) if connection else b""
    if not hmac.compare_digest(hashlib.sha256(certificate or b"").digest(), fingerprint):
        raise ConnectionError("what listens there has another certificate than the ticket names")
