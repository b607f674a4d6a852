"""Implements com.vmware.content.trusted_certificates: certificates trusted for signatures of OVF packages."""

from __future__ import annotations

from typing import ClassVar

from contentlib.library.packages.trust import Trust
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import Error, NotFound, Unauthenticated
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PREFIX = "com.vmware.content.trusted_certificates"
_RESOURCE = "com.vmware.content.TrustedCertificate"
_PATH = "/api/content/trusted-certificates"
_CERTIFICATE = f"{_PATH}/{{certificate}}"


class Info(Structure):
    """A trusted certificate, in PEM."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    cert_text: str


class CreateSpec(Structure):
    """A certificate to trust, in PEM. Line breaks can be written as `\\n`."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.create_spec"
    cert_text: str


class Summary(Structure):
    """A trusted certificate in PEM. Its identifier is the SHA-256 digest of its bytes."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.summary"
    cert_text: str
    certificate: Id


class ListResult(Structure):
    """All trusted certificates."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.list_result"
    certificates: list[Summary]


class TrustedCertificatesService(Service):
    """Trusted certificates, in addition to the authorities in the system's store, which are not listed here."""

    vapi_id = _PREFIX

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    @operation(
        Route("POST", _PATH, body="spec", status=201),
        errors=(Error, Unauthenticated),
        privileges=(Privilege("ContentLibrary.AddCertToTrustStore"),),
    )
    async def create(self, call: Call, spec: CreateSpec) -> Id:
        """Trusts the certificate of an authority or a signer and returns its identifier. The call is idempotent."""
        return await self._trust.add(spec.cert_text)

    @operation(
        Route("GET", _CERTIFICATE),
        errors=(Error, NotFound, Unauthenticated),
        privileges=(Privilege("System.Read", _RESOURCE, "certificate"),),
    )
    async def get(self, call: Call, certificate: Id) -> Info:
        """Returns a trusted certificate."""
        return Info(cert_text=(await self._trust.certificate(certificate)).text)

    @operation(Route("GET", _PATH), errors=(Error, Unauthenticated), privileges=(READ,))
    async def list(self, call: Call) -> ListResult:
        """Lists the trusted certificates, in order of creation."""
        found = await self._trust.certificates()
        return ListResult(certificates=[Summary(cert_text=each.text, certificate=each.id) for each in found])

    @operation(
        Route("DELETE", _CERTIFICATE, status=204),
        errors=(Error, NotFound, Unauthenticated),
        privileges=(Privilege("ContentLibrary.DeleteCertFromTrustStore", _RESOURCE, "certificate"),),
    )
    async def delete(self, call: Call, certificate: Id) -> None:
        """Removes a certificate. Items that were trusted only because of it are no longer trusted."""
        await self._trust.remove(certificate)
