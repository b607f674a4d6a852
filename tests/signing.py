"""Signed OVF packages: certificates that are valid around the time that tests begin at, and signatures that openssl makes."""

from __future__ import annotations

import base64
import datetime
import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from packages import package

START = datetime.datetime.fromtimestamp(1_700_000_000, datetime.UTC)
DAY = datetime.timedelta(days=1)
CODE, SERVER = ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.SERVER_AUTH
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pem(der: bytes) -> str:
    """A certificate in the form of a text."""
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


@dataclass(frozen=True)
class Signer:
    """A certificate, and its key in a file."""

    path: Path
    key: Key
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def base64(self) -> str:
        return base64.b64encode(self.der).decode()

    @property
    def id(self) -> str:
        """What it is called where it is trusted."""
        return hashlib.sha256(self.der).hexdigest()

    def sign(self, manifest: bytes, algorithm: str = "SHA256") -> str:
        """The digits of the signature that openssl makes."""
        command = ["openssl", "dgst", f"-{algorithm.lower()}", "-sign", str(self.path)]
        return subprocess.run(command, input=manifest, stdout=subprocess.PIPE, check=True).stdout.hex()

    def message(self, manifest: bytes, *options: str, command: str = "cms") -> bytes:
        """The signature in CMS that openssl makes, with the certificate in it."""
        certificate = self.path.with_name(f"{self.path.name}.pem")
        certificate.write_text(self.pem)
        arguments = ["-sign", "-outform", "PEM", "-signer", str(certificate), "-inkey", str(self.path), *options]
        made = subprocess.run(["openssl", command, *arguments], input=manifest, stdout=subprocess.PIPE, check=True)
        return made.stdout


def make(
    path: Path,
    issuer: Signer | None = None,
    *,
    authority: bool = False,
    since: datetime.timedelta = -DAY,
    until: datetime.timedelta = DAY,
    key: Key | None = None,
    purposes: tuple[ObjectIdentifier, ...] = (),
    path_length: int | None = None,
    foreign: bool | None = None,
) -> Signer:
    """A certificate with the key in a file of that path; signed by itself where there is no issuer.

    It may have a `foreign` extension, which is critical or not.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lab"), x509.NameAttribute(NameOID.COMMON_NAME, path.stem)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START + since)
        .not_valid_after(START + until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if foreign is not None:
        unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=foreign)
    certificate = builder.sign(key if issuer is None else issuer.key, hashes.SHA256())
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return Signer(path, key, certificate)


def certificate_file(signer: Signer, manifest: bytes, *others: Signer, algorithm: str = "SHA256") -> bytes:
    """A certificate file: the signature of a manifest, and the certificates of the signer and others."""
    line = f"{algorithm}(tiny.mf)= {signer.sign(manifest, algorithm)}\n"
    return (line + signer.pem + "".join(each.pem for each in others)).encode()


def signed(signer: Signer, *others: Signer, files: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """The files of a signed package, in the order in which an OVA holds them."""
    files = package() if files is None else files
    certificate = certificate_file(signer, files["tiny.mf"], *others)
    return {"tiny.ovf": files["tiny.ovf"], "tiny.mf": files["tiny.mf"], "tiny.cert": certificate, **files}
