"""Serves libraries of this server to each other without the network; shares their bytes."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from contentlib.library.catalog.current_items import current_items
from contentlib.library.catalogs import Catalog, Catalogs, OfferedFile, OfferedItem, Seen
from contentlib.library.errors import Fault, NotFetched
from contentlib.library.following import messages
from contentlib.library.following.contacts import Visitor
from contentlib.library.following.own_readers import OwnReaders
from contentlib.library.following.subscriptions import PUBLISHED, Probing
from contentlib.library.model import Item, Library, StoredFile, Subscription, Version
from contentlib.library.packages.signatures import read_pem
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.sessions.pulls import Probed, ProbeStatus

BLOB = "blob:"
"""How the address of a file begins whose bytes are on this server."""
_WRONG_CREDENTIALS = tuple(
    each.id for each in (messages.OWN_CREDENTIALS, messages.SUBSCRIBER_DISABLED, messages.SUBSCRIBER_EXPIRED)
)


class OwnCatalogs:
    """Reads publishers' libraries, including those on this server.

    A subscription to this server is checked like one to another: its URL, its password, and its pins, against the server's
    `certificate` (DER).
    """

    def __init__(
        self,
        metadata: MetadataStore,
        readers: OwnReaders,
        outside: Catalogs,
        certificate: bytes | None = None,
    ) -> None:
        self._certificate = certificate
        self._metadata = metadata
        self._readers = readers
        self._outside = outside

    async def read(self, subscription: Subscription, seen: Seen | None = None) -> tuple[Catalog, Seen] | None:
        """The catalog; None when it is the one that was seen."""
        if subscription.source is None:
            return await self._outside.read(subscription, seen)
        library, visitor = await self._admitted(subscription.source, subscription)
        if visitor is not None:
            self._readers.note(library, visitor)
        now = Seen(str(library.revision))
        if seen == now:
            return None
        items = await self._items(library.id)
        catalog = Catalog(
            library.id,
            library.name,
            now.version,
            tuple(items),
            description=library.description,
            created=library.created,
        )
        return catalog, now

    async def published(self, library_id: str, subscription: Subscription) -> Library:
        """The library of this server; NotFetched when it is not published, or not for these credentials."""
        return (await self._admitted(library_id, subscription))[0]

    async def _admitted(self, library_id: str, subscription: Subscription) -> tuple[Library, Visitor | None]:
        """The library, and who reads it; None for a library that it has invited."""
        async with self._metadata.reading() as transaction:
            library = await transaction.libraries.get(library_id)
            invited = await _is_invited(transaction, library_id, subscription)
        if library is None or not library.publishing.published:
            raise NotFetched(messages.OWN_NOT_PUBLISHED(library=library_id))
        _check_path(library_id, subscription.url)
        self.check_pins(subscription)
        return library, None if invited else await self._readers.admit(library, subscription)

    def check_pins(self, subscription: Subscription) -> None:
        """NotFetched where the server shows another certificate than the subscription wants; plain HTTP shows none."""
        if self._certificate is None or not subscription.url.startswith("https:"):
            return
        if not _is_pinned(self._certificate, subscription):
            sha1, sha256 = (_thumbprint(self._certificate, each) for each in ("sha1", "sha256"))
            raise NotFetched(messages.OWN_CERTIFICATE(sha1=sha1, sha256=sha256))

    def probed(self, fault: Fault) -> Probed:
        """Converts a fault to a probe result."""
        if fault.id == messages.OWN_CERTIFICATE.id and self._certificate is not None:
            pem = x509.load_der_x509_certificate(self._certificate).public_bytes(Encoding.PEM).decode()
            return Probed(ProbeStatus.CERTIFICATE_ERROR, fault, _thumbprint(self._certificate, "sha1"), pem)
        wrong = fault.id in _WRONG_CREDENTIALS
        return Probed(ProbeStatus.INVALID_CREDENTIALS if wrong else ProbeStatus.RESOURCE_NOT_FOUND, fault)

    async def _items(self, library_id: str) -> list[OfferedItem]:
        async with self._metadata.reading() as transaction:
            return [_offered(item, version) for item, version in await current_items(transaction, library_id)]


class OwnProbes:
    """Probes publishers, including those on this server."""

    def __init__(self, catalogs: OwnCatalogs, outside: Probing) -> None:
        self._catalogs = catalogs
        self._outside = outside

    async def probe(self, subscription: Subscription) -> Probed:
        """Probes a publisher."""
        if subscription.source is None:
            return await self._outside.probe(subscription)
        try:
            await self._catalogs.published(subscription.source, subscription)
        except NotFetched as error:
            return self._catalogs.probed(error.fault)
        return Probed(ProbeStatus.SUCCESS)


def _check_path(library_id: str, url: str) -> None:
    """The publisher answers at these addresses, and at no others."""
    rest = url.partition(f"{PUBLISHED}{library_id}")[2].partition("#")[0].partition("?")[0]
    if rest.rstrip("/") not in ("", "/lib.json"):
        raise NotFetched(messages.OWN_WRONG_PATH(url=url[:200], library=library_id))


def _is_pinned(certificate: bytes, subscription: Subscription) -> bool:
    """Whether a certificate is the one that a subscription wants, if it wants one."""
    if subscription.certificate:
        return [each.public_bytes(Encoding.DER) for each in read_pem(subscription.certificate)[:1]] == [certificate]
    digits = "".join(subscription.thumbprint.replace(":", " ").split()).upper() if subscription.thumbprint else ""
    found = {_thumbprint(certificate, each).replace(":", "") for each in ("sha1", "sha256")}
    return not digits or digits in found


def _thumbprint(certificate: bytes, algorithm: str) -> str:
    return hashlib.new(algorithm, certificate, usedforsecurity=False).digest().hex(":").upper()


async def _is_invited(transaction: Transaction, library_id: str, subscription: Subscription) -> bool:
    """Whether the library has a subscription of its own for this one, which then needs no password."""
    invitation = None if subscription.invitation is None else await transaction.subscribers.get(subscription.invitation)
    return invitation is not None and invitation.library == library_id


def _offered(item: Item, version: Version) -> OfferedItem:
    """An item as its subscribers see it."""
    return OfferedItem(
        id=item.id,
        name=item.name,
        type=item.type,
        version=str(item.metadata_version + item.content_version - 1),
        files=tuple(_file(each) for each in version.files),
        content_version=str(item.content_version),
        description=item.description,
        created=item.created,
    )


def _file(file: StoredFile) -> OfferedFile:
    return OfferedFile(file.name, file.size, (f"{BLOB}{file.blob}",), file.blob, file.generation)
