"""Defines the structures of files and of the URLs for their bytes."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.types import Enumeration, Structure, Uri, enumeration

PREFIX = "com.vmware.content.library.item"


@enumeration(f"{PREFIX}.file.checksum_algorithm")
class ChecksumAlgorithm(Enumeration):
    """Checksum algorithm. The default is SHA1."""

    MD5 = "MD5"
    SHA1 = "SHA1"
    SHA256 = "SHA256"
    SHA512 = "SHA512"


class ChecksumInfo(Structure):
    """A checksum in hexadecimal digits."""

    vapi_name: ClassVar[str] = f"{PREFIX}.file.checksum_info"
    checksum: str
    algorithm: ChecksumAlgorithm | None = None


class TransferEndpoint(Structure):
    """A URL at which the bytes of a file are sent or read, and the server's certificate.

    The thumbprint is the SHA-1 digest of the certificate, in pairs of upper-case hexadecimal digits separated by colons.
    """

    vapi_name: ClassVar[str] = f"{PREFIX}.transfer_endpoint"
    uri: Uri
    ssl_certificate: str | None = None
    ssl_certificate_thumbprint: str | None = None
