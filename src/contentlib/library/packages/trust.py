"""Decides which signatures are trusted, and the resulting status of items.

Trust is not stored. It is computed from the signature and the trusted certificates whenever it is requested. Validity periods
are compared with the time when the package was checked.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Iterable
from functools import cached_property

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from contentlib.library.clock import Clock
from contentlib.library.errors import Invalid, Missing, NotCompliant
from contentlib.library.messages import NOT_A_CERTIFICATE, TOO_LONG
from contentlib.library.model import Item, Library, PackageSignature, TrustedCertificate, WarningType
from contentlib.library.packages import messages, ovf
from contentlib.library.packages.policies import is_strict
from contentlib.library.packages.signatures import LONGEST_PEM, Anchors, Doubt, doubts, read_authorities, read_pem
from contentlib.library.ports import MetadataStore

KIND = "trusted certificate"
_FIELD = "spec.cert_text"
_DISTRUST = (WarningType.SELF_SIGNED_CERTIFICATE, WarningType.UNTRUSTED_CERTIFICATE)
Roots = Callable[[], Iterable[bytes]]


def no_roots() -> Iterable[bytes]:
    """Only the certificates that were added are trusted here."""
    return ()


class Verification(enum.StrEnum):
    """Result of verifying a signature."""

    NOT_AVAILABLE = "NOT_AVAILABLE"
    UNTRUSTED = "UNTRUSTED"
    VERIFICATION_FAILURE = "VERIFICATION_FAILURE"
    VERIFIED = "VERIFIED"


class Compliance(msgspec.Struct, frozen=True):
    """Whether an item complies with its library's policy, and the result of verifying its signature, if it can have one."""

    compliant: bool = True
    verification: Verification | None = None
    chain: tuple[str, ...] = ()


class Trust:
    """The operations on trusted certificates, and the judgement by them.

    `roots` answers the certificates, as bytes, that are trusted beside them; it is asked once.
    """

    def __init__(self, metadata: MetadataStore, clock: Clock, roots: Roots = no_roots) -> None:
        self._metadata = metadata
        self._clock = clock
        self._read_roots = roots

    async def doubts(self, signature: PackageSignature) -> tuple[Doubt, ...]:
        """Returns the warnings about a signature."""
        added = Anchors(each for row in await self.certificates() for each in read_pem(row.text))
        return doubts(signature.chain, (added, self._roots), signature.examined)

    async def check(self, library: Library, folded_type: str, signature: PackageSignature | None) -> None:
        """NotCompliant when the policy of a library keeps an item of that type and signature out."""
        if not is_strict(library.security_policy, folded_type):
            return
        found = () if signature is None else await self.doubts(signature)
        if signature is not None and not found:
            return
        why = [each.fault.text for each in found] or ["the package is not signed"]
        raise NotCompliant(messages.NOT_COMPLIANT(library=library.id, reason=why))

    async def standing(self, item: Item) -> Compliance:
        """Returns the state of an item, or None if it is not an OVF package with content."""
        if item.version_id is None or item.folded_type != ovf.TYPE:
            return Compliance()
        async with self._metadata.reading() as transaction:
            library = await transaction.libraries.get(item.library)
            signature = await transaction.versions.signature(item.version_id)
        found = () if signature is None else await self.doubts(signature)
        verification = _verification(signature, [each.type for each in found])
        strict = library is not None and is_strict(library.security_policy, item.folded_type)
        compliant = verification is Verification.VERIFIED or not strict
        return Compliance(compliant, verification, () if signature is None else signature.chain)

    @cached_property
    def _roots(self) -> Anchors:
        return Anchors(read_authorities(self._read_roots()))

    # trusted certificates

    async def certificates(self) -> list[TrustedCertificate]:
        """All trusted certificates, in order of creation."""
        async with self._metadata.reading() as transaction:
            return await transaction.trusted_certificates.all()

    async def certificate(self, certificate_id: str) -> TrustedCertificate:
        """The trusted certificate, or Missing."""
        async with self._metadata.reading() as transaction:
            found = await transaction.trusted_certificates.get(certificate_id)
        if found is None:
            raise Missing(KIND, certificate_id)
        return found

    async def add(self, text: str) -> str:
        """Trusts a certificate in PEM, and answers its identifier; one that is trusted already stays as it is."""
        if len(text) > LONGEST_PEM:
            raise Invalid(TOO_LONG(field=_FIELD, length=len(text), most=LONGEST_PEM))
        found = read_pem(text.replace("\\n", "\n"))  # ends of lines may come as they are escaped in JSON
        if len(found) != 1:
            if found:
                raise Invalid(messages.ONE_CERTIFICATE(field=_FIELD, count=len(found)))
            raise Invalid(NOT_A_CERTIFICATE(field=_FIELD))
        data = found[0].public_bytes(Encoding.DER)
        pem = found[0].public_bytes(Encoding.PEM).decode()
        made = TrustedCertificate(hashlib.sha256(data).hexdigest(), pem, self._clock.now())
        async with self._metadata.transaction(durable=True) as transaction:
            if await transaction.trusted_certificates.get(made.id) is None:
                await transaction.trusted_certificates.add(made)
        return made.id

    async def remove(self, certificate_id: str) -> None:
        """Trusts a certificate no longer; Missing when it was not trusted."""
        async with self._metadata.transaction(durable=True) as transaction:
            if await transaction.trusted_certificates.get(certificate_id) is None:
                raise Missing(KIND, certificate_id)
            await transaction.trusted_certificates.remove(certificate_id)


def _verification(signature: PackageSignature | None, found: list[WarningType]) -> Verification:
    if signature is None:
        return Verification.NOT_AVAILABLE
    if any(each in _DISTRUST for each in found):
        return Verification.UNTRUSTED
    return Verification.VERIFICATION_FAILURE if found else Verification.VERIFIED
