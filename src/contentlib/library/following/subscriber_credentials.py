"""Manages credentials of subscribers: one password for each subscriber of a published library, revocable alone.

A password is `cls_`, 12 letters and digits that identify the credential, 28 random ones, and 6 that are the checksum of those.
Only its hash is kept. It is found by its identifier, so a right one costs no slow hashing, however many there are.
"""

from __future__ import annotations

import hmac

import msgspec
from msgspec.structs import replace

from contentlib.library.catalog.libraries import PUBLISHING_USER, find_library
from contentlib.library.clock import Clock
from contentlib.library.errors import Fault, InUse, Invalid, ItemNameTaken, Missing, NotPublished
from contentlib.library.following import messages
from contentlib.library.messages import NOT_IN_FUTURE, OUT_OF_RANGE
from contentlib.library.model import Authentication, Library, SubscriberCredential
from contentlib.library.names import check_name, fold
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.secret_forms import SecretForm, hash_of, random_text

KIND = "subscriber"
_ID_LENGTH = 12
_FORM = SecretForm("cls_", _ID_LENGTH + 28)
MOST_OF_LIBRARY = 1000
LONGEST_OVERLAP = 30 * 86400
"""The most seconds for which a password can be good beside the one that replaces it."""


class NewCredential(msgspec.Struct, frozen=True):
    """A caller's specification of a credential; `expires` is a time in milliseconds since 1970 UTC, None is never."""

    name: str
    expires: int | None = None
    enabled: bool = True


class CredentialChange(msgspec.Struct, frozen=True):
    """A caller's changes of a credential. None means unchanged; `never_expires` removes the time at which it ends."""

    name: str | None = None
    expires: int | None = None
    never_expires: bool = False
    enabled: bool | None = None


