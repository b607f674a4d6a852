"""Creates and changes subscribed libraries, and starts their syncs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from msgspec.structs import replace

from contentlib.library.catalog.items import find_item
from contentlib.library.catalog.libraries import Libraries, LibraryChange, NewLibrary, find_library
from contentlib.library.catalogs import UNREADABLE
from contentlib.library.clock import Clock
from contentlib.library.errors import Invalid, NotFetched, NotOnDemand
from contentlib.library.following import messages
from contentlib.library.following.subscriptions import PUBLISHED, SubscriptionChange, Subscriptions
from contentlib.library.following.sync_tasks import SyncTasks
from contentlib.library.idempotence import once
from contentlib.library.messages import REQUIRED
from contentlib.library.model import Following, Library, LibraryType, Subscription, Task, Token
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.protection import check_changeable
from contentlib.library.sessions.pulls import Probed

SUBSCRIBED = LibraryType.SUBSCRIBED
_AT_ONCE = 100

Keep = Callable[[Transaction, Library], Awaitable[str]]
"""Stores what belongs to a new library in the same transaction, and returns the result for the caller."""


class Invitation(msgspec.Struct, frozen=True):
    """That a published library of this server, which is reached at `base_url`, lets in one that is made for it."""

    id: str
    source: str
    base_url: str
    keep: Keep


async def _identifier(_: Transaction, library: Library) -> str:
    return library.id


class SubscribedLibraries:
    """The operations on subscribed libraries."""

    def __init__(
        self, metadata: MetadataStore, clock: Clock, libraries: Libraries, subscriptions: Subscriptions, syncs: SyncTasks
    ) -> None:
        self._metadata = metadata
        self._clock = clock
        self._libraries = libraries
        self._subscriptions = subscriptions
        self._syncs = syncs

    async def create(
        self, new: NewLibrary, change: SubscriptionChange | None, token: Token | None, user: str, base_url: str
    ) -> str:
        """Creates a library that follows a publisher, who must answer, and answers its identifier; its first sync begins."""
        field = "create_spec.subscription_info"
        if change is None:
            raise Invalid(REQUIRED(field=field))
        draft = await self._libraries.draft(new, SUBSCRIBED)
        subscription = await self._subscriptions.checked(field, draft.id, None, change, base_url)
        if token is None or not await self._known(token):
            await self._subscriptions.read(draft.id, subscription)
        return await self._add(replace(draft, subscription=subscription), token, user, _identifier)

    async def create_invited(
        self, field: str, new: NewLibrary, change: SubscriptionChange, token: Token | None, user: str, invitation: Invitation
    ) -> str:
        """Creates a library that follows one of this server by its invitation, and returns the stored subscription.

        `field` is the path of the caller's specification.
        """
        draft = await self._libraries.draft(new, SUBSCRIBED, field)
        subscription = Subscription(
            url=f"{invitation.base_url}{PUBLISHED}{invitation.source}/lib.json",
            automatic_sync=change.automatic_sync or False,
            on_demand=change.on_demand or False,
            source=invitation.source,
            invitation=invitation.id,
        )
        return await self._add(replace(draft, subscription=subscription), token, user, invitation.keep)

    async def _add(self, library: Library, token: Token | None, user: str, keep: Keep) -> str:
        async def add(transaction: Transaction) -> str:
            self._subscriptions.passwords.check(library)
            await self._libraries.adding(library, user)(transaction)
            await self._syncs.submit(transaction, library, user)
            return await keep(transaction, library)

        made = await once(self._metadata, self._clock, token, add)
        self._syncs.wake()
        return made

    async def update(
        self, library_id: str, change: LibraryChange, wanted: SubscriptionChange | None, user: str, base_url: str
    ) -> None:
        """Changes the given properties. If the subscription changes, the publisher must answer, and a sync starts."""

        async def more(library: Library) -> dict[str, object]:
            if wanted is None:
                return {}
            subscription = await self._subscriptions.checked(
                "update_spec.subscription_info", library.id, library.subscription, wanted, base_url
            )
            if _asks_otherwise(library.subscription, subscription):
                await self._subscriptions.read(library.id, subscription)
            return {"subscription": subscription, "following": _anew(library, subscription)}

        before = await self._libraries.get(library_id, SUBSCRIBED)
        await self._libraries.update(library_id, change, SUBSCRIBED, more, self._subscriptions.passwords.check)
        if (await self._libraries.get(library_id)).subscription != before.subscription:
            await self.sync(library_id, user)

    async def sync(self, library_id: str, user: str) -> str:
        """Begins a sync, or joins the one that runs; the identifier of its task."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await _changeable(transaction, library_id)
            task = await self._syncs.submit(transaction, library, user)
        self._syncs.wake()
        return task.id

    async def sync_item(self, item_id: str, user: str, *, content: bool) -> str:
        """Begins the sync of an item, or joins the one that runs; the identifier of its task."""
        async with self._metadata.transaction(durable=True) as transaction:
            item = await find_item(transaction, item_id)
            library = await _changeable(transaction, item.library)
            task = await self._syncs.submit_item(transaction, library, item, user, content=content)
        self._syncs.wake()
        return task.id

    async def wait(self, task_id: str) -> Task | None:
        """The task of a sync, which is soon over most of the time; callers look at the item or library right after it."""
        return await self._syncs.wait(task_id)

    async def wait_for_publisher(self, task_id: str) -> None:
        """Waits like `wait`; NotFetched when the publisher's library could not be read meanwhile."""
        task = await self.wait(task_id)
        if task is not None and task.fault is not None and task.fault.id.startswith(UNREADABLE):
            raise NotFetched(task.fault)

    async def demand(self, item_id: str, user: str) -> str:
        """Begins to bring the content of an item here; the identifier of the task."""
        return await self.sync_item(item_id, user, content=True)

    async def evict(self, library_id: str) -> None:
        """Drops the content of a library that is synchronized on demand; running downloads end whole."""
        async with self._metadata.reading() as transaction:
            _check_on_demand(await _changeable(transaction, library_id))
            identifiers = await transaction.items.find(library=library_id, cached=True)
        for start in range(0, len(identifiers), _AT_ONCE):
            async with self._metadata.transaction(durable=True) as transaction:
                for item_id in identifiers[start : start + _AT_ONCE]:
                    await drop_content(transaction, item_id)

    async def evict_item(self, item_id: str) -> None:
        """Drops the content of an item whose library is synchronized on demand."""
        async with self._metadata.transaction(durable=True) as transaction:
            item = await find_item(transaction, item_id)
            library = await _changeable(transaction, item.library)
            _check_on_demand(library)
            await drop_content(transaction, item_id)

    async def probe(self, change: SubscriptionChange, base_url: str) -> Probed:
        """Probes a publisher."""
        return await self._subscriptions.probe(change, base_url)

    async def _known(self, token: Token) -> bool:
        async with self._metadata.reading() as transaction:
            return await transaction.tokens.find(token) is not None


