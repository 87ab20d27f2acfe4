"""TLS of links. The certificate is pinned: the agent's ticket has its fingerprint.

So it does not matter who signed it, for which names, and until when; an agent reaches the program
under names that no certificate has. The certificate is one from a file, or is made for the session
with the package cryptography, since Python's own library cannot make any.
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
    """With a certificate and a key made now, which are in no file and known to this process only.

    Raises TlsError where the package that makes them is missing.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise TlsError(
            "a certificate is made by the package cryptography, which is missing: pip install "
            "'cortex-tui[cluster]', or name a certificate and its key"
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
    # OpenSSL reads a key from a file only; this one has been removed when this returns.
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "identity.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
        return identity_of(path)


def identity_of(certificate: str, key: str | None = None) -> Identity:
    """From files in PEM form; without `key`, the certificate's file has it, too.

    Raises TlsError where they cannot be used, with the reason.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        with open(certificate, encoding="ascii", errors="replace") as file:
            text = file.read()
        # A key with a password is refused: nobody may be there to type it.
        context.load_cert_chain(certificate, key, password=_no_password)
        # The first certificate of the file is the one that is shown.
        begin, end = text.index("-----BEGIN CERT"), text.index("-----END CERT")
        der = ssl.PEM_cert_to_DER_cert(text[begin:end] + "-----END CERTIFICATE-----")
    except (OSError, ValueError) as error:
        files = certificate if key is None else f"{certificate} and {key}"
        raise TlsError(f"{files} cannot be used: {error}") from error
    return Identity(context, hashlib.sha256(der).digest())


def _no_password() -> str:
    raise ValueError("the key has a password (expected one without)")


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