class SubscriberCredentials:
    """The operations on the credentials of subscribers."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock

    async def create(self, library_id: str, new: NewCredential) -> tuple[str, str]:
        """Creates a credential. Returns its identifier and its password, which is not kept.

        From then on the library requires a credential or its password, also if it was published without authentication.
        """
        now, identifier = self._clock.now(), random_text(_ID_LENGTH)
        name, secret = check_name("spec.name", new.name), _FORM.new(identifier)
        if new.expires is not None:
            self._check_expiry(new.expires)
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, library_id)
            if not library.publishing.published:
                raise NotPublished(messages.NOT_PUBLISHED(library=library_id))
            await _check_free(transaction, library_id, name)
            if len(await transaction.subscriber_credentials.of(library_id)) >= MOST_OF_LIBRARY:
                raise InUse(messages.TOO_MANY_SUBSCRIBERS(library=library_id, most=MOST_OF_LIBRARY))
            made = SubscriberCredential(
                identifier, library_id, name, fold(name), hash_of(secret), now, new.expires, new.enabled
            )
            await transaction.subscriber_credentials.add(made)
            await _require_password(transaction, library, now)
        return identifier, secret

    async def get(self, library_id: str, identifier: str) -> SubscriberCredential:
        """Returns a credential of a library. Raises Missing for an unknown identifier."""
        async with self._metadata.reading() as transaction:
            return await find_credential(transaction, library_id, identifier)

    async def all(self, library_id: str) -> list[SubscriberCredential]:
        """The credentials of a library, in order of creation."""
        async with self._metadata.reading() as transaction:
            await find_library(transaction, library_id)
            return await transaction.subscriber_credentials.of(library_id)

    async def update(self, library_id: str, identifier: str, change: CredentialChange) -> None:
        """Changes the given properties; they apply to the next request of the subscriber."""
        name = None if change.name is None else check_name("spec.name", change.name)
        if change.expires is not None:
            if change.never_expires:
                raise Invalid(messages.EXPIRES_AND_NEVER(field="spec.never_expires"))
            self._check_expiry(change.expires)
        async with self._metadata.transaction(durable=True) as transaction:
            found = await find_credential(transaction, library_id, identifier)
            if name is not None:
                await _check_free(transaction, library_id, name, identifier)
            await transaction.subscriber_credentials.put(_changed(found, change, name))

    async def rotate(self, library_id: str, identifier: str, overlap: int = 0) -> str:
        """Returns a new password of a credential; the one before is good for some more seconds, and older ones no more."""
        if not 0 <= overlap <= LONGEST_OVERLAP:
            raise Invalid(OUT_OF_RANGE(field="overlap_seconds", least=0, most=LONGEST_OVERLAP, given=overlap))
        secret, until = _FORM.new(identifier), self._clock.now() + overlap * 1000
        async with self._metadata.transaction(durable=True) as transaction:
            found = await find_credential(transaction, library_id, identifier)
            former = found.hash if overlap else None
            changed = replace(found, hash=hash_of(secret), former_hash=former, former_until=until if overlap else None)
            await transaction.subscriber_credentials.put(changed)
        return secret

    async def remove(self, library_id: str, identifier: str) -> None:
        """Removes a credential, with the record of what its subscriber has fetched."""
        async with self._metadata.transaction(durable=True) as transaction:
            await find_credential(transaction, library_id, identifier)
            await transaction.subscriber_contacts.remove(identifier)
            await transaction.subscriber_credentials.remove(identifier)

    async def find(self, library_id: str, password: str) -> SubscriberCredential | None:
        """The credential of a library that has a password, whether or not it can be used; or None."""
        text = _FORM.text(password)
        if text is None:
            return None
        async with self._metadata.reading() as transaction:
            found = await transaction.subscriber_credentials.get(text[:_ID_LENGTH])
        if found is None or found.library != library_id or not self._matches(found, hash_of(password)):
            return None
        return found

    def refusal(self, credential: SubscriberCredential) -> Fault | None:
        """Returns why a credential cannot be used, or None if it can be."""
        if not credential.enabled:
            return messages.SUBSCRIBER_DISABLED(subscriber=credential.name, library=credential.library)
        if credential.expires is not None and credential.expires <= self._clock.now():
            return messages.SUBSCRIBER_EXPIRED(subscriber=credential.name, library=credential.library)
        return None

    def _matches(self, found: SubscriberCredential, hashed: str) -> bool:
        is_last = hmac.compare_digest(found.hash, hashed)
        is_former = hmac.compare_digest(found.former_hash or "", hashed) and self._clock.now() < (found.former_until or 0)
        return is_last or is_former

    def _check_expiry(self, expires: int) -> None:
        if expires <= self._clock.now():
            raise Invalid(NOT_IN_FUTURE(field="spec.expires"))


async def find_credential(transaction: Transaction, library_id: str, identifier: str) -> SubscriberCredential:
    """The credential of a library, or Missing."""
    await find_library(transaction, library_id)
    found = await transaction.subscriber_credentials.get(identifier)
    if found is None or found.library != library_id:
        raise Missing(KIND, identifier)
    return found


async def _check_free(transaction: Transaction, library_id: str, name: str, identifier: str | None = None) -> None:
    if await transaction.subscriber_credentials.find(library_id, fold(name)) not in (None, identifier):
        raise ItemNameTaken(messages.SUBSCRIBER_EXISTS(name=name, library=library_id))


async def _require_password(transaction: Transaction, library: Library, now: int) -> None:
    """Closes a library that was published without authentication. Subscribers see no other version of it."""
    if library.publishing.authentication is Authentication.BASIC:
        return
    publishing = replace(library.publishing, authentication=Authentication.BASIC, user_name=PUBLISHING_USER)
    modified = max(now, library.modified)
    await transaction.libraries.put(replace(library, publishing=publishing, modified=modified, version=library.version + 1))


def _changed(found: SubscriberCredential, change: CredentialChange, name: str | None) -> SubscriberCredential:
    changes: dict[str, object] = {}
    if name is not None:
        changes |= {"name": name, "folded_name": fold(name)}
    if change.expires is not None or change.never_expires:
        changes["expires"] = change.expires
    if change.enabled is not None:
        changes["enabled"] = change.enabled
    return replace(found, **changes)
