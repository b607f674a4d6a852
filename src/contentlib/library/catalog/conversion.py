"""Converts a subscribed library to a published local one, with all its content."""

from __future__ import annotations

from msgspec.structs import replace

from contentlib.library.catalog import messages
from contentlib.library.catalog.libraries import PUBLISHING_USER, find_library
from contentlib.library.clock import Clock
from contentlib.library.errors import Busy, NotSynchronized
from contentlib.library.model import (
    Authentication,
    Library,
    LibraryType,
    Publishing,
    SecretPurpose,
    SecretUse,
    Subscription,
    TaskTarget,
)
from contentlib.library.ports import Encryption, MetadataStore, PasswordHasher, Transaction

_AT_ONCE = 100


class Conversions:
    """Converts libraries."""

    def __init__(self, metadata: MetadataStore, clock: Clock, passwords: PasswordHasher, encryption: Encryption) -> None:
        self._metadata = metadata
        self._clock = clock
        self._passwords = passwords
        self._encryption = encryption

    async def to_published(self, library_id: str) -> None:
        """Converts a subscribed library to a published local one, atomically. Items keep their identifiers, versions and files.

        Its subscribers use the password that it used for its publisher. Raises NotSynchronized, without changes, if content of
        the last sync is missing.
        """
        async with self._metadata.reading() as transaction:
            seen = await find_library(transaction, library_id, LibraryType.SUBSCRIBED)
        publishing = await self._publishing(seen)
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, library_id, LibraryType.SUBSCRIBED)
            if library.subscription != seen.subscription or library.publishing != seen.publishing:
                raise Busy(messages.LIBRARY_CHANGING(library=library_id))
            await _check_idle(transaction, library)
            await _check_whole(transaction, library)
            await transaction.offers.end(library_id)
            await transaction.libraries.put(
                replace(
                    library,
                    type=LibraryType.LOCAL,
                    subscription=None,
                    following=None,
                    publishing=publishing,
                    modified=max(self._clock.now(), library.modified),
                    version=library.version + 1,
                    revision=library.revision + 1,
                )
            )

    async def _publishing(self, library: Library) -> Publishing:
        """Returns how the library is published after the conversion: as before, or with the password of its subscription."""
        subscription = library.subscription or Subscription("")
        if library.publishing.published or subscription.authentication is Authentication.NONE or not subscription.password:
            return replace(library.publishing, published=True)
        use = SecretUse(SecretPurpose.SUBSCRIPTION, library.id)
        hashed = await self._passwords.hash(self._encryption.open(subscription.password, use))
        return replace(
            library.publishing,
            published=True,
            authentication=Authentication.BASIC,
            user_name=PUBLISHING_USER,
            password_hash=hashed,
        )


async def _check_idle(transaction: Transaction, library: Library) -> None:
    for task in await transaction.tasks.of_target(TaskTarget("com.vmware.content.Library", library.id)):
        if task.ended is None:
            raise NotSynchronized(messages.LIBRARY_SYNCHRONIZING(library=library.id, task=task.id))


async def _check_whole(transaction: Transaction, library: Library) -> None:
    """Raises an error if content of the publisher is missing."""
    following = library.following
    if following is not None and following.fault is not None:
        raise NotSynchronized(messages.NOT_SYNCHRONIZED(library=library.id, reason=following.fault))
    if following is None or following.synced is None:
        raise NotSynchronized(messages.NEVER_SYNCHRONIZED(library=library.id))
    after = ""
    while offers := await transaction.offers.of(library.id, after, _AT_ONCE):
        for each in offers:
            if each.held != each.offered or each.fault is not None:
                raise NotSynchronized(messages.ITEM_NOT_SYNCHRONIZED(item=each.item, name=each.offered.name))
        after = offers[-1].item
