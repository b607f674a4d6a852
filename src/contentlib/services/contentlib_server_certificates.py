"""Implements contentlib.server.certificates: whose certificates the server has, and until when.

A service of our own: upstream returns trusted certificates as PEM only.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.certificates import Certificates, DescribedCertificate
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Enumeration, Structure, enumeration

_PREFIX = "contentlib.server.certificates"


@enumeration(f"{_PREFIX}.purpose")
class CertificatePurpose(Enumeration):
    """What a certificate is for: to serve HTTPS, or to be trusted in signatures of packages."""

    SERVER = "SERVER"
    TRUSTED = "TRUSTED"


class ServerCertificateInfo(Structure):
    """A certificate. `names` are the host names and addresses that it is valid for.

    `certificate` is the identifier in `com.vmware.content.trusted_certificates` of one that is trusted.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    authority: bool
    issuer: str
    names: builtins.list[str]
    not_after: DateTime
    not_before: DateTime
    purpose: CertificatePurpose
    sha256: str
    subject: str
    certificate: str | None = None


class CertificatesService(Service):
    """Certificates of the server."""

    vapi_id = _PREFIX

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates

    @operation(Route("GET", "/api/contentlib/server/certificates"), privileges=(READ,))
    async def list(self, call: Call) -> builtins.list[ServerCertificateInfo]:
        """Lists the server's certificate with its chain, then the trusted certificates in order of creation."""
        return [_info(each) for each in await self._certificates.all()]


def _info(found: DescribedCertificate) -> ServerCertificateInfo:
    return ServerCertificateInfo(
        authority=found.authority,
        certificate=found.trusted or None,
        issuer=found.issuer,
        names=[*found.names],
        not_after=DateTime(found.ends),
        not_before=DateTime(found.begins),
        purpose=CertificatePurpose.TRUSTED if found.trusted else CertificatePurpose.SERVER,
        sha256=found.sha256,
        subject=found.subject,
    )