async def drop_content(transaction: Transaction, item_id: str) -> None:
    """Removes the content of an item. Sessions that serve it keep it until they end."""
    item = await transaction.items.get(item_id)
    offer = await transaction.offers.get(item_id)
    if item is None or item.version_id is None or offer is None:
        return
    await transaction.items.put(replace(item, version_id=None, size=0))
    await transaction.versions.let_go(item.version_id)
    await transaction.offers.put(replace(offer, held=None))


async def _changeable(transaction: Transaction, library_id: str) -> Library:
    """The subscribed library, to change its content."""
    library = await find_library(transaction, library_id, SUBSCRIBED)
    check_changeable(library)
    return library


def _check_on_demand(library: Library) -> None:
    if library.subscription is None or not library.subscription.on_demand:
        raise NotOnDemand(messages.NOT_ON_DEMAND(library=library.id))


def _asks_otherwise(before: Subscription | None, after: Subscription) -> bool:
    """Whether the publisher, or the way to request it, has changed."""
    return before is None or replace(after, automatic_sync=before.automatic_sync, on_demand=before.on_demand) != before


def _anew(library: Library, subscription: Subscription) -> Following | None:
    """A catalog that was taken over for another subscription is read again."""
    if library.following is None or library.subscription == subscription:
        return library.following
    return replace(library.following, seen=None)
