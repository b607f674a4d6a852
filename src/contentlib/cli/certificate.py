"""Loads the server's certificate, or creates a self-signed one at the first start."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from contentlib.settings import Settings, address

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder, GeneralName

_LIFETIME = timedelta(days=3652)
_CLOCK_SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """The files of a certificate and of its private key."""

    certificate: Path
    key: Path

    def thumbprint(self, algorithm: str) -> str:
        """The digest of the certificate as the files hold it now, in upper-case pairs with colons between them."""
        _, begins, rest = self.certificate.read_text("ascii", "replace").partition(ssl.PEM_HEADER)
        body, ends, _ = rest.partition(ssl.PEM_FOOTER)
        if not ends:
            raise RuntimeError(f"{self.certificate} contains no certificate")
        digest = hashlib.new(algorithm, ssl.PEM_cert_to_DER_cert(begins + body + ends))
        return digest.digest().hex(":").upper()


def of(settings: Settings) -> ServerCertificate | None:
    """Returns the certificate to serve with, creating it if necessary; None for plain HTTP."""
    if not settings.tls:
        return None
    if settings.tls_certificate and settings.tls_key:
        return ServerCertificate(settings.tls_certificate, settings.tls_key)
    folder = settings.data_dir / "tls"
    own = ServerCertificate(folder / "certificate.pem", folder / "key.pem")
    if not (own.certificate.exists() and own.key.exists()):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(own, _hosts(settings))
    return own


def _make(files: ServerCertificate, hosts: list[str]) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(files.key, key.private_bytes(*form), 0o600)
    _write(files.certificate, _self_signed(key, hosts).public_bytes(serialization.Encoding.PEM), 0o644)


def _self_signed(key: RSAPrivateKey, hosts: list[str]) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "contentlib")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - _CLOCK_SKEW).not_valid_after(now + _LIFETIME)
    return _extended(builder, key, hosts).sign(key, hashes.SHA256())


def _extended(builder: CertificateBuilder, key: RSAPrivateKey, hosts: list[str]) -> CertificateBuilder:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    public = key.public_key()
    return (
        builder.add_extension(x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    )


def _hosts(settings: Settings) -> list[str]:
    """The names and addresses that clients may reach the server by."""
    listen, _ = address(settings.listen)
    public = urlsplit(settings.public_url or "").hostname
    named = ("localhost", socket.gethostname(), "127.0.0.1", "::1", listen, public)
    return list(dict.fromkeys(host for host in named if host and host not in ("0.0.0.0", "::")))  # noqa: S104 - left out, not bound


def _name(host: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host.encode("idna").decode("ascii"))


def _write(path: Path, content: bytes, mode: int) -> None:
    aside = path.with_suffix(".new")
    aside.unlink(missing_ok=True)
    with open(aside, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
