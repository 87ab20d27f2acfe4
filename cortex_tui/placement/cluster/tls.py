"""TLS of links, with a certificate that is made for this program's cluster and pinned.

An agent's ticket has the fingerprint of the certificate. So it does not matter who signed it, for
which names, and until when: no authority is needed, and none can vouch for somebody else. Python's
own library cannot make a certificate; the package cryptography does.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_VALID = timedelta(days=365)
"""Of a certificate that is made here; nobody looks at it."""


class TlsError(Exception):
    """There is no certificate to be had; the text is the reason."""


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, ready for connections that come in."""

    context: ssl.SSLContext
    fingerprint: bytes
    """The SHA-256 of the certificate in DER form."""


def own_identity() -> Identity:
    """With a certificate and a key that are made now and known to this process only.

    Raises TlsError where the package that makes them is missing.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise TlsError(
            "links to other machines are encrypted with the package cryptography, which is not "
            "installed: pip install 'cortex-tui[cluster]'"
        ) from error
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cortex-tui")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _VALID)
        .not_valid_after(now + _VALID)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    text = certificate.public_bytes(pem)
    text += key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # OpenSSL reads a key from a file only; this one has been removed when this returns.
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "identity.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
        context.load_cert_chain(path)
    return Identity(context, certificate.fingerprint(hashes.SHA256()))


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
